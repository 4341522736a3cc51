"""Draws README's picture of a report: the beginning of its page and three of its figures, as a browser shows them.

    python bench/report_picture.py minirank-demo/report.html           writes bench/report.png; needs the extras test, browser, Chromium

The figures are moved below the page's beginning and the rest is hidden; nothing is drawn anew.
"""

import argparse
import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).with_name("report.png")
SIZE, SHARPNESS = {"width": 1240, "height": 900}, 1.3  # CSS pixels, and of the picture for each
COLORS = 256
ARRANGED = """() => {
    const row = document.createElement('div');
    row.className = 'figures';
    for (const start of ['quality-0', 'calibration-1', 'gate-0']) {
        const title = document.querySelector(`[id^='${start}'][id$='-title']`), figure = title.closest('figure');
        figure.querySelector('figcaption').textContent = title.textContent;
        figure.querySelector('.note').remove();
        row.append(figure);
    }
    document.querySelector('.answers').after(row);
}"""
STYLE = """
    main > section:not(#overview), nav, footer, header .soft, h2 { display: none }
    .columns { display: block } header { padding: 2rem 0 1rem } .page { padding-bottom: 0 }
    .answers { grid-template-columns: repeat(4, 1fr) } main > section { padding: 0 } .lede { max-width: none }
"""


def main() -> None:
    """One picture of one page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path, help="as minirank report wrote it")
    parser.add_argument("--out", type=Path, default=PICTURE)
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=SIZE, device_scale_factor=SHARPNESS, bypass_csp=True)
        page.goto(options.page.resolve().as_uri())
        page.evaluate(ARRANGED)
        page.add_style_tag(content=STYLE)
        shot = page.locator(".page").screenshot()
        browser.close()
    Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLORS, Image.Quantize.MAXCOVERAGE).save(options.out, optimize=True)
    print(f"wrote {options.out.stat().st_size:,} bytes to {options.out}")


if __name__ == "__main__":
    main()

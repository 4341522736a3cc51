"""Debian's Chromium, without a head, driven by Playwright (extra `browser`); pages are opened from files, without a network."""

import importlib.util
import os
import shutil
from contextlib import contextmanager

import pytest

REQUIRED = os.environ.get("MINIRANK_BROWSER_GATE") == "1"  # set by .ci/run: there nothing is skipped
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
LACKING = [
    remedy
    for there, remedy in (
        (importlib.util.find_spec("playwright"), "pip install -e '.[browser]'"),
        (CHROMIUM, "apt-get install chromium (or any package that has it)"),
    )
    if not there
]
needs_browser = pytest.mark.skipif(bool(LACKING) and not REQUIRED, reason=f"needs a browser: {'; '.join(LACKING)}")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
).split()


@contextmanager
def chromium():
    """The browser, with a new profile."""
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, LACKING
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser, path, width=1400, **options):
    """A page, and what went wrong on it, which must be nothing: errors, what the console says, and requests but for the page's own."""
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, **options)
    page, wrong = context.new_page(), []
    page.on("console", lambda message: wrong.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: wrong.append(f"request: {request.url}") if request.url.split("#")[0] != path.as_uri() else None)
    page.goto(path.as_uri())
    try:
        yield page
        assert not wrong
    finally:
        context.close()

"""The page: `render` makes one HTML file of the contents, which needs nothing else: no network, no font, no script from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .contents import Contents, Missing
from .markup import Html, element, join
from .page_learned import calibration_section, gates_section, quality_section
from .page_ranked import ranking_section
from .page_short import in_short
from .page_trained import card_section, curves_section, extraction_section

TITLES = {  # in the order in which people ask
    "overview": "In short",
    "cautions": "Warnings",
    "quality": "How good, and for whom",
    "curves": "How it learned",
    "calibration": "Do its probabilities come true",
    "gates": "What its experts do",
    "ranking": "The same job for each role",
    "extraction": "What was read in the texts",
    "card": "Data and model card",
}
SEVERITY = {"serious": "Serious", "minor": "Worth a look"}


def render(contents: Contents) -> str:
    """The whole page.

    Returns:
        HTML. Its content security policy lets a browser run the one script and the one style sheet in it, and fetch nothing.
    """
    style, script = (Html(Path(__file__).with_name(name).read_text(encoding="utf-8")) for name in ("page.css", "page.js"))
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    bodies: dict[str, Html] = {
        "overview": in_short(contents),
        "cautions": _cautions(contents),
        "quality": _or_missing(contents.quality, quality_section),
        "curves": _or_missing(contents.curves, curves_section),
        "calibration": _or_missing(contents.calibration, calibration_section),
        "gates": _or_missing(contents.gates, gates_section),
        "ranking": _or_missing(contents.ranking, ranking_section),
        "extraction": _or_missing(contents.extraction, extraction_section),
        "card": card_section(contents.overview, contents.card),
    }
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="generator", content=f"minirank {contents.version}"),
        element("title", f"{contents.name}: a minirank report"),
        element("style", style),
    )
    header = element(
        "header",
        element("p", "minirank report", class_="kicker"),
        element("h1", contents.name),
        element("p", contents.overview.state, class_="soft"),
    )
    links = [element("li", element("a", TITLES[name], href=f"#{name}")) for name in bodies]
    sections = [
        element("section", element("h2", TITLES[name], id=f"{name}-title"), body, id=name, aria_labelledby=f"{name}-title")
        for name, body in bodies.items()
    ]
    columns = element(
        "div",
        element("nav", element("ul", *links), aria_label="Sections"),
        element("main", *sections, id="main", tabindex="-1"),
        class_="columns",
    )
    footer = element("footer", element("p", f"Made by minirank {contents.version} on {contents.made_at}."))
    skip = element("a", "Skip to the report", href="#main", class_="skip")
    page = element("div", header, columns, footer, class_="page")
    body = element("body", skip, page, element("script", script))
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _hash(text: str) -> str:
    """Of an inline script or style, as a content security policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _or_missing(section: Any, render_section: Callable[[Any], Html]) -> Html:
    return element("p", section.why, class_="missing") if isinstance(section, Missing) else render_section(section)


def _cautions(contents: Contents) -> Html:
    """What looks wrong, with what to do about it."""
    items = [
        element(
            "li",
            element("span", SEVERITY[each.severity], class_="badge"),
            element("p", element("strong", each.text)),
            element("p", each.remedy),
            element(
                "p",
                f"Rule “{each.rule}”: {each.threshold}. ",
                element("a", f"See “{TITLES[each.section]}”", href=f"#{each.section}"),
                class_="note",
            ),
            class_=each.severity,
        )
        for each in contents.cautions
    ]
    blind = contents.unreadable or any(isinstance(part, Missing) for part in (contents.quality, contents.curves))
    checked = "that could be checked " if blind else ""
    fine = element("p", f"None of the report's rules {checked}found anything to warn of.", class_="missing" if blind else "fine-box")
    lost = [element("h3", "What could not be read"), element("ul", *(element("li", line) for line in contents.unreadable))]
    return join([element("ul", *items, class_="cautions") if items else fine, *(lost if contents.unreadable else [])])

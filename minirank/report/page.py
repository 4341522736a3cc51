"""The page: `render` makes one HTML file of the contents, which needs nothing else: no network, no font, no script from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .contents import Contents, Missing
from .contents_learned import Quality
from .markup import Html, element, figure, join, listed, percent
from .page_learned import GUESSING, calibration_section, gates_section, quality_section
from .page_ranked import ranking_section
from .page_trained import card_section, curves_section, extraction_section

TITLES = {  # in the order in which people ask
    "overview": "In short",
    "cautions": "Warnings",
    "quality": "How good is it, and for whom",
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
        "overview": _in_short(contents),
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


def _in_short(contents: Contents) -> Html:
    """The summary, the main figures, and the four questions that are asked first."""
    questions = [answer for answer in (_worst(contents), _experts(contents), _calibrated(contents), _first(contents)) if answer]
    return join(
        [
            element("p", " ".join(contents.summary), class_="lede"),
            _tiles(contents.quality),
            element("ul", *questions, class_="answers") if questions else "",
        ]
    )


def _tiles(quality: Quality | Missing) -> Html:
    """The first main metric of each task."""
    if isinstance(quality, Missing):
        return Html()
    tiles = []
    for task in quality.tasks:
        metric = next((metric for metric in task.metrics if metric.main and metric.overall.value is not None), None)
        if metric is None:
            continue
        entry = metric.overall
        told = [] if entry.low is None else [f"{figure(entry.low)} to {figure(entry.high)}"]
        if entry.reachable is not None:
            told.append(f"reachable {figure(entry.reachable)}")
        elif metric.name in GUESSING:
            told.append("guessing 0.5")
        tiles.append(
            element(
                "div",
                element("dt", f"{task.task} {metric.title}"),
                element("dd", element("span", figure(entry.value), class_="value"), element("span", "; ".join(told), class_="note")),
            )
        )
    return element("dl", *tiles, class_="tiles") if tiles else Html()


def _answer(question: str, answer: str, reason: object, section: str) -> Html:
    link = element("a", "See why", element("span", f": {question}", class_="hidden-label"), href=f"#{section}")
    return element("li", element("h3", question), element("p", answer, class_="answer"), element("p", reason, " ", link, class_="note"))


def _worst(contents: Contents) -> Html | None:
    quality = contents.quality
    if isinstance(quality, Missing) or not (quality.worst_role or quality.worst_rule):
        return None
    return _answer("Which role does it serve worst?", quality.worst_role or "None stands out", quality.worst_rule, "quality")


def _experts(contents: Contents) -> Html | None:
    gates = contents.gates
    if isinstance(gates, Missing) or not gates.experts:
        return None
    lazy = [each for each in gates.experts if each.state != "works"]
    least = min(gates.experts, key=lambda each: each.load / each.even if each.even else 0.0)
    shown = lazy or [least]
    told = "; ".join(f"{each.expert} has {percent(each.load)} of the weight, an even share would be {percent(each.even)}" for each in shown)
    answer = listed([f"{each.expert} ({each.state})" for each in lazy]) if lazy else "None"
    return _answer("Which expert is idle?", answer, f"{told}." if lazy else f"The least used works too: {told}.", "gates")


def _calibrated(contents: Contents) -> Html | None:
    calibration = contents.calibration
    if isinstance(calibration, Missing) or not calibration.tasks:
        return None
    task = next((task for task in calibration.tasks if task.task == "cvr"), calibration.tasks[0])
    return _answer(f"Is {task.task.upper()} calibrated?", task.verdict, f"Expected calibration error {figure(task.ece)}.", "calibration")


def _first(contents: Contents) -> Html | None:
    ranking = contents.ranking
    if isinstance(ranking, Missing) or not ranking.rankings or not ranking.rankings[0].places:
        return None
    first, role = ranking.rankings[0].places[0], ranking.rankings[0].role
    return _answer("Why does this candidate stand first?", f"{first.resume_id}, for {role}", first.summary, "place-0-1")


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
                element("a", f"See {TITLES[each.section].lower()}", href=f"#{each.section}"),
                class_="note",
            ),
            class_=each.severity,
        )
        for each in contents.cautions
    ]
    fine = element("p", "None of the report's rules found anything to warn of.", class_="fine-box")
    lost = [element("h3", "What could not be read"), element("ul", *(element("li", line) for line in contents.unreadable))]
    return join([element("ul", *items, class_="cautions") if items else fine, *(lost if contents.unreadable else [])])

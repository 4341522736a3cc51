"""The page's beginning: the summary, the main figures, and the four questions that are asked first."""

from __future__ import annotations

from .contents import Contents, Missing
from .markup import Html, element, figure, join, listed, percent
from .page_learned import GUESSING


def in_short(contents: Contents) -> Html:
    """The summary, the main figures, and the four questions that are asked first."""
    questions = [answer for answer in (_worst(contents), _experts(contents), _calibrated(contents), _first(contents)) if answer]
    return join(
        [
            element("p", " ".join(contents.summary), class_="lede"),
            _tiles(contents),
            element("ul", *questions, class_="answers") if questions else "",
        ]
    )


def _tiles(contents: Contents) -> Html:
    """The first main metric of each task."""
    quality = contents.quality
    if isinstance(quality, Missing):
        return Html()
    tiles = []
    for task in quality.tasks:
        if task.task not in (*contents.overview.tasks, "ctcvr", "ranking"):
            continue
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
                element(
                    "dd", element("span", figure(entry.value), class_="value"), *(element("span", text, class_="note") for text in told)
                ),
            )
        )
    if not tiles:
        return Html()
    interval = "its 95 % interval and the best that is reachable" if quality.ceilings else "its 95 % interval"
    reading = f"AUC and concordance: 0.5 is guessing, 1 is perfect; NDCG: 1 is the best order. Below each figure {interval}."
    return join([element("dl", *tiles, class_="tiles"), element("p", reading, class_="note")])


def _answer(question: str, answer: str, reason: object, section: str) -> Html:
    link = element("a", "See why", element("span", f": {question}", class_="hidden-label"), href=f"#{section}")
    return element("li", element("h3", question), element("p", answer, class_="answer"), element("p", reason, " ", link, class_="note"))


def _worst(contents: Contents) -> Html | None:
    quality = contents.quality
    if isinstance(quality, Missing) or not quality.roles:
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
    answer, _, reason = task.verdict.partition(": ")
    error = f"Bin by bin the two differ by {figure(task.ece)} on average (expected calibration error)."
    name = task.task.upper() if task.task in ("ctr", "cvr") else task.task
    return _answer(f"Is {name} calibrated?", answer, f"{reason[:1].upper()}{reason[1:]} {error}", "calibration")


def _first(contents: Contents) -> Html | None:
    ranking = contents.ranking
    if isinstance(ranking, Missing) or not ranking.rankings or not ranking.rankings[0].places:
        return None
    first, role = ranking.rankings[0].places[0], ranking.rankings[0].role
    return _answer("Why does this candidate stand first?", f"{first.resume_id}, for {role}", first.summary, "place-0-1")

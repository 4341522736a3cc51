"""The data and model card, and the summary: sentences about a run that follow from what the report holds."""

from __future__ import annotations

from collections.abc import Iterator

from .contents import CardSection, Contents
from .contents_learned import Calibration, Gates, Quality
from .contents_trained import Extraction
from .markup import figure, listed, percent


def summary(of: Contents) -> tuple[str, ...]:
    """How good, worst for whom, whether its probabilities and experts can be trusted: sentences for who reads nothing else."""
    return (*_how_good(of), *_calibrated(of), *_experts(of))


def _how_good(of: Contents) -> Iterator[str]:
    quality = of.quality
    if not isinstance(quality, Quality):
        yield f"{of.overview.state} How good it is cannot be said: {quality.why[:1].lower()}{quality.why[1:]}"
        return
    firsts = [(task.task, next((m for m in task.metrics if m.main and m.overall.value is not None), None)) for task in quality.tasks]
    known = [(task, metric) for task, metric in firsts if metric is not None and task in of.overview.tasks]
    shares = [f"{percent(metric.overall.share)} ({task})" for task, metric in known if metric.overall.share is not None]
    rows = f"On {quality.rows:,} {quality.part} rows"
    if shares:
        yield f"{rows} it comes {listed(shares)} of the way from guessing to the best that is reachable."
    elif known:
        yield f"{rows}: {listed([f'{task} {metric.title} {figure(metric.overall.value)}' for task, metric in known])}."
    if quality.worst_role:
        chance = ", which may be chance" if "overlap" in quality.worst_rule else ""
        yield f"It serves {quality.worst_role} worst{chance}."


def _calibrated(of: Contents) -> Iterator[str]:
    states: dict[str, list[str]] = {}
    for task in of.calibration.tasks if isinstance(of.calibration, Calibration) else ():
        if task.task in of.overview.tasks:
            states.setdefault(task.verdict.partition(":")[0], []).append(task.task)
    if states:
        told = "; ".join(f"{state.lower()}: {listed(tasks)}" for state, tasks in states.items())
        yield f"{told[:1].upper()}{told[1:]}."


def _experts(of: Contents) -> Iterator[str]:
    if isinstance(of.gates, Gates):
        lazy = [f"{use.expert} is {use.state}" for use in of.gates.experts if use.state != "works"]
        yield f"{listed(lazy)[:1].upper()}{listed(lazy)[1:]}." if lazy else f"All {len(of.gates.experts)} experts work."


def card(of: Contents) -> tuple[CardSection, ...]:
    """What the model and its data are, what for, and what not; facts of the run and of the program alone."""
    sections = {
        "The model": _model(of),
        "The data": _data(of),
        "What it is for": _use(of),
        "Limits": _limits(of),
        "Fairness": _fairness(of),
        "Licence": _licence(),
    }
    return tuple(CardSection(heading, tuple(paragraphs)) for heading, paragraphs in sections.items())


def _model(of: Contents) -> Iterator[str]:
    facts = {fact.name: fact for fact in of.overview.facts}
    parts = [f"{fact.value}{f' ({fact.note})' if fact.note else ''}" for name in ("architecture",) if (fact := facts.get(name))]
    tasks = ", ".join(of.overview.tasks)
    yield f"Architecture {', '.join(parts) or 'not known'}; tasks: {tasks or 'not known'}. {of.overview.state}"
    if "parameters" in facts:
        yield f"{facts['parameters'].value} parameters: {facts['parameters'].note}."
    if "versions" in facts:
        yield f"Trained with {facts['versions'].value}."


def _data(of: Contents) -> Iterator[str]:
    for part in of.overview.parts:
        counts = [f"{count:,} {unit}" for count, unit in ((part.searches, "searches"), (part.jobs, "jobs")) if count is not None]
        when = f", from {part.first[:10]} to {part.last[:10]}" if part.first and part.last else ""
        yield f"{part.name}: {', '.join([f'{part.rows:,} rows', *counts])}{when}."
    if isinstance(of.extraction, Extraction) and of.extraction.texts:
        yield of.extraction.made
        for texts in of.extraction.texts:
            masked = sum(texts.masked.values())
            yield f"{texts.texts:,} {texts.kind}, in which {masked:,} spans that say who a person is were masked before they were read."
    if isinstance(of.quality, Quality) and of.quality.ceilings:
        yield "The data are simulated: nobody in them exists, and the truth that the ceilings are made of is known."


def _use(of: Contents) -> Iterator[str]:
    if of.overview.kind == "recruiting":
        yield (
            "Putting the candidates for a job into an order for the recruiter who asks, who then reads and decides. It is not made to "
            "reject anybody, nor to judge a person apart from a job."
        )
    else:
        yield "Predicting the tasks of the table that it was trained on, for rows like those that it was trained on."


def _limits(of: Contents) -> Iterator[str]:
    yield "It learned from what people did in the past, in the time that the rows cover; it knows nothing of what came after."
    if of.overview.kind == "recruiting":
        yield "What extraction does not read in a text counts as not there; words that training never saw count little."
    if of.cautions:
        serious = sum(caution.severity == "serious" for caution in of.cautions)
        yield f"Warnings of this report: {len(of.cautions)}, serious ones among them: {serious}."
    if isinstance(of.quality, Quality):
        yield f"Figures are of {of.quality.rows:,} {of.quality.part} rows of one data set and one training. {of.quality.interval}".strip()


def _fairness(of: Contents) -> Iterator[str]:
    if of.overview.kind == "recruiting":
        yield (
            "Names, pronouns, age, family, nationality, addresses and the like are masked before a resume is read; inputs that name a "
            "protected attribute are refused, and ids of people and jobs are off by default."
        )
        yield (
            "A model that learns from people's behaviour learns their habits too. Nothing on this page measures whether it treats groups "
            "of people alike: that is for you to measure, with attributes that the model never sees, and to judge."
        )
        yield "The page holds ids and short quotes of resumes: treat it as personal data."
    else:
        yield "Nothing here measures whether the model treats groups of people alike; where rows are people, that is for you to measure."


def _licence() -> Iterator[str]:
    yield "minirank is under the Apache License 2.0. Of the data and of the model the run states no licence: whose data it is decides."

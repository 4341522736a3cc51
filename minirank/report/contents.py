"""Everything that the report of a run shows, as plain dataclasses: no array, no file, no HTML.

`collect` fills them from a run folder, `page` renders them. A section that there is nothing for, or that could not be read, is
a `Missing`, which says why in a sentence. Numbers are Python floats and ints; None is "not known" or "not defined", never NaN.
Texts are those of the data, as they are: whoever renders them escapes them. Quotes of resumes are masked already.
Shares are 0 .. 1, times are ISO 8601 in UTC, durations are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .contents_learned import Calibration, Gates, Quality
from .contents_ranked import SameJob
from .contents_trained import Curves, Extraction, Overview

Severity: TypeAlias = Literal["serious", "minor"]
Section: TypeAlias = Literal["overview", "curves", "quality", "calibration", "gates", "ranking", "extraction", "card"]


@dataclass(frozen=True)
class Missing:
    """A section that is not there; why: a sentence, such as "This run was trained on a table, which has no jobs to rank."."""

    why: str


@dataclass(frozen=True)
class Caution:
    """Something that looks wrong.

    Args:
        rule: its name in `cautions.RULES`, such as "idle expert".
        severity: "serious" is about whether the figures can be trusted or used.
        section: where the page shows what it speaks of.
        text: what was found, a sentence with its figures. remedy: what to do, a sentence.
        threshold: the rule in words, such as "an expert is idle below half of its even share of the gates' weight".
    """

    rule: str
    severity: Severity
    section: Section
    text: str
    remedy: str
    threshold: str


@dataclass(frozen=True)
class CardSection:
    """A part of the data and model card; paragraphs of plain sentences."""

    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Contents:
    """The whole page.

    Args:
        name: of the run: the last part of its folder.
        made_at: when the report was made. version: of minirank.
        summary: a few sentences for who reads nothing else: how good, which role worst, what is calibrated, which expert idle.
        cautions: serious ones first. unreadable: a line each for what could not be read, and what helps.
    """

    name: str
    made_at: str
    version: str
    summary: tuple[str, ...]
    cautions: tuple[Caution, ...]
    unreadable: tuple[str, ...]
    overview: Overview
    curves: Curves | Missing
    quality: Quality | Missing
    calibration: Calibration | Missing
    gates: Gates | Missing
    ranking: SameJob | Missing
    extraction: Extraction | Missing
    card: tuple[CardSection, ...]

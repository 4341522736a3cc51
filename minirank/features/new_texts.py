"""What is said of texts in words that training does not know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minirank.data import DataFolder
from minirank.extract import Features
from minirank.extract.edited_text import EditedText
from minirank.extract.language import named, unknown_languages
from minirank.features.embeddings import Meaning
from minirank.features.pairs import MatchedPairs
from minirank.features.profiles import job_text, resume_text

LOOKED_AT = 100  # texts whose language is told
SAMPLE = 300  # of all jobs and of all resumes, to see what languages there are


def too_few(texts: str, known: np.ndarray, foreign: np.ndarray, text_of: Callable[[int], str]) -> str | None:
    """Such as `3 of 8 resumes (12 % known, German)`; None where no text is foreign.

    Args:
        texts: `the job`, or words around two numbers, how many are foreign and how many there are: `{:,} of {:,} resumes`.
        known: (n,) share of each text's words that training knows.
        foreign: (n,) bool, see `TextModel.foreign`.
        text_of: row -> its text.
    """
    rows = np.flatnonzero(foreign)
    if not len(rows):
        return None
    languages = unknown_languages(text_of(row) for row in rows[:LOOKED_AT].tolist())
    facts = [f"{100 * known[rows].mean():.0f} % known", *([named(languages)] if languages else [])]
    return f"{texts.format(len(rows), len(foreign))} ({', '.join(facts)})"


def remark(*parts: str | None) -> str | None:
    """A sentence of what `too_few` says of jobs and resumes; None where that is nothing."""
    told = " and ".join(part for part in parts if part is not None)
    if not told:
        return None
    return f"training knows too few words of {told}, so what was read there is left out, and how similar texts are decides"


def without_vectors(texts: str, meaning: Meaning | None) -> str | None:
    """A sentence of texts that have no vectors; None where all have, or none is looked at.

    Args:
        texts: words around two numbers, how many have none and how many there are: `{:,} of {:,} resumes`.
    """
    missing = 0 if meaning is None else int(meaning.missing.sum())
    if not missing:
        return None
    return f"{texts.format(missing, len(meaning.missing))} have no vectors, so their meaning counts as unknown; see features.embeddings"


def remarks_of(folder: DataFolder, features: Features, pairs: MatchedPairs) -> list[str]:
    """What there is to say of the texts of a folder whose impressions are matched."""
    jobs, resumes, people = pairs.jobs, pairs.resumes, folder.resumes
    told = remark(
        too_few("{:,} of {:,} jobs", jobs.known, jobs.foreign, lambda row: job_text(folder.jobs[row], features.jobs[row]).text),
        too_few("{:,} of {:,} resumes", resumes.known, resumes.foreign, lambda row: resume_text(people[row], features.resumes[row]).text),
    )
    remarks = [told, *(without_vectors(f"{{:,}} of {{:,}} {name}", of.meaning) for name, of in (("jobs", jobs), ("resumes", resumes)))]
    return [each for each in remarks if each]


def of_other_languages(folder: DataFolder, features: Features) -> str | None:
    """A sentence of texts that the rules read and whose language they do not know, from a sample; None where there are none.

    Args:
        features: of the folder's jobs and resumes, by rules.
    """
    told = []
    sides: tuple[tuple[str, Any, Any, Callable[[Any, Any], EditedText]], ...] = (
        ("jobs", folder.jobs, features.jobs, job_text),
        ("resumes", folder.resumes, features.resumes, resume_text),
    )
    for name, records, found, text_of in sides:
        chosen = range(0, len(records), max(len(records) // SAMPLE, 1))
        languages = unknown_languages(text_of(records[row], found[row]).text for row in chosen)
        if languages:
            told.append(f"{100 * languages.total() / len(chosen):.0f} % of the {name} ({named(languages)})")
    if not told:
        return None
    which = "are in languages of which the rules know little but dates and some headings"
    return f"{' and '.join(told)} {which}; a model can read them (--base-url)"

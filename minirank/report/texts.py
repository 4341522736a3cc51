"""What was read in the texts, and what the model sees of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Literal

import numpy as np

from ..config.configuration import FolderConfig
from ..config.dataclass_yaml import build
from ..config.table import TableConfig
from ..data.column_facts import ColumnFacts, column_remarks
from ..errors import ConfigError
from ..extract import JobFeatures, ResumeFeatures
from ..extract.language import language_of
from ..extract.made_files import made_with
from ..features import Encoder
from ..features.profiles import job_text, resume_text
from ..features.word_counts import hashed_counts
from .contents_trained import Column, Extraction, FieldCoverage, TextsRead
from .found import Found
from .source import Source
from .trained import PARTS

SAMPLE = 200  # texts whose language and words are looked at
HIDDEN = ("gap", "schools", "masked", "flagged")  # no features: shown elsewhere, or not at all


def extraction(found: Found, source: Source | None) -> Extraction:
    """What was read.

    Args:
        source: the data of a folder; None of a table, or where they cannot be read.
    """
    columns, config = columns_of(found.facts), found.config
    least = 0 if config is None else config.features.min_count if isinstance(config.data, FolderConfig) else _least(config.data)
    return Extraction(
        made="" if source is None else _made(source),
        texts=() if source is None or found.run is None else tuple(_kinds(found.run.encoder, source)),
        columns=tuple(Column(name, each.kind, each.values, each.kept, each.missing, each.unknown) for name, each in columns.items()),
        remarks=() if config is None else tuple(column_remarks(columns, least, found.is_table)),
    )


def _least(data: TableConfig | None) -> int:
    return 0 if data is None else data.columns.min_count


def columns_of(facts: Mapping[str, Any]) -> dict[str, ColumnFacts]:
    """The columns in data.json, those left out that this version does not understand."""
    found = {}
    written = facts.get("columns")
    for name, each in written.items() if isinstance(written, dict) else ():
        try:
            facts_of = build(ColumnFacts, each)
        except (ConfigError, TypeError):
            continue
        found[name] = replace(facts_of, unknown={part: facts_of.unknown[part] for part in PARTS if part in facts_of.unknown})
    return found


def _made(source: Source) -> str:
    """Who read the texts, a sentence."""
    made = made_with(source.folder.path)
    gazetteer = made.get("gazetteer")
    labels = f" and the {gazetteer.get('labels', 0):,} labels of {gazetteer.get('file', 'a gazetteer')}" if gazetteer else ""
    if made.get("by") == "llm":
        return f"Read by the language model {made.get('model')}, checked against what rules read{labels}."
    return f"Read by rules{labels}, without a language model." if made.get("by") == "rules" else ""


def _kinds(encoder: Any, source: Source) -> Iterable[TextsRead]:
    assert isinstance(encoder, Encoder)
    shown, folder = source.folder.impressions, source.folder
    parts = {name: getattr(source.split, name) for name in ("train", "test") if len(getattr(source.split, name))}
    jobs = {name: np.unique(shown.job[rows]) for name, rows in parts.items()}
    resumes = {name: np.unique(shown.resume[rows]) for name, rows in parts.items()}
    ads = source.job_features

    def text_of_job(row: int) -> str:
        return job_text(folder.jobs[row], ads[row]).text

    def text_of_resume(row: int) -> str:
        return resume_text(folder.resumes[row], source.resume_features([row])[0]).text

    yield _texts("jobs", JobFeatures, source.jobs, text_of_job, _known(encoder, jobs, text_of_job))
    yield _texts("resumes", ResumeFeatures, source.resumes, text_of_resume, _known(encoder, resumes, text_of_resume))


def _texts(
    kind: Literal["jobs", "resumes"],
    features: type,
    lines: Sequence[Mapping[str, Any]],
    text_of: Callable[[int], str],
    known: dict[str, float],
) -> TextsRead:
    names = [each.name for each in fields(features) if each.name not in (*HIDDEN, *features._ids)]  # type: ignore[attr-defined]
    looked_at = _spread(np.arange(len(lines)))
    languages = Counter(language_of(text_of(row)) or "not told" for row in looked_at)
    skills = ("must_have", "nice_to_have") if kind == "jobs" else ("skills",)
    return TextsRead(
        kind=kind,
        texts=len(lines),
        fields=tuple(_coverage(name, lines) for name in names),
        unread=_share(line for line in lines if not any(line.get(name) for name in (*skills, "title"))) / max(len(lines), 1),
        flagged=_share(line for line in lines if line.get("flagged")) / max(len(lines), 1),
        masked=dict(Counter(mask["kind"] for line in lines for mask in line.get("masked", ())).most_common()),
        languages=dict(sorted(languages.items(), key=lambda item: (-item[1], item[0]))),
        sampled=len(looked_at),
        known_words=known,
    )


def _share(found: Iterable[Any]) -> int:
    return sum(1 for _ in found)


def _coverage(name: str, lines: Sequence[Mapping[str, Any]]) -> FieldCoverage:
    """How many texts have a value of a field, and who read it."""
    values = [value if isinstance(value, list) else [value] for line in lines if (value := line.get(name))]
    sources = Counter(value.get("source", "rules") for found in values for value in found)
    total, texts = sources.total(), max(len(lines), 1)
    shares = {source: count / total for source, count in sources.most_common()}
    return FieldCoverage(name, len(values) / texts, total / texts, shares)


def _known(encoder: Encoder, parts: Mapping[str, np.ndarray], text_of: Callable[[int], str]) -> dict[str, float]:
    """Part -> mean share of the words that training knows, of a sample of its texts."""
    if encoder.text is None:
        return {}
    found = {}
    for part, rows in parts.items():
        texts = [text_of(row) for row in _spread(rows)]
        found[part] = float(np.mean(encoder.text.known(hashed_counts(texts, encoder.config.buckets, encoder.config.bigrams))))
    return found


def _spread(rows: np.ndarray) -> list[int]:
    """At most SAMPLE of some rows, evenly spread over them."""
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), SAMPLE)).round().astype(int)].tolist() if len(rows) else []

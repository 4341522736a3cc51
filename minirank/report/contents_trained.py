"""What was trained on what, how training went, and what was read in the texts; see `contents` for what holds of all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Fact:
    """A line of a list of facts; note: what to know about it, "" where there is nothing to say."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Part:
    """One part of the rows.

    Args:
        name: "train", "valid" or "test".
        rows: of the part. searches, jobs: distinct ones, None where the data have none or could not be read.
        first, last: time of its first and last row, None for a table.
        positive: task -> share of its labelled rows whose label is 1 (the mean label, where labels are soft); {} where not read.
        labelled: task -> rows with a label; {} where not read.
    """

    name: str
    rows: int
    searches: int | None = None
    jobs: int | None = None
    first: str | None = None
    last: str | None = None
    positive: dict[str, float] | None = None
    labelled: dict[str, int] | None = None


@dataclass(frozen=True)
class Overview:
    """What was trained on what.

    Args:
        kind: "recruiting" or "table".
        state: a sentence on how far training came, such as "Finished: the parameters of epoch 5 of 7 are kept.".
        facts: data, fingerprint, model, sizes, seconds, versions, in the order to be shown.
        parts: of the rows.
        tasks: those trained, in order. left_out: task -> why it was not trained.
        config: config.yaml as text. plan: plan.txt, "" where it is missing.
    """

    kind: Literal["recruiting", "table"]
    state: str
    facts: tuple[Fact, ...]
    parts: tuple[Part, ...]
    tasks: tuple[str, ...]
    left_out: dict[str, str]
    config: str
    plan: str


@dataclass(frozen=True)
class Curve:
    """One line of a chart; values: one an epoch, None where it is not defined."""

    name: str
    title: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class TaskCurves:
    """The curves of a task.

    Args:
        task: its name; "mean" is over all tasks. title: what it asks.
        losses: the losses of the training rows and the log loss (or mean squared error) of the validation rows: lower is better.
        metrics: of the validation rows (AUC, GAUC, NDCG@10, concordance): higher is better.
    """

    task: str
    title: str
    losses: tuple[Curve, ...]
    metrics: tuple[Curve, ...]


@dataclass(frozen=True)
class Curves:
    """How training went.

    Args:
        epochs: numbers of the epochs that are done, from 1.
        best_epoch: the one whose parameters are kept.
        watched: what early stopping watched, such as "mean.log_loss"; None without.
        tasks: curves of each.
        seconds: of each epoch, None where timing.jsonl is missing. rows_per_second: likewise.
        undefined: metric -> why the validation rows do not define it.
        seeds: how many were trained; everything here is of the first one.
    """

    epochs: tuple[int, ...]
    best_epoch: int
    watched: str | None
    tasks: tuple[TaskCurves, ...]
    seconds: tuple[float | None, ...]
    rows_per_second: tuple[float | None, ...]
    undefined: dict[str, str]
    seeds: int = 1


@dataclass(frozen=True)
class FieldCoverage:
    """What extraction found of one field.

    Args:
        field: its name, such as "must_have".
        share: of the texts that have a value. values: mean number of values of a text, 0 for those without.
        sources: "rules", "llm", "tagger" -> share of the values.
    """

    field: str
    share: float
    values: float
    sources: dict[str, float]


@dataclass(frozen=True)
class TextsRead:
    """One kind of texts.

    Args:
        kind: "jobs" or "resumes". texts: how many (every snapshot of a resume is one).
        fields: in the order of the schema.
        unread: share of texts in which no skill and no title was found.
        flagged: share of texts with a passage that speaks to a machine. masked: kind of personal detail -> how many were masked.
        languages: English name of a language -> texts in it, the most frequent first, of a sample of `sampled` texts.
        known_words: part of the rows -> mean share of the words of its texts that training knows; {} where no words are read.
    """

    kind: Literal["jobs", "resumes"]
    texts: int
    fields: tuple[FieldCoverage, ...]
    unread: float
    flagged: float
    masked: dict[str, int]
    languages: dict[str, int]
    sampled: int
    known_words: dict[str, float]


@dataclass(frozen=True)
class Column:
    """What is left of an input once it is encoded.

    Args:
        name, kind: "categorical", "bag", "dense" or "words".
        values: distinct values of the training rows. kept: those that have an id.
        missing: share of training rows without a value. unknown: part -> share of its rows without a known value.
    """

    name: str
    kind: str
    values: int | None
    kept: int | None
    missing: float | None
    unknown: dict[str, float]


@dataclass(frozen=True)
class Extraction:
    """What was read, and what the model sees of it.

    Args:
        made: by whom the texts were read, a sentence; "" for a table.
        texts: jobs and resumes; () for a table or where they could not be read.
        columns: the inputs. remarks: lines about those that lost much.
    """

    made: str
    texts: tuple[TextsRead, ...]
    columns: tuple[Column, ...]
    remarks: tuple[str, ...]

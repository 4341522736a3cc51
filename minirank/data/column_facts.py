"""What is left of each column once it is encoded: how many of its values have an id, how many rows lost theirs, and what to do about it.

All shares are of training rows, but for `unknown`, which has one for each part. A run keeps them in its data.json.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from minirank.kernels.batch import Bag

MANY_ROWS = 0.1  # share of rows above which a loss is worth a line
MOST_MISSING = 0.95
MOST_LINES = 10
MANY_CATEGORIES = 100  # of numbers: perhaps amounts
FEW_CODES = 50  # numbers with wide gaps between them: perhaps codes
SAMPLE = 500  # values that are looked at to tell numbers from names

Kind = Literal["categorical", "bag", "dense", "words"]
Parts = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class ColumnFacts:
    """One column; what does not apply to its kind is None.

    Args:
        kind: one value a row, several, a number, or the words of all texts.
        values: distinct values, without the missing one. kept: those that have an id; the others share id 0, the unknown.
        missing: share of rows without a value.
        dropped: share of the rows (of a bag and of texts: of all their items) whose value has no id.
        constant: all rows have the same value.
        unknown: part -> share of rows without a known value.
        looks_like: "numbers", for categories that are numbers; "codes", for numbers that seem to be names.
    """

    kind: Kind
    values: int | None = None
    kept: int | None = None
    missing: float | None = None
    dropped: float | None = None
    constant: bool | None = None
    unknown: dict[str, float] = field(default_factory=dict)
    looks_like: Literal["numbers", "codes"] | None = None


def rows_without_id(ids: np.ndarray, parts: Parts) -> dict[str, float]:
    """Part -> share of its rows whose id (N,) is 0."""
    return {part: float((ids[rows] == 0).mean()) for part, rows in parts.items() if len(rows)}


def rows_without_item(bag: Bag, parts: Parts) -> dict[str, float]:
    """Part -> share of its rows whose list has no known item."""
    known = np.concatenate([[0], np.cumsum(bag.ids > 0)])
    empty = known[bag.offsets[1:]] == known[bag.offsets[:-1]]
    return rows_without_id((~empty).astype(np.int8)[bag.entity], parts)


def items_dropped(bag: Bag, rows: np.ndarray) -> float | None:
    """Share of the items of some rows that have no id; None where they have no item."""
    uses = np.bincount(bag.entity[rows], minlength=len(bag.offsets) - 1)
    of_item = np.repeat(uses, np.diff(bag.offsets))
    return float(of_item[bag.ids == 0].sum() / of_item.sum()) if of_item.any() else None


def is_constant(column: np.ndarray, rows: np.ndarray) -> bool:
    """Whether a column (N,) is the same in all of some rows, of which there is one at least."""
    found = column[rows]
    return bool((found == found[0]).all())


def looks_like_numbers(count: int, written: Sequence[str]) -> bool:
    """Whether categories, so many that amounts are likely, are all numbers; written: all `count` of them, or a sample."""
    return count >= MANY_CATEGORIES and all(_is_number(value) for value in written)


def looks_like_codes(count: int, written: Sequence[str]) -> bool:
    """Whether numbers as they were written seem to be names: zeros in front, or a few with wide and uneven gaps.

    Args:
        count: of the distinct numbers. written: all of them, or a sample.
    """
    if any(len(value) > 1 and value[0] == "0" and value.isdecimal() for value in written):
        return True
    if not 3 <= count <= FEW_CODES or not all(value.isdecimal() for value in written):
        return False
    gaps = np.diff(np.sort([float(value) for value in written]))
    return bool(gaps.sum() > 10 * count and gaps.min() < gaps.max())


def _is_number(value: str) -> bool:
    try:
        return bool(np.isfinite(float(value)))
    except ValueError:
        return False


def column_remarks(columns: Mapping[str, ColumnFacts], min_count: int, table: bool) -> list[str]:
    """A line for each column that lost much, or is of no use, and what to do; the first few, and how many more there are.

    Args:
        min_count: as configured. table: the columns are those of `data.columns`; else the features of a data folder.
    """
    found = [line for name, facts in columns.items() for line in _remark(name, facts, table, min_count)]
    more = len(found) - MOST_LINES
    return found if more <= 0 else [*found[:MOST_LINES], f"... and {more:,} more such lines; data.json of the run has every column"]


def _remark(name: str, facts: ColumnFacts, table: bool, min_count: int) -> list[str]:
    """What is to be said of a column: at most one line."""
    what = "the words of the texts" if facts.kind == "words" else f"column {name}" if table or "." in name else f"feature {name}"
    key = {"categorical": "categorical", "bag": "multi_valued", "dense": "dense"}.get(facts.kind) if table else None
    out = f"take it out of data.columns.{key}" if table and name != "role" else "take it out of features.columns" if "." in name else ""
    setting = f"lower {'data.columns' if table else 'features'}.min_count (it is {min_count})"
    other = "list it under data.columns.dense, for its values are numbers" if facts.looks_like == "numbers" else ""
    other = "check its separator" if table and facts.kind == "bag" else other
    few = f"each in fewer than {min_count} {'training rows' if table or name.endswith('_id') else 'training jobs and resumes'}"
    dropped, values, kept = facts.dropped or 0.0, facts.values or 0, facts.kept or 0
    if values and facts.kept == 0:
        remedy = _or(other, out, setting)
        none = "its only value is not kept" if values == 1 else f"none of its {values:,} values is kept"
        return [f"{what}: {none}, so that it says nothing: {few}; {remedy}"]
    if dropped > MANY_ROWS:
        rows = "items" if facts.kind in ("bag", "words") else "training rows"
        lost = f"{values - kept:,} of its {values:,} values, {few}, are the same to the model"
        return [f"{what}: {lost}, in {100 * dropped:.0f} % of the {rows}; {_or(other, setting)}"]
    if table and facts.constant:
        how = "empty" if facts.missing == 1 else "the same"
        return [f"{what}: {how} in all training rows, so that it says nothing; {out or 'set data.columns.role to null'}"]
    if table and facts.looks_like == "numbers":
        return [f"{what}: its {values:,} categories are numbers; if they are amounts, list it under data.columns.dense"]
    if table and facts.looks_like == "codes":
        return [f"{what}: its numbers look like codes; if they are, list it under data.columns.categorical"]
    if table and facts.kind == "dense" and (facts.missing or 0) > MOST_MISSING:
        return [f"{what}: missing in {100 * (facts.missing or 0):.1f} % of the training rows; {out}, or set data.columns.missing_indicator"]
    learned = facts.unknown.get("train", 0.0)
    part, share = max(facts.unknown.items(), key=lambda each: each[1], default=("train", 0.0))
    if facts.values is not None and share - learned > MANY_ROWS:
        return [
            f"{what}: unknown in {100 * share:.0f} % of the {part} rows, in {100 * learned:.0f} % of the training rows: its values change"
        ]
    return []


def _or(*remedies: str) -> str:
    """`this, or that` of those that there are."""
    return ", or ".join(remedy for remedy in remedies if remedy)

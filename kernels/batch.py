"""What a plan reads: the rows of a data set as arrays, and the names and sizes behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class InputSpec:
    """Names and sizes of what one row holds, in column order.

    Args:
        categorical: (name, size) of each categorical field; ids are 0 .. size-1, 0 is "unknown".
        bags: (name, size) of each multi-valued field.
        dense: names of the dense columns.
        tasks: names of the label columns.
        of_request: those names among the inputs that depend on the request alone: its candidates share them. A layer sums them
            first, so that a prediction has the same bits whether that was done once for all rows or for each.
        read: groups of those inputs that were read in a text, in words that somebody had to know; see `hide`.
        vocabularies: groups of inputs whose ids are the names of one vocabulary, which lacks names that are yet to come; see `forget`.
    """

    categorical: tuple[tuple[str, int], ...] = ()
    bags: tuple[tuple[str, int], ...] = ()
    dense: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    of_request: tuple[str, ...] = ()
    read: tuple[tuple[str, ...], ...] = ()
    vocabularies: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def sizes(self) -> np.ndarray:
        """(C,) int32, the size of each categorical field."""
        return np.array([size for _, size in self.categorical], np.int32)

    def column(self, name: str) -> int:
        """Column of the categorical field `name` in `Inputs.ids`."""
        names = [field for field, _ in self.categorical]
        if name not in names:
            raise ValueError(f"no categorical field {name!r}; there are {', '.join(names) or 'none'}")
        return names.index(name)


@dataclass(frozen=True)
class Bag:
    """A multi-valued field. Rows that share an entity (a job, a resume) share its list of ids.

    Args:
        entity: (B,) int32, the entity of each row.
        offsets: (entities + 1,) int64; entity e owns ids[offsets[e]:offsets[e + 1]].
        ids: (total,) int32 in 0 .. size-1; an empty list embeds to zero.
    NOTE: offsets and ids must not be changed, for executors keep what they made of them.
    """

    entity: np.ndarray
    offsets: np.ndarray
    ids: np.ndarray


@dataclass(frozen=True)
class Inputs:
    """B rows as a prediction reads them.

    Args:
        ids: (B, C) int32.
        bags: one `Bag` for each multi-valued field.
        dense: (B, ND) float32, finite.
    """

    ids: np.ndarray
    bags: tuple[Bag, ...]
    dense: np.ndarray

    def field(self, column: int) -> np.ndarray:
        """(B,) int32 ids of a categorical field."""
        return self.ids[:, column]

    def bag(self, number: int) -> Bag:
        """A multi-valued field."""
        return self.bags[number]

    def number(self, column: int) -> np.ndarray:
        """(B,) float32, a dense column."""
        return self.dense[:, column]

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: np.ndarray) -> Inputs:
        """The given rows, in the given order; bags go on sharing their lists."""
        bags = tuple(Bag(bag.entity[rows], bag.offsets, bag.ids) for bag in self.bags)
        return Inputs(self.ids[rows], bags, self.dense[rows])


@dataclass(frozen=True)
class Part:
    """Of which larger batch some rows are a part: losses of a batch are means, and those of its parts add up to them, as gradients do.

    Args:
        rows: of the whole batch. before: those of them that come before these; what is random in a row goes by its number in the whole.
        add_up: given (n,) float64 sums over these rows, it returns those over all rows of the whole batch (`Kind.of_batch`).
    """

    rows: int
    before: int
    add_up: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Batch(Inputs):
    """B rows with what losses compare predictions with: what a training step reads.

    Args:
        labels: (B, T) float32, NaN where the label is missing.
        weights: (B, T) float32 >= 0, the label's confidence (1 where nothing else is known).
        groups: (B,) int32, the search request of each row; rows of one request are neighbours.
        key: 0 .. 2^63 - 1, what is random in the network comes from it (`ops/dropout.py`): another one for each step.
        shared: names of inputs that are the same in all rows of a search: an executor may compute once a search what follows from them.
        gains: T numbers, what the gradient of each task's losses is multiplied by; () = all 1. The losses themselves stay as they are.
        part: where these rows are a part of a larger batch; of the cpu and the reference executor.
    """

    labels: np.ndarray
    weights: np.ndarray
    groups: np.ndarray
    key: int = 0
    gains: tuple[float, ...] = ()
    shared: tuple[str, ...] = ()
    part: Part | None = None

    @property
    def whole(self) -> int:
        """Rows that a loss takes its mean over: of the whole batch."""
        return len(self) if self.part is None else self.part.rows

    @property
    def before(self) -> int:
        """Rows of the whole batch that come before these."""
        return 0 if self.part is None else self.part.before

    def add_up(self, sums: np.ndarray) -> np.ndarray:
        """Of (n,) float64 sums over these rows those over the whole batch."""
        return sums if self.part is None else self.part.add_up(sums)

    def cut(self, first: int, end: int, add_up: Callable[[np.ndarray], np.ndarray]) -> Batch:
        """Rows first .. end - 1 as a part of this batch; views, nothing is copied."""
        inputs = Inputs(self.ids[first:end], tuple(replace(bag, entity=bag.entity[first:end]) for bag in self.bags), self.dense[first:end])
        labelled = self.labels[first:end], self.weights[first:end], self.groups[first:end]
        part = Part(self.whole, self.before + first, add_up)
        return Batch(inputs.ids, inputs.bags, inputs.dense, *labelled, self.key, self.gains, self.shared, part)

    def take(self, rows: np.ndarray) -> Batch:
        """The given rows, in the given order; bags go on sharing their lists."""
        inputs = super().take(rows)
        return Batch(inputs.ids, inputs.bags, inputs.dense, self.labels[rows], self.weights[rows], self.groups[rows])


def searches(groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of rows whose searches are neighbours: (first row of each search (S,), search of each row (B,) in 0 .. S-1).

    Args:
        groups: (B,), as `Batch.groups`, B >= 1.
    """
    begins = np.diff(groups, prepend=groups[0] - 1) != 0
    return np.flatnonzero(begins), np.cumsum(begins) - 1


def same_in_searches(rows: Batch, spec: InputSpec) -> tuple[str, ...]:
    """Names of the inputs that are the same in all rows of each search, as `Batch.shared` takes them."""
    first, search = searches(rows.groups)
    names = [name for name, _ in spec.categorical], [name for name, _ in spec.bags], spec.dense
    entities = (bag.entity[:, None] for bag in rows.bags)
    columns = rows.ids, np.concatenate([np.zeros((len(rows), 0), np.int32), *entities], axis=1), rows.dense
    found: list[str] = []
    for of_kind, values in zip(names, columns):
        same = (values == values[first][search]).all(axis=0)
        found += [name for name, is_same in zip(of_kind, same) if is_same]
    return tuple(found)


def hide(inputs: Inputs, spec: InputSpec, names: tuple[str, ...], rows: np.ndarray) -> None:
    """Make inputs unknown in some rows, in place: id 0, an empty list, the mean of a dense column and a flag that says so.

    Args:
        inputs: B rows, a copy made by `Inputs.take` or their only owner; the last list of each bag among `names` is empty.
        names: of inputs. rows: (B,) bool.
    """
    for column, (name, _) in enumerate(spec.categorical):
        if name in names:
            inputs.ids[rows, column] = 0
    for (name, _), bag in zip(spec.bags, inputs.bags):
        if name in names:
            if bag.offsets[-1] != bag.offsets[-2]:
                raise ValueError(f"the last list of {name} must be empty")
            bag.entity[rows] = len(bag.offsets) - 2
    for column, name in enumerate(spec.dense):
        if name.removesuffix("_unknown") in names:
            inputs.dense[rows, column] = float(name.endswith("_unknown"))


def forget(batch: Batch, spec: InputSpec, share: float, draw: np.random.Generator) -> Batch:
    """The batch as if training had not seen a share of the names of each vocabulary: id 0 wherever one of them stands.

    Args:
        share: of the names. draw: for their choice, which does not depend on the rows.
    """
    if not (spec.vocabularies and share > 0):
        return batch
    ids, bags = batch.ids.copy(), list(batch.bags)
    columns, places = ({name: column for column, (name, _) in enumerate(each)} for each in (spec.categorical, spec.bags))
    sizes = dict((*spec.categorical, *spec.bags))
    for names in spec.vocabularies:
        kept = np.arange(max(sizes[name] for name in names), dtype=np.int32)
        kept[draw.random(len(kept)) < share] = 0
        for name in names:
            if name in columns:
                ids[:, columns[name]] = kept[ids[:, columns[name]]]
            else:
                bag = bags[places[name]]
                bags[places[name]] = Bag(bag.entity, bag.offsets, kept[bag.ids])
    return replace(batch, ids=ids, bags=tuple(bags))

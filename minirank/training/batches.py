"""Mini-batches: an order of rows for each epoch, cut into steps.

Every random choice comes from a generator whose key is the place where it is made: (seed, epoch) for
the order of rows and for the names that are unknown in it, (seed, epoch, step) for what is hidden, dropout and the order of projections. So
training goes on from any step without a generator's state, and is the same as if it had never stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from ..config.model import TaskConfig
from ..data import Dataset
from ..kernels.batch import Batch, InputSpec, hide, searches

ORDER, HIDDEN, FORGOTTEN, DROPPED, PROJECTED, LOOKED = 1, 2, 3, 4, 5, 6  # what a generator is for


def generator(seed: int, purpose: int, epoch: int, step: int = 0) -> np.random.Generator:
    """Philox, a counter-based generator: no two places share a number of its sequence."""
    return np.random.Generator(np.random.Philox(key=[seed, 0], counter=[0, step, epoch, purpose]))


def dropout_key(seed: int, epoch: int, step: int) -> int:
    """The `Batch.key` of a step."""
    return int(generator(seed, DROPPED, epoch, step).integers(2**63))


WINDOW = 2**20  # rows that are shuffled together
BLOCK = 2**13  # neighbouring rows that come into the same window


def shuffled(starts: np.ndarray, rows: int, draw: np.random.Generator) -> np.ndarray:
    """An order of units of neighbouring rows, such as searches, that reads few places of the data at a time.

    Up to `WINDOW` rows it is any order. Of more, blocks of neighbouring units are put in any order, and so are the units of as many blocks
    as make a window: whoever reads a window needs a tenth of ten million rows at hand, not all of them. It depends on nothing but the
    arguments, in particular on no memory.

    Args:
        starts: (units,) int64, the first row of each, ascending. rows: N, of all units.
    Returns:
        (units,) int64.
    """
    if rows <= WINDOW:
        return draw.permutation(len(starts))
    cuts = np.unique(np.append(np.searchsorted(starts, np.arange(0, rows, BLOCK)), len(starts)))
    blocks = draw.permutation(len(cuts) - 1)
    windows = np.split(blocks, range(WINDOW // BLOCK, len(blocks), WINDOW // BLOCK))
    return np.concatenate([draw.permutation(np.concatenate([np.arange(cuts[b], cuts[b + 1]) for b in window])) for window in windows])


def epoch_steps(rows: np.ndarray, groups: np.ndarray | None, batch_rows: int, seed: int, epoch: int) -> list[np.ndarray]:
    """The training rows in the order of an epoch, cut into steps.

    Args:
        rows: (N,) int64, the training rows.
        groups: (N,) int32, their searches (rows of one are neighbours), to keep each search in one step; None
            to shuffle row by row.
        batch_rows: B; with groups a step ends with the search that reaches it.
        seed, epoch: of the order.
    Returns:
        Row indices of each step; the last may be short.
    """
    draw = generator(seed, ORDER, epoch)
    if groups is None:
        order = rows[shuffled(np.arange(len(rows)), len(rows), draw)]
        return np.split(order, range(batch_rows, len(order), batch_rows))
    starts = np.flatnonzero(np.diff(groups, prepend=groups[0] - 1))
    sizes = np.diff(np.append(starts, len(groups)))
    searches = shuffled(starts, len(groups), draw)
    starts, sizes = starts[searches], sizes[searches]
    ends = np.cumsum(sizes)
    order = np.repeat(starts - (ends - sizes), sizes) + np.arange(len(groups))
    cuts = ends[np.searchsorted(ends, np.arange(batch_rows, len(groups), batch_rows))]
    return np.split(rows[order], np.unique(cuts[cuts < len(groups)]))


def with_targets(rows: Batch, tasks: Sequence[TaskConfig], to_come: np.ndarray | None = None) -> Batch:
    """The rows with the labels and weights that training sees: `TaskConfig.label_smoothing`, `positive_weight`, `delayed`.

    Args:
        to_come: (B,) as `Dataset.to_come`; with it a label 0 of a delayed task becomes minus that, see `kernels/ops/delayed.py`.
    """
    if to_come is not None and any(task.delayed for task in tasks):
        delayed = np.array([task.delayed for task in tasks])
        rows = replace(rows, labels=np.where(delayed & (rows.labels == 0), -to_come[:, None], rows.labels))
    if not any(task.changes_labels for task in tasks):
        return rows
    smoothing = np.array([task.label_smoothing for task in tasks], np.float32)
    more = np.array([task.positive_weight - 1 for task in tasks], np.float32)
    weights = rows.weights * (1 + more * np.nan_to_num(rows.labels))
    return replace(rows, labels=(1 - smoothing) * rows.labels + smoothing / 2, weights=weights)


def take_targets(dataset: Dataset, tasks: Sequence[TaskConfig], rows: np.ndarray) -> Batch:
    """`with_targets` of some rows of a data set, (n,) indices."""
    return with_targets(dataset.rows.take(rows), tasks, None if dataset.to_come is None else dataset.to_come[rows])


def targets_of(dataset: Dataset, tasks: Sequence[TaskConfig], rows: np.ndarray) -> Batch:
    """`take_targets` without the inputs."""
    all_rows, none = dataset.rows, np.zeros((len(rows), 0))
    batch = Batch(none.astype(np.int32), (), none, all_rows.labels[rows], all_rows.weights[rows], all_rows.groups[rows])
    return with_targets(batch, tasks, None if dataset.to_come is None else dataset.to_come[rows])


def hide_inputs(
    batch: Batch, spec: InputSpec, shares: dict[str, float], draw: np.random.Generator, read: float = 0.0, fields: float = 0.0
) -> None:
    """Make inputs unknown in a share of the rows, in place; what a search shares (`Batch.shared`) in all rows of a search, or none.

    Args:
        batch: a copy made by `Batch.take`.
        spec: of its inputs.
        shares: categorical field -> share of rows, as in `Plan.unknown_share`.
        draw: for the choice of rows.
        read: share of rows that lose every group of `spec.read`; each group is lost alone in half as many more.
        fields: share of the ids of the categorical fields without a share of their own.
    """
    first, of_search = searches(batch.groups)

    def chosen(share: float, names: Iterable[str]) -> np.ndarray:
        """(B,) bool, a share of the rows, or of the searches where one of these inputs is theirs."""
        names = {each for name in names for each in (name, f"{name}_unknown")}  # `hide` sets the flag of a dense column, too
        return (draw.random(len(first)) < share)[of_search] if names & {*batch.shared} else draw.random(len(batch)) < share

    for field, share in shares.items():
        if share > 0:
            hide(batch, spec, (field,), chosen(share, [field]))
    if read > 0 and spec.read:
        everything = chosen(read, batch.shared)  # NOTE: of searches as soon as they share anything
        for group in spec.read:
            hide(batch, spec, group, everything | chosen(read / 2, group))
    if fields > 0:
        columns = [(column, name) for column, (name, _) in enumerate(spec.categorical) if name not in shares]
        lost = draw.random((len(batch), len(columns)), np.float32) < fields
        for place, (_, name) in enumerate(columns):
            if name in batch.shared:
                lost[:, place] = chosen(fields, [name])
        numbers = [column for column, _ in columns]
        batch.ids[:, numbers] = np.where(lost, 0, batch.ids[:, numbers])

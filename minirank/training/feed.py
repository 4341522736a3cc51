"""What a training reads: the batches of an epoch, from any step on.

A batch is the rows of one step, in the order that `batches.epoch_steps` gives an epoch, with the labels and weights that training sees
(`with_targets`), without the names that are forgotten in this epoch, with the inputs hidden that this step hides, and with the key of
its dropout. All of it follows from (seed, epoch, step).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..config.configuration import Config
from ..config.model import TaskConfig
from ..data import Dataset
from ..errors import RunError
from ..kernels.batch import Batch, forget, same_in_searches, searches
from ..kernels.plan import Plan
from .batches import FORGOTTEN, HIDDEN, dropout_key, epoch_steps, generator, hide_inputs, take_targets, with_targets
from .checkpoint import Cursor

PART_ROWS = 2**16  # unpacked at a time, where not all rows are in memory


def shared_in_searches(dataset: Dataset) -> tuple[str, ...]:
    """Names of the inputs that are the same in all training rows of each search; rows are read part by part."""
    train, spec = dataset.train, dataset.inputs
    first, _ = searches(dataset.rows.groups[train])
    names: tuple[str, ...] = (*(name for name, _ in (*spec.categorical, *spec.bags)), *spec.dense)
    cuts = np.unique(first[np.searchsorted(first, np.arange(PART_ROWS, first[-1], PART_ROWS))])
    for part in np.split(train, cuts):
        same = {*same_in_searches(dataset.rows.take(part), spec)}
        names = tuple(name for name in names if name in same)
    return names


def epoch_batches(
    config: Config, plan: Plan, dataset: Dataset, shared: tuple[str, ...], seed: int, cursor: Cursor, checkpoint: Path
) -> Iterator[tuple[int, Batch]]:
    """Number and batch of each step that is left of the epoch; a GPU works on one while the next is taken from the data.

    Args:
        shared: as `Prepared.shared`.
        seed: of the training that is under way. cursor: its place, read before the first batch. checkpoint: where that is kept.
    Raises:
        RunError: the epoch has no such place.
    """
    settings, train, epoch = config.training, dataset.train, cursor.epoch
    groups = dataset.rows.groups[train] if plan.grouped or settings.batches == "searches" else None
    steps = epoch_steps(train, groups, settings.step_rows, seed, epoch)
    if cursor.batch > len(steps) or cursor.rows > len(train) or (cursor.batch == 0) != (cursor.rows == 0):
        raise RunError(f"{checkpoint}: is at a step that epoch {epoch} does not have; train again with --force")
    model = config.model

    def batches() -> Iterator[tuple[int, Batch]]:
        for part, numbers, places in at_hand(dataset, config.tasks, steps, cursor.batch):
            rows = forget(part, plan.spec, model.name_unknown_share, generator(seed, FORGOTTEN, epoch))
            for number, place in zip(numbers, places):
                batch = replace(rows.take(place), key=dropout_key(seed, epoch, number), shared=shared)
                draw = generator(seed, HIDDEN, epoch, number)
                hide_inputs(batch, plan.spec, plan.unknown_share, draw, model.read_unknown_share, model.field_unknown_share)
                yield number, batch

    made = batches()
    if settings.backend != "cuda":
        yield from made
        return
    with ThreadPoolExecutor(1) as thread:
        following = thread.submit(next, made, None)
        while (found := following.result()) is not None:
            following = thread.submit(next, made, None)
            yield found


def at_hand(
    dataset: Dataset, tasks: Sequence[TaskConfig], steps: Sequence[np.ndarray], first: int
) -> Iterator[tuple[Batch, range, Sequence[np.ndarray]]]:
    """The rows of the steps from `first` on as training sees them, in memory: all at once where they are there, else part by part.

    Returns:
        rows; the steps that are made of these; of each the places of its rows among them.
    """
    if isinstance(dataset.rows, Batch):
        yield with_targets(dataset.rows, tasks, dataset.to_come), range(first, len(steps)), steps[first:]
        return
    while first < len(steps):
        last, count = first + 1, len(steps[first])
        while last < len(steps) and count + len(steps[last]) <= PART_ROWS:
            count, last = count + len(steps[last]), last + 1
        wanted = np.concatenate(steps[first:last])
        ends = np.cumsum([len(step) for step in steps[first : last - 1]])
        yield take_targets(dataset, tasks, wanted), range(first, last), np.split(np.arange(count), ends)
        first = last

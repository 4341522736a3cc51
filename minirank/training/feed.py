"""What a training reads: the batches of an epoch, from any step on.

A batch is the rows of one step, in the order that `batches.epoch_steps` gives an epoch, with the labels and weights that training sees
(`with_targets`), without the names that are forgotten in this epoch, with the inputs hidden that this step hides, and with the key of
its dropout. All of it follows from (seed, epoch, step).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from ..config.configuration import Config
from ..data import Dataset
from ..errors import RunError
from ..kernels.batch import Batch, forget
from ..kernels.plan import Plan
from .batches import FORGOTTEN, HIDDEN, dropout_key, epoch_steps, generator, hide_inputs, with_targets
from .checkpoint import Cursor


def epoch_batches(config: Config, plan: Plan, dataset: Dataset, seed: int, cursor: Cursor, checkpoint: Path) -> Iterator[tuple[int, Batch]]:
    """Number and batch of each step that is left of the epoch; a GPU works on one while the next is taken from the data.

    Args:
        seed: of the training that is under way. cursor: its place, read before the first batch. checkpoint: where that is kept.
    Raises:
        RunError: the epoch has no such place.
    """
    settings, train, epoch = config.training, dataset.train, cursor.epoch
    groups = dataset.rows.groups[train] if plan.grouped else None
    steps = epoch_steps(train, groups, settings.batch_rows, seed, epoch)
    if cursor.batch > len(steps) or cursor.rows > len(train) or (cursor.batch == 0) != (cursor.rows == 0):
        raise RunError(f"{checkpoint}: is at a step that epoch {epoch} does not have; train again with --force")
    left = range(cursor.batch, len(steps))
    rows = forget(
        with_targets(dataset.rows, config.tasks, dataset.to_come),
        plan.spec,
        config.model.name_unknown_share,
        generator(seed, FORGOTTEN, epoch),
    )

    def take(number: int) -> Batch:
        batch, model = replace(rows.take(steps[number]), key=dropout_key(seed, epoch, number)), config.model
        draw = generator(seed, HIDDEN, epoch, number)
        hide_inputs(batch, plan.spec, plan.unknown_share, draw, model.read_unknown_share, model.field_unknown_share)
        return batch

    if settings.backend != "cuda":
        yield from ((number, take(number)) for number in left)
        return
    with ThreadPoolExecutor(1) as thread:
        following = None
        for number in left:
            batch = (following or thread.submit(take, number)).result()
            following = thread.submit(take, number + 1) if number + 1 < len(steps) else None
            yield number, batch

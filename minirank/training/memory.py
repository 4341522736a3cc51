"""What a training takes in memory, and what there is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from ..config.configuration import TrainingConfig
from ..errors import ConfigError
from ..kernels.plan import Plan

ADDRESSABLE = 2**47  # bytes of a process


@contextmanager
def enough_memory(training: TrainingConfig, plan: Plan) -> Iterator[None]:
    """Turn the errors of a model that does not fit into memory into one line.

    Raises:
        ConfigError: says how much the parameters, their gradients, Adam's moments, and the models of several seeds take.
    """
    copies = (5 if training.average else 4) + (2 * training.seeds if training.seeds > 1 else 0)  # at the end all seeds, as they are read
    needed = copies * training.dtype.itemsize * (plan.size(table=False) + plan.size(table=True))
    try:
        if needed > min(ADDRESSABLE, _physical_memory()):  # the system may promise more, and end the process that takes it
            raise MemoryError
        yield
    except MemoryError:
        seeds = f"training.seeds (it is {training.seeds}), " if training.seeds > 1 else ""
        raise ConfigError(
            f"out of memory: training needs {needed / 2**30:,.1f} GiB for parameters alone; lower {seeds}model.embedding, hidden widths, "
            f"features.buckets, training.batch_rows (it is {training.batch_rows}) or training.threads (it is {training.threads})"
        ) from None


def _physical_memory() -> int:
    """Bytes that the machine has, as far as it says so."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return ADDRESSABLE
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")

"""What `training.memory` allows: whether rows are unpacked into memory, or stay where they are kept and are unpacked part by part.

Either way a training has the same bytes. A process without rows takes `PROCESS` bytes; what is known of
each row besides its inputs, such as labels, parts and searches, `A_ROW`; rows in memory are there `COPIES` times while they are used.
"""

from __future__ import annotations

import math

from ..config.byte_sizes import bytes_of, size_text
from ..config.configuration import Config
from ..data import Dataset
from ..data.kept.mapped_rows import MappedRows
from ..errors import ConfigError
from ..kernels.batch import Batch

PROCESS = 450e6
A_ROW = 80
COPIES = 1.5


def most_for_rows(config: Config, rows: int) -> float | None:
    """Bytes that unpacked rows may take; None without `training.memory`.

    Args:
        rows: N, of the data.
    Raises:
        ConfigError: not even the rows' labels fit.
    """
    if config.training.memory is None:
        return None
    memory = bytes_of(config.training.memory)
    needed = PROCESS + A_ROW * rows
    if needed > memory:
        problem = f"{rows:,} rows need {math.ceil(needed / 1e6)}MB even where their inputs are read part by part"
        raise ConfigError(
            f"training.memory is {config.training.memory}, but {problem}; set it to that or more (of a run: in its config.yaml)"
        )
    return (memory - needed) / COPIES


def memory_line(config: Config, dataset: Dataset) -> str | None:
    """What was planned; None without `training.memory`."""
    if config.training.memory is None:
        return None
    rows = dataset.rows
    if isinstance(rows, MappedRows):
        left = size_text(most_for_rows(config, len(rows)) or 0)
        size, how = rows.bytes_in_memory, f"more than the {left} that it leaves for them, are read part by part from where they are kept"
    else:
        size, how = in_memory_bytes(rows), "are in memory"
    return f"training.memory is {config.training.memory}: {len(rows):,} rows, which take {size_text(size)} in memory, {how}"


def in_memory_bytes(rows: Batch) -> int:
    """Of the inputs."""
    bags = sum(bag.entity.nbytes + bag.offsets.nbytes + bag.ids.nbytes for bag in rows.bags)
    return rows.ids.nbytes + rows.dense.nbytes + bags

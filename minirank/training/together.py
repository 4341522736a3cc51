"""What the ranks of a training settle with each other before its first step (see `minirank/parallel`)."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..config.byte_sizes import bytes_of
from ..config.configuration import Config, without_paths
from ..errors import ConfigError
from ..kernels.parameters import Arena, TrainState
from ..parallel.ranks import Ranks
from ..parallel.shards import Shards
from ..run.folder import versions
from .checkpoint import Cursor, load_numbers
from .prepare import Prepared


def with_ranks(config: Config, ranks: Ranks) -> Config:
    """The configuration with the ranks that were launched, and the threads that each of them has by default.

    Raises:
        ConfigError: it wants another number of them, or cannot be trained by several.
    """
    training = config.training
    if training.ranks not in (1, ranks.size):
        started = f"{ranks.size} processes were" if ranks.size > 1 else "one process was"
        remedy = f"start it with mpirun -n {training.ranks}, or set training.ranks: {ranks.size}"
        raise ConfigError(f"training.ranks is {training.ranks}, but {started} launched; {remedy}")
    if training.accumulate > 1 and config.model.gate.balance:
        problem = "training.accumulate takes the parts of a batch one after the other, and model.gate.balance is a loss of all its rows"
        raise ConfigError(f"{problem}; set accumulate: 1 and a larger batch_rows, or balance: 0")
    if ranks.size == 1:
        return config
    if training.backend == "cpu" and training.threads is None:
        from ..kernels.cpu.workers import available_threads

        training = replace(training, threads=ranks.threads(available_threads()))
    try:
        return replace(config, training=replace(training, ranks=ranks.size))
    except ValueError as error:
        raise ConfigError(f"training: {error}") from None


def check_alike(ranks: Ranks, ready: Prepared) -> None:
    """Refuse ranks that would not take the same steps.

    Raises:
        ConfigError: on all of them: names what differs, and on which rank.
    """
    if ranks.size == 1:
        return
    facts = {f"the version of {name}": value for name, value in versions().items()}
    facts |= {"the processor": _processor(), "the data": ready.dataset.fingerprint, "the plan": _sum(str(ready.plan))}
    facts |= _flat(without_paths(ready.config))
    first, *others = ranks.all_of(facts)
    for rank, other in enumerate(others, 1):
        for name in [*first, *(name for name in other if name not in first)]:
            mine, theirs = first.get(name), other.get(name)
            if mine != theirs:
                raise ConfigError(
                    f"{name} is {mine!r} on rank 0 and {theirs!r} on rank {rank}; give all ranks the same configuration, data and "
                    "versions, and machines of one kind"
                )


def _flat(mapping: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """Key path -> value of nested sections."""
    found: dict[str, Any] = {}
    for key, value in mapping.items():
        path = f"{where}.{key}" if where else str(key)
        found |= _flat(value, path) if isinstance(value, dict) else {path: value}
    return found


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _processor() -> str:
    """The kind of processor: another one may round otherwise."""
    from ..kernels.cpu.tile import target_features

    return f"{platform.machine()} with instructions {_sum(' '.join(sorted(name for name, there in target_features().items() if there)))}"


def shards_of(ranks: Ranks, ready: Prepared) -> Shards:
    """Which rows of the tables each rank holds, as `training.split_tables` says."""
    training = ready.config.training
    least = None if training.split_tables is None else bytes_of(training.split_tables)
    return Shards(ready.plan, ranks, least, training.dtype.itemsize)


def state_of_first(
    shards: Shards, ready: Prepared, folder: Path, place: tuple[int, Cursor] | None
) -> tuple[TrainState, Cursor] | tuple[None, None]:
    """What rank 0 reads of a checkpoint, for all ranks; (None, None) where a training begins.

    Args:
        place: as `load_place` gives it to rank 0; None on the others.
    """
    place = shards.ranks.of_first(place)
    if place is None:
        return None, None
    training = ready.config.training
    state = TrainState(Arena(shards.held, training.dtype), training.average > 0)
    state.step, cursor = place
    load_numbers(folder, shards, state)
    return state, cursor

"""The numbers of a plan: flat arenas for parameters and optimiser state, and views of them by name."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import DTypeLike

from .plan import Parameter, Plan

DRAWN = 2**20  # numbers of a table that are drawn at a time


def aligned(size: int, dtype: DTypeLike) -> np.ndarray:
    """Zeros (size,) that start at a multiple of 64 bytes: a vector load never crosses a cache line."""
    dtype = np.dtype(dtype)
    raw = np.zeros(size * dtype.itemsize + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size * dtype.itemsize].view(dtype)


class Arena:
    """One number for every parameter element of a plan: values, gradients, or a moment of Adam.

    Args:
        plan: whose parameters.
        dtype: float32 or float64.

    Attributes:
        dense: (plan.size(False),) the dense parameters.
        tables: (plan.size(True),) the embedding tables.

    An executor packs the dense parameters before it uses them. Where nothing can change them any more, see `freeze`, once is
    enough. Tables are read where they lie.
    """

    def __init__(self, plan: Plan, dtype: DTypeLike = np.float32) -> None:
        self.plan = plan
        self.dense = aligned(plan.size(table=False), dtype)
        self.tables = aligned(plan.size(table=True), dtype)

    def freeze(self) -> Arena:
        """Let nothing change the dense parameters any more; returns this arena. A copy of it can be changed.

        They move into `bytes`, which not even a view that was made before can write to, and which stay read-only for good.
        """
        if not self.frozen:
            self.dense = np.frombuffer(self.dense.tobytes(), self.dense.dtype)
        return self

    @property
    def frozen(self) -> bool:
        """Whether nothing can change the dense parameters any more."""
        return cannot_change(self.dense)

    def view(self, parameter: Parameter) -> np.ndarray:
        """The parameter in its shape; writing to it writes to the arena."""
        arena = self.tables if parameter.table else self.dense
        return arena[parameter.offset : parameter.offset + parameter.size].reshape(parameter.shape)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.view(self.plan.parameters[name])

    def items(self) -> Iterator[tuple[str, np.ndarray]]:
        """(name, view) of every parameter."""
        return ((name, self.view(parameter)) for name, parameter in self.plan.parameters.items())

    def copy(self, dtype: DTypeLike | None = None) -> Arena:
        """A copy, in another precision if `dtype` says so."""
        made = Arena(self.plan, dtype or self.dense.dtype)
        made.dense[:] = self.dense
        made.tables[:] = self.tables
        return made


def cannot_change(array: np.ndarray) -> bool:
    """Whether `Arena.freeze` made it. What was pickled may lie in `bytes` as well, but be written to."""
    return isinstance(array.base, bytes) and not array.flags.writeable


def initial_values(plan: Plan, seed: int, dtype: DTypeLike = np.float32, split: Mapping[str, tuple[int, int, int]] | None = None) -> Arena:
    """Fresh parameters: the same seed gives a parameter of the same name and shape the same numbers in any plan.

    Args:
        split: name of a table -> (V, first, step) where the plan has only some of its V rows: first, first + step, ...
    """
    values = Arena(plan, dtype)
    for name, view in values.items():
        parameter = plan.parameters[name]
        generator = np.random.Generator(np.random.Philox(key=[seed, zlib.crc32(name.encode())]))
        *_, fan_in, fan_out = (1, 1, *parameter.shape)
        if parameter.init == "glorot":
            bound = (6 / (fan_in + fan_out)) ** 0.5
            view[...] = generator.uniform(-bound, bound, parameter.shape)
        elif parameter.init == "he":
            view[...] = generator.normal(0, (2 / fan_in) ** 0.5, parameter.shape)
        elif parameter.init == "embedding":
            _draw_rows(view, generator, *(split or {}).get(name, (len(view), 0, 1)))
        elif parameter.init == "sign":
            view[...] = 1 - 2 * generator.integers(0, 2, parameter.shape)
        elif parameter.init == "mean":
            view[...] = np.tile(np.eye(fan_out), (fan_in // fan_out, 1)) * (fan_out / fan_in)
        elif parameter.init != "zero":
            raise ValueError(f"init of {name} must be glorot, he, embedding, zero, sign or mean, got {parameter.init!r}")
    return values


def _draw_rows(view: np.ndarray, generator: np.random.Generator, length: int, first: int, step: int) -> None:
    """Rows first, first + step, ... of a table of `length` rows, which is drawn part by part."""
    rows = step * max(DRAWN // (step * max(math.prod(view.shape[1:]), 1)), 1)
    for start in range(0, length, rows):
        mine = generator.normal(0, 0.05, (min(rows, length - start), *view.shape[1:]))[first::step]
        view[start // step : start // step + len(mine)] = mine


class TrainState:
    """Everything that a training step changes.

    Attributes:
        values: the parameters. m, v: Adam's moments. step: steps taken so far.
        norm: length of the last step's gradient, where it was asked for (`Adam.clip_norm`); else 0.
        average: a moving average of the values where a training keeps one, else None; a step leaves it alone (`Executor.move_average`).
    """

    def __init__(self, values: Arena, averaged: bool = False) -> None:
        self.values = values
        self.average = values.copy() if averaged else None
        self.m = Arena(values.plan, values.dense.dtype)
        self.v = Arena(values.plan, values.dense.dtype)
        self.step, self.norm = 0, 0.0
        self.decay = decay_mask(values.plan, values.dense.dtype)


def decay_mask(plan: Plan, dtype: DTypeLike) -> np.ndarray:
    """(dense,) 1 where weight decay applies: weight matrices, but not what an id adds (it has its penalty)."""
    mask = aligned(plan.size(table=False), dtype)
    for each in plan.parameters.values():
        if not each.table:
            mask[each.offset : each.offset + each.size] = len(each.shape) == 2 and each.init not in ("zero", "mean")
    return mask

"""A kind of operation: one class holds all that any part of the package needs to know about it, and registers itself.

    class Scale(Kind, name="scale"):            in ops/scale.py; the plan, the executors and the benchmarks find it by its name

| who asks | for what |
| --- | --- |
| plan.py | `check`, `multiplies`, `compares_rows`, `training_only` |
| split.py | `inputs_of`, `multiplies`, `adds_to_output`, `by_id`, `by_column`, `rounds` |
| task_gradients.py | `behind`; column j of the output reads column j of each parameter, whose last axis is as long |
| reference.py | `forward`, `backward` |
| cpu/ | `forward_tile`, `backward_tile`, `pack`, `fold`, `integer_attributes`, `float_attribute`, `second_float`, `sizes`, |
| cpu/ | `overwrites`, `inputs_of`, `sum_tile` |
| cpu/, tests | `why_not`, `rounds` |
| cuda/ | `reads`, `adds_to_output`, `multiplies`, `by_id`, `table`, `compares_rows`, `of_batch`; its own functions: cuda/steps.py |
| bench/ | `count` |
"""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

import numpy as np

KINDS: dict[str, Kind] = {}


class Sizes(NamedTuple):
    """Memory that an operation takes in the cpu executor, in numbers.

    Attributes:
        panels: of packed weights. biases: of packed biases. scratch: for a row of a tile. gradients: columns of the input gradients that
            the step of an embedding table reads. sums: over all rows of the batch.
    """

    panels: int = 0
    biases: int = 0
    scratch: int = 0
    gradients: int = 0
    sums: int = 0


class Count(NamedTuple):
    """What a pass over a batch does at least: floating-point operations, and numbers that it reads and writes.

    A multiply-add counts 2; a comparison, a division, a square root, an exponential and a logarithm count 1. Numbers are those that
    a kernel asks for at its first use of them in a tile, whatever level of the memory they come from: each operand once,
    an array that is added to twice, weights once a tile.
    """

    flop: float = 0
    numbers: float = 0


class Kind:
    """Base of all kinds, of each of which there is one object, in `KINDS`; `op` is always a row of the plan (`plan.Operation`).

    Attributes:
        integer_attributes: those of the row that kernels read, at most two. float_attribute, second_float: those that are floats.
        reads: what it reads of the batch: the ids of a "field", a "bag", the "dense" columns.
        table: its parameter is an embedding table. multiplies: its first parameter is a matrix that its input is multiplied by.
        by_column: column j of its output depends on column j of its one input alone, and on number j of its parameter.
        by_id: its parameters are chosen by the ids of its field. adds_to_output: it adds to its output instead of writing it.
        compares_rows: it compares the rows of a search, which must stay together. training_only: a prediction leaves it out.
        of_batch: a loss of sums over all rows of the batch, to which its `sum_tile` adds, in a walk before that of the step.
        precompiled: compiled before the first step of any model.
        rounds: it rounds what it multiplies to fewer bits than float32 has, and sums in float32.
        forward_tile, backward_tile: its kernels for a tile of rows; a loss writes its gradient in the first one, and has no second.
        pack: packs its weights once a step. fold: adds to its packed bias what the columns that all rows share contribute.
    """

    name: ClassVar[str]
    integer_attributes: ClassVar[tuple[str, ...]] = ()
    float_attribute: ClassVar[str | None] = None
    second_float: ClassVar[str | None] = None
    reads: ClassVar[Literal["field", "bag", "dense"] | None] = None
    table = multiplies = by_column = by_id = adds_to_output = compares_rows = of_batch = training_only = rounds = False
    precompiled = True
    forward_tile = backward_tile = pack = fold = sum_tile = None

    def __init_subclass__(cls, name: str | None = None) -> None:
        if name is not None:
            cls.name = name
            KINDS[name] = cls()

    def check(self, op, before) -> None:
        """Refuse a row that the kernels cannot do.

        Args:
            before: the rows of the plan that stand before it.
        Raises:
            ValueError: says what the operation demands.
        """

    def why_not(self) -> str | None:
        """Why this processor has not the instructions for its kernels, in one line; None where it has."""
        return None

    def forward(self, op, state) -> None:
        """Compute the output in NumPy; `state` is a `reference.PassState`."""
        raise NotImplementedError

    def backward(self, op, state) -> None:
        """Add to the gradients of inputs and parameters in NumPy; by default there are none."""

    def attributes(self, op) -> tuple[int, ...]:
        """The integers of a row as kernels read them."""
        return tuple(op.attributes.get(name, -1) for name in self.integer_attributes)

    def sizes(self, op, lanes: int) -> Sizes:
        """Its memory, with `lanes` numbers in a vector."""
        return Sizes()

    def overwrites(self, number: int) -> bool:
        """Whether its backward kernel can write the gradient of its input `number`, instead of adding to what is there."""
        return False

    def inputs_of(self, op, spec) -> list[str]:
        """The name of the input behind each column of its output, where it copies or looks up inputs."""
        return []

    def behind(self, op, read) -> list:
        """Which columns of each input the columns of the output come from, by default all of them from all.

        Args:
            read: (n, width of the output) bool, n choices of columns.
        Returns:
            For each input an array that fills (n, its width).
        """
        return [read.any(axis=1, keepdims=True)] * len(op.inputs)

    def count(self, op, batch, tiles: int, overwrites: list[bool]) -> tuple[Count, Count]:
        """Work of the forward and of the backward pass.

        Args:
            tiles: that the batch is split into. overwrites: for each input whether its gradient is written, not added to.
        """
        raise NotImplementedError


def columns_of(op) -> slice | np.ndarray:
    """Which columns it reads of what it reads in the whole plan, an index: all but of an operation that `split.py` made."""
    runs = op.attributes.get("columns")
    return slice(None) if runs is None else np.concatenate([np.arange(*run) for run in zip(runs[::2], runs[1::2])])


def whole_blocks(*slots) -> None:
    """Refuse a slot that is a part of a block.

    Raises:
        ValueError: names it.
    """
    for slot in slots:
        if slot.width != slot.stride:
            raise ValueError(f"a ReLU and a mixture work on whole blocks, but {slot} is a part of one")


def up_to_vectors(width: int, lanes: int) -> int:
    """Numbers that `width` columns take when they are filled up to whole vectors."""
    return -(-width // lanes) * lanes

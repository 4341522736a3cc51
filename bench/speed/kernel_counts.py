"""Operations and bytes of every kernel, by formula.

Axes: B rows in the batch, t tiles, K and N columns of a layer's input and output, G columns of the input that need a
gradient, D embedding width, n entries (row, id) of a bag, u rows of a table that occur, E experts, H their width,
k rows whose id is known (k_t of one tile), P dense parameters.

What counts as an operation, and which numbers count, says `ops.kind.Count`. Numbers take 4 bytes.

    operations    `Kind.count`, in the file of each (kernels/ops/)
    pack          0, 2KN and the bias; W^T 2NG more, of every layer
    Adam, dense   13P + P(threads - 1), 7P + 3P(threads - 1)
    tables        2nD + 13uD, 3nD + 7uD           n: every row of a gather, or entry of a bag
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minirank.kernels.cpu.encode import first_gradients, input_places
from minirank.kernels.ops import KINDS

SIZE = 4


@dataclass(frozen=True)
class Count:
    """Floating point operations, and bytes."""

    flop: float = 0
    bytes: float = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.flop + other.flop, self.bytes + other.bytes)


def name_of(op) -> str:
    """Kind and shape of an operation: those of one name are one row of a table."""
    if KINDS[op.kind].multiplies:
        return f"{op.kind} {op.inputs[0].width} x {op.output.width}{' ReLU' * op.attributes.get('relu', 0)}"
    if op.kind == "mixture":
        return f"mixture {len(op.inputs) - 1} x {op.output.width}"
    return op.kind if op.output is None else f"{op.kind} {op.output.width}"


def operations(plan, batch, tiles) -> list[tuple[Count, Count]]:
    """(forward, backward) of every operation of a plan.

    Args:
        tiles: t, their number.
    """
    first, _ = first_gradients(plan)
    found = []
    for number, op in enumerate(plan.operations):
        overwrites = [(number, place) in first for place in input_places(op)]
        forward, backward = KINDS[op.kind].count(op, batch, tiles, overwrites)
        found.append((_count(*forward), _count(*backward)))
    return found


def _count(flop, numbers):
    return Count(flop, SIZE * numbers)


def packing(plan) -> tuple[Count, Count]:
    """Of W with the biases, and of W^T."""
    plain = transposed = 0
    for op in plan.operations:
        if KINDS[op.kind].multiplies:
            copies = op.parameters[0].shape[0] if KINDS[op.kind].by_id else 1
            plain += copies * op.inputs[0].width * op.output.width + (0 if KINDS[op.kind].by_id else op.output.width)
            transposed += copies * op.inputs[0].differentiable * op.output.width
    return _count(0, 2 * plain), _count(0, 2 * transposed)


def adam(plan, threads) -> Count:
    """The step of the dense parameters."""
    size = plan.size(table=False)
    return _count((12 + threads) * size, (4 + 3 * threads) * size)


def tables(plan, batch) -> Count:
    """The steps of the tables: gradients summed by id, Adam on the rows that occur."""
    found: dict[str, list] = {}
    for op in plan.forward:
        if KINDS[op.kind].table:
            found.setdefault(op.parameters[0].name, []).append(KINDS[op.kind].used_ids(op, batch))
    total = Count()
    for name, ids in found.items():
        every, width = np.concatenate(ids), plan.parameters[name].shape[1]
        unique = len(np.unique(every))
        total += _count((2 * len(every) + 13 * unique) * width, (3 * len(every) + 7 * unique) * width)
    return total

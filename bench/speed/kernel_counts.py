"""Operations and bytes of every kernel, by formula.

Axes: B rows in the batch, t tiles, K and N columns of a layer's input and output, G columns of the input that need a
gradient, D embedding width, n entries (row, id) of a bag, u rows of a table that occur, E experts, H their width,
k rows whose id is known (k_t of one tile), P dense parameters.

A multiply-add counts 2; a comparison, a division, a square root, an exponential and a logarithm count 1. Bytes are those
that a kernel asks for at its first use of them in a tile, whatever level of the memory they come from: each operand once,
an array that is added to twice, weights once a tile. Numbers take 4 bytes (s below).

                  forward: operations, numbers                backward: operations, numbers
    dense         2BKN + BN   B(K + N) + tKN                  2BKN + 2BNG + 2BN, B(K + 5N + 2G) + t(2KN + NG)
    copy          0           2BK
    gather        0           2BD                             0           2BD (kept for the table's step)
    bag           2nD + BD    nD + 2BD                        0           2BD
    bias_by_id    kN          3kN                             kN          3kN
    dense_by_id   2kKN + kN   k(2K + 3N) + tRKN               2kKN + 2kNG + kG   k(2K + 3N + 3G) + tR(2KN + NG)
    softmax       6BN         2BN                             5BN         4BN
    mixture       2BEH        B(E + EH + H)                   4BEH        B(3E + 2EH + H), EH more where it adds
    bce           17 a label  5 a label                       mse 9, entire 66, listwise 14 a row, pairwise 18 a pair, 5 a label each
    pack          0           2KN and the bias; W^T 2NG more, of every layer
    Adam, dense   13P + P(threads - 1)    7P + 3P(threads - 1)
    tables        2nD + 13uD              3nD + 7uD           n: every row of a gather, or entry of a bag

`dense` backward reads dy, y, writes dz, the packed dz and reads that again; dx counts 2 where it is added to and 1 where
this layer writes it first; G = 0 leaves out the input's gradient.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minirank.kernels.cpu.encode import fresh_gradients, input_places
from minirank.kernels.ops.embedding import bag_entries
from minirank.kernels.ops.losses import entire_label

SIZE = 4
LOSSES = {"bce": 17, "mse": 9, "bce_entire": 66, "listwise": 14, "pairwise": 18}


@dataclass(frozen=True)
class Count:
    """Floating point operations, and bytes."""

    flop: float = 0
    bytes: float = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.flop + other.flop, self.bytes + other.bytes)


def name_of(op) -> str:
    """Kind and shape of an operation: those of one name are one row of a table."""
    if op.kind in ("dense", "dense_by_id"):
        return f"{op.kind} {op.inputs[0].width} x {op.output.width}{' ReLU' * op.attributes.get('relu', 0)}"
    if op.kind == "mixture":
        return f"mixture {len(op.inputs) - 1} x {op.output.width}"
    return op.kind if op.output is None else f"{op.kind} {op.output.width}"


def operations(plan, batch, tiles) -> list[tuple[Count, Count]]:
    """(forward, backward) of every operation of a plan.

    Args:
        tiles: t, their number.
    """
    fresh, _ = fresh_gradients(plan)
    return [
        _operation(op, batch, tiles, [(number, place) in fresh for place in input_places(op)]) for number, op in enumerate(plan.operations)
    ]


def _operation(op, batch, tiles, fresh):
    rows = len(batch)
    if op.output is None:
        return _loss(op, batch), Count()
    width = op.output.width
    if op.kind == "dense":
        (x,) = op.inputs
        k, g = x.width, x.differentiable
        adds = g * (1 if fresh[0] else 2)
        return (
            _count(2 * rows * k * width + rows * width, rows * (k + width) + tiles * k * width),
            _count(2 * rows * width * (k + g + 1), rows * (k + 5 * width + adds) + tiles * width * (2 * k + g)),
        )
    if op.kind == "dense_by_id":
        (x,), known, roles = op.inputs, _known(op, batch), op.parameters[0].shape[0]
        k, g = x.width, x.differentiable
        return (
            _count(2 * known * k * width + known * width, known * (2 * k + 3 * width) + tiles * roles * k * width),
            _count(2 * known * width * (k + g) + known * g, known * (2 * k + 3 * width + 3 * g) + tiles * roles * width * (2 * k + g)),
        )
    if op.kind == "bias_by_id":
        each = _known(op, batch) * width
        return _count(each, 3 * each), _count(each, 3 * each)
    if op.kind == "softmax":
        return _count(6 * rows * width, 2 * rows * width), _count(5 * rows * width, 4 * rows * width)
    if op.kind == "mixture":
        experts = len(op.inputs) - 1
        kept = 2 * experts * width + sum(width for new in fresh[1:] if not new)
        return (
            _count(2 * rows * experts * width, rows * (experts + experts * width + width)),
            _count(4 * rows * experts * width, rows * (3 * experts + kept + width)),
        )
    if op.kind == "bag":
        entries = entries_of(op, batch)
        return _count(2 * entries * width + rows * width, entries * width + 2 * rows * width), _count(0, 2 * rows * width)
    return _count(0, 2 * rows * width), _count(0, 2 * rows * width if op.kind == "gather" else 0)


def _count(flop, numbers):
    return Count(flop, SIZE * numbers)


def _known(op, batch):
    """Rows whose id is known to the parameters of an operation."""
    return int((batch.ids[:, op.attributes["field"]] > 0).sum())


def entries_of(op, batch) -> int:
    """Rows of a gather, entries of a bag."""
    return len(batch) if op.kind == "gather" else len(bag_entries(batch.bags[op.attributes["bag"]])[0])


def _loss(op, batch):
    label = batch.labels[:, op.attributes["task"]]
    if op.kind == "bce_entire":
        label = entire_label(batch.labels[:, op.attributes["given"]], label)
    there = ~np.isnan(label)
    each = there.sum()
    if op.kind == "pairwise":
        borders = np.flatnonzero(np.diff(batch.groups)) + 1
        each = sum((some[:, None] > some[None, :]).sum() for some in np.split(label, borders))
    return _count(LOSSES[op.kind] * float(each), 5 * int(there.sum()))


def packing(plan) -> tuple[Count, Count]:
    """Of W with the biases, and of W^T."""
    plain = transposed = 0
    for op in plan.operations:
        if op.kind in ("dense", "dense_by_id"):
            copies = op.parameters[0].shape[0] if op.kind == "dense_by_id" else 1
            plain += copies * op.inputs[0].width * op.output.width + (op.output.width if op.kind == "dense" else 0)
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
        if op.kind in ("gather", "bag"):
            ids = batch.ids[:, op.attributes["field"]] if op.kind == "gather" else bag_entries(batch.bags[op.attributes["bag"]])[1]
            found.setdefault(op.parameters[0].name, []).append(ids)
    total = Count()
    for name, ids in found.items():
        every, width = np.concatenate(ids), plan.parameters[name].shape[1]
        unique = len(np.unique(every))
        total += _count((2 * len(every) + 13 * unique) * width, (3 * len(every) + 7 * unique) * width)
    return total

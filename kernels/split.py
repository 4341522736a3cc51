"""A plan in two: what the rows of a search share is computed once for the search, the rest for each of its rows.

A layer that reads the input vector x is a sum over its columns. Some of them, those of the job and of the recruiter, are the same in all
rows of a search (`Batch.shared`); X is the part of x that they make, (S, K'), one row a search; x'' (B, K'') are a row's own columns:

    z_b = x_b W + b = (X_s W' + b) + x''_b W''          s: the search of row b;  W', W'': rows of W

Backward, with dz (B, N) given. Each line inverts a part of the line above, and what is summed first is multiplied once a search:

    dZ_s = sum of dz_b over the rows b of s
    dW'' += x''^T dz,    dx'' += dz W''^T                       (B rows)
    dW'  += X^T dZ,      dX   += dZ W'^T,     db += sum_s dZ_s  (S rows)

So the embeddings of a job are looked up, and get their gradient, once a search, too. With 20 rows a search and half of x shared, a step of
the benchmark's `base` has 1.60 times less arithmetic. In this form two plans are enough: one whose rows are searches, with inputs X and
the outputs Z = X W' + b, and one whose rows are rows, whose layers begin with Z_s in place of their bias. Sources: RecD (Zhao et al.,
MLSys 2023), request-only optimisation (Meta, 2025).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .ops import KINDS
from .plan import Operation, Plan, Slot, runs_where

LEAST = 2  # rows a search, in the mean of a batch: with fewer there is little to share


@dataclass(frozen=True)
class Split:
    """Two plans over the parameters of one.

    Attributes:
        searches: whose rows are searches; operations alone, no loss. rows: the rest; attribute `of_search` of one of its operations is
            the slot of `searches` that holds Z.

    In both an operation with the attribute `columns`, [first, end, first, end, ...], reads these columns alone of what it reads in
    the whole plan: of its first parameter those rows, or of the dense inputs those columns.
    """

    searches: Plan
    rows: Plan


def split(plan: Plan, shared: tuple[str, ...]) -> Split | None:
    """The plan in two, or None where no layer reads anything that a search shares beside something of a row's own.

    What keeps a block of inputs whole: an operation reads it that is no sum over columns, such as a product of two columns (`modulate`);
    layers that round what they multiply keep the whole plan, for a sum that is rounded once is another one than a sum of rounded ones.

    Args:
        shared: names of inputs, as in `Batch.shared`.
    """
    if not shared or any(KINDS[op.kind].rounds for op in plan.operations):
        return None
    masks = _masks(plan, shared)
    return _Splitter(plan, shared, masks).split() if masks else None


def _masks(plan: Plan, shared: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Block -> (width,) bool, the columns that a search shares, of each block that is taken apart."""
    masks = {name: plan.columns_of(Slot(name, 0, width, 0, width, 0), shared) for name, (_, width) in plan.blocks.items()}
    scaling = [op for op in plan.forward if KINDS[op.kind].by_column]
    for op in scaling:
        x = op.inputs[0]
        if op.output is not None and op.output.width == op.output.stride:
            masks[op.output.block] = masks[x.block][x.column : x.column + x.width]
    masks = {name: mask for name, mask in masks.items() if mask.any() and not mask.all()}
    while True:
        whole = {slot.block for op in plan.operations for slot in op.inputs if slot.block in masks and not _apart(plan, op, masks, shared)}
        whole |= {op.output.block for op in scaling if op.output is not None and op.inputs[0].block not in masks} & masks.keys()
        if not whole:
            return masks
        masks = {name: mask for name, mask in masks.items() if name not in whole}


def _apart(plan: Plan, op: Operation, masks: dict[str, np.ndarray], shared: tuple[str, ...]) -> bool:
    """Whether an operation on a block of `masks` can be done in two parts, each of which has some of the columns."""
    if len(op.inputs) > 1:
        return False
    kind, (x,) = KINDS[op.kind], op.inputs
    mask = masks[x.block][x.column : x.column + x.width]
    if not mask.any() or mask.all():
        return False
    if kind.by_column:
        return op.output is not None and op.output.block in masks
    if kind.adds_to_output:  # to what another one has begun
        begun = any(other.kind == "dense" and (other.inputs, other.output) == (op.inputs, op.output) for other in plan.forward)
        return kind.multiplies and begun and _field(plan, op) in shared
    return kind.multiplies


def _field(plan: Plan, op: Operation) -> str:
    """The categorical field whose ids choose the parameters of an operation."""
    return plan.spec.categorical[op.attributes["field"]][0]


class _Splitter:
    """Builds both plans."""

    def __init__(self, plan: Plan, shared: tuple[str, ...], masks: dict[str, np.ndarray]) -> None:
        self.plan, self.shared, self.masks = plan, shared, masks
        self.blocks: tuple[dict[str, tuple[int, int]], ...] = ({}, {})  # of searches, and of rows
        self.operations: tuple[list[Operation], ...] = ([], [])
        self.sums: dict[Slot, Slot] = {}  # output of a layer -> its Z
        for name, (_, width) in plan.blocks.items():
            if name in masks:
                self._block(0, name, int(masks[name].sum()))
                self._block(1, name, int((~masks[name]).sum()))
            else:
                self._block(1, name, width)

    def split(self) -> Split:
        """Both."""
        for op in self.plan.operations:
            self._add(op)
        searches, rows = (
            replace(self.plan, operations=tuple(operations), blocks=blocks, logits=logits, outputs={})
            for operations, blocks, logits in zip(
                self.operations, self.blocks, (next(iter(self.sums.values())), self._part(1, self.plan.logits))
            )
        )
        return Split(searches, rows)

    def _add(self, op: Operation) -> None:
        """One operation of the whole plan, to one of them or to both."""
        kind, z = KINDS[op.kind], None if op.output is None else self.sums.get(op.output)
        read = op.inputs[0] if op.inputs else op.output
        if read is not None and read.block in self.masks:
            mask = self.masks[read.block][read.column : read.column + read.width]
            for which, chosen in enumerate((mask, ~mask)):
                if chosen.any():
                    columns = () if chosen.all() else (("columns", runs_where(chosen)),)
                    self._put(which, op, z, **dict(columns))
        else:
            self._put(0 if z is not None and kind.by_id and _field(self.plan, op) in self.shared else 1, op, z)

    def _put(self, which: int, op: Operation, z: Slot | None, **more: Any) -> None:
        """An operation of which this plan has all or some columns."""
        kind = KINDS[op.kind]
        output = None if op.output is None else self._part(which, op.output)
        inputs, parameters, attributes = tuple(self._part(which, slot) for slot in op.inputs), op.parameters, op.attributes | more
        if more and kind.multiplies and not kind.adds_to_output:
            assert op.output is not None
            if which == 0:
                width = op.output.width
                self.sums[op.output] = z = self._block(0, f"{op.output} of the search", width)
                attributes["relu"] = 0
            else:
                parameters, attributes = parameters[:1], attributes | {"of_search": self.sums[op.output]}
        if which == 0 and z is not None:
            output = z
        self.operations[which].append(Operation(op.kind, output, inputs, parameters, attributes))

    def _block(self, which: int, name: str, width: int) -> Slot:
        """A new block, all of it."""
        blocks = self.blocks[which]
        blocks[name] = sum(width for _, width in blocks.values()), width
        return Slot(name, blocks[name][0], width, 0, width, width)

    def _part(self, which: int, slot: Slot) -> Slot:
        """Where a slot of the whole plan lies in this one."""
        if slot.block not in self.blocks[which]:
            return slot  # an output of which Z takes the place
        offset, stride = self.blocks[which][slot.block]
        if slot.block not in self.masks:
            return replace(slot, offset=offset)
        mask = self.masks[slot.block] if which == 0 else ~self.masks[slot.block]
        before, inside = mask[: slot.column], mask[slot.column : slot.column + slot.width]
        return Slot(slot.block, offset, stride, int(before.sum()), int(inside.sum()), int(inside[: slot.differentiable].sum()))

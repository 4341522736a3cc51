"""A plan as a compiled driver reads it: integers, floats, and where everything lies (the places are in layout.py)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..ops import KINDS
from ..ops.kind import Sizes, up_to_vectors
from ..plan import Operation, Plan, Slot, runs_where
from . import layout as L
from .vector import BYTES

PACKED = -1  # in place of the kernel that packs: an operation before it does


@dataclass(frozen=True)
class Encoded:
    """A plan for tiles of up to `capacity` rows.

    Attributes:
        table: (operations, .) int64. reals: (2 * operations,) float64, their float attributes (layout.py). runs: int64, see ops/dense.py.
        needed: which rows of the table a tile needs to be predicted.
        cleared: (n, 2) int64, (first element, length) of the gradients that are 0 when a tile begins.
        arena: numbers of a tile's activations. panels: of all packed weights. biases: of packed biases. scratch: of a tile's memory.
        inputs: columns of the gradients of gathers and bags. sums: over the rows of a batch.
        blocks: name -> (first element, elements between rows).
    """

    capacity: int
    table: np.ndarray
    needed: list[int]
    reals: np.ndarray
    runs: np.ndarray
    cleared: np.ndarray
    arena: int
    panels: int
    biases: int
    scratch: int
    inputs: int
    sums: int
    blocks: dict[str, tuple[int, int]]


def encode(plan: Plan, capacity: int, dtype: np.dtype, shared: tuple[str, ...] | None = None, searches: Encoded | None = None) -> Encoded:
    """The plan for tiles of `capacity` rows.

    Args:
        shared: None to train; to predict, names of the inputs that all rows share, which dense layers leave out. The others
            are summed in the order that `InputSpec.of_request` asks for.
        searches: of the other part of a plan that `split` took apart, for the one whose rows are rows.
    """
    extra = max(len(op.inputs) for op in plan.operations) - 1
    table = np.zeros((len(plan.operations), L.EXTRA + L.SLOT * max(extra, 1)), np.int64)
    lanes = BYTES // np.dtype(dtype).itemsize
    strides = {name: up_to_vectors(width, lanes) for name, (_, width) in plan.blocks.items()}
    *starts, arena = np.cumsum([0, *strides.values()]) * capacity
    blocks = {name: (int(start), stride) for start, (name, stride) in zip(starts, strides.items())}
    first_writers, touched = first_gradients(plan)
    reals, runs, used = np.zeros(2 * len(table)), [], Sizes()
    packed: dict[tuple, tuple[int, int]] = {}  # what several layers multiply by -> where it lies
    for number, (op, row) in enumerate(zip(plan.operations, table)):
        kind = KINDS[op.kind]
        row[L.NUMBER], row[L.SECOND], row[L.COUNT] = number, number + len(table), len(op.inputs) - 1
        slots = [(L.OUT, op.output)] if op.output else []
        for position, slot in slots + [*zip(input_places(op), op.inputs)]:
            start, stride = blocks[slot.block]
            is_block = slot.width == plan.blocks[slot.block][1]
            writable = stride - slot.column if is_block or position != L.OUT else slot.width
            row[position : position + L.OVERWRITE] = start + slot.column, stride, slot.width, slot.differentiable, writable
            row[position + L.OVERWRITE] = (number, position) in first_writers
        row[L.MATRIX] = math.prod(op.parameters[0].shape[1:]) if op.parameters else 0
        if "of_search" in op.attributes and searches is not None:
            row[[L.OF_SEARCH, L.SEARCH_STRIDE]] = searches.blocks[op.attributes["of_search"].block]
        row[L.PARAMETER : L.PARAMETER + len(op.parameters)] = [parameter.offset for parameter in op.parameters]
        if op.output is None:
            weighed = plan.log_variance is not None and op.attributes["task"] >= 0
            row[L.PARAMETER] = plan.log_variance.offset + op.attributes["task"] if weighed else -1
        for place, value in zip(L.INTEGERS, kind.attributes(op)):
            row[place] = value
        reals[[number, row[L.SECOND]]] = [op.attributes.get(name, 0) for name in (kind.float_attribute, kind.second_float)]
        read = op.attributes.get("columns", [0, (op.inputs[0] if op.inputs else op.output or plan.logits).width])
        row[L.COLUMNS], runs = len(runs), [*runs, len(read) // 2, *read]
        if kind.fold is not None:
            row[L.RUNS], runs = len(runs), runs + runs_of(plan, op.inputs[0], shared)
        row[L.PANELS], row[L.BIASES], row[L.INPUT_GRADIENT], row[L.SUMS] = used.panels, used.biases, used.gradients, used.sums
        more = kind.sizes(op, lanes)
        if kind.pack and shared is None:
            x, place = op.inputs[0], (used.panels, used.biases)
            row[L.PANELS], row[L.BIASES] = found = packed.setdefault((op.kind, op.parameters, *read, x.width, x.differentiable), place)
            if found != place:
                row[L.PACK], more = PACKED, more._replace(panels=0, biases=0)
        scratch = max(used.scratch, more.scratch)
        used = Sizes(*(a + b for a, b in zip(used, more)))._replace(scratch=scratch)
    cleared = [(blocks[block][0], blocks[block][1] * capacity) for block, clear in touched.items() if clear]
    runs, cleared = np.array(runs, np.int64), np.array(cleared, np.int64).reshape(-1, 2)
    return Encoded(capacity, table, needed(plan, shared), reals, runs, cleared, int(arena), *used, blocks)


def first_gradients(plan: Plan) -> tuple[set[tuple[int, int]], dict[str, bool]]:
    """Which (operation, place of its slot) is the first to write all of a block's gradient; block -> whether it must start at 0.

    Some kinds can write instead of adding (`Kind.overwrites`); a block whose gradient another operation, or a part of
    the block, comes to first must start at 0, and one that nothing reads stays there.
    """
    first, touched = set(), {}
    for number in range(len(plan.operations) - 1, -1, -1):
        op = plan.operations[number]
        for position, (place, slot) in enumerate(zip(input_places(op), op.inputs)):
            if slot.differentiable and slot.block not in touched:
                writes = slot.width == plan.blocks[slot.block][1] and KINDS[op.kind].overwrites(position)
                if writes:
                    first.add((number, place))
                touched[slot.block] = not writes
    read = {slot.block for op in plan.operations for slot in op.inputs}
    return first, touched | {op.output.block: True for op in plan.forward if op.output.block not in read}


def input_places(op: Operation) -> list[int]:
    """Where the input slots of an operation lie in its row of the table."""
    return [L.IN, *range(L.EXTRA, L.EXTRA + L.SLOT * (len(op.inputs) - 1), L.SLOT)][: len(op.inputs)]


def needed(plan: Plan, shared: tuple[str, ...] | None) -> list[int]:
    """Numbers of the operations that a tile needs to be predicted: all but inputs of which no column is read."""
    read = {name: np.zeros(width, bool) for name, (_, width) in plan.blocks.items()}
    for op in plan.forward:
        for x in op.inputs:
            runs = runs_of(plan, x, shared)[1:] if KINDS[op.kind].fold is not None else [0, x.width]
            for first, end in zip(runs[::2], runs[1::2]):
                read[x.block][x.column + first : x.column + end] = True
    for slot in (plan.logits, *plan.outputs.values()):
        read[slot.block][slot.column : slot.column + slot.width] = True
    columns = [read[op.output.block][op.output.column : op.output.column + op.output.width] for op in plan.forward]
    chosen = [number for number, op in enumerate(plan.forward) if op.inputs or KINDS[op.kind].adds_to_output or columns[number].any()]
    predicting = {id(op) for op in plan.predicting}
    return [number for number in chosen if id(plan.forward[number]) in predicting]


def leading_to(plan: Plan, slots: list[Slot]) -> list[int]:
    """Numbers of the forward operations whose output some of these slots depend on."""
    read, found = {name: np.zeros(width, bool) for name, (_, width) in plan.blocks.items()}, []
    for slot in slots:
        read[slot.block][slot.column : slot.column + slot.width] = True
    for number in range(len(plan.forward) - 1, -1, -1):
        op = plan.forward[number]
        if read[op.output.block][op.output.column : op.output.column + op.output.width].any():
            found.append(number)
            for x in op.inputs:
                read[x.block][x.column : x.column + x.width] = True
    return found[::-1]


def runs_of(plan: Plan, x: Slot, shared: tuple[str, ...] | None) -> list[int]:
    """[number, first, end, first, end, ...]: the columns of its input that a dense layer multiplies, in this order."""
    if shared is None:
        return [1, 0, x.width]
    of_request = plan.columns_of(x, shared or plan.spec.of_request)
    first, own = runs_where(of_request), runs_where(~of_request)
    runs = own if shared and own else first + own
    return [len(runs) // 2, *runs]

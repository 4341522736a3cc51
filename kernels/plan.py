"""The plan: a configuration compiled into a flat, printable table of operations.

Axes: B rows, F input width, D embedding width, R roles, E experts, H hidden width, T tasks.

A plan holds no numbers of its own. It says which *operation* reads which *slots* (columns of
activations) and which *parameters* (places in a flat arena), in order. The backward pass is the
same table read from the bottom to the top, each operation replaced by its gradient.

    arena of activations, for B rows          one slot
    +-----------+----------+------+           block "experts", (B, E * H), row-major;
    | x (B, F)  | experts  | ...  |           expert e is its columns e*H .. (e+1)*H
    +-----------+----------+------+
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from .batch import InputSpec
from .ops import KINDS


def runs_where(chosen: np.ndarray) -> list[int]:
    """[first, end, first, end, ...] of the runs of True."""
    return np.flatnonzero(np.diff(chosen, prepend=False, append=False)).tolist()


@dataclass(frozen=True)
class Slot:
    """Columns of one block of activations, (B, width).

    Where a backend lays all blocks into one arena of B rows, element (b, c) is arena[offset * B + b * stride + column + c].

    Args:
        block: name of the block.
        offset: columns of all the blocks before this one.
        stride: columns of the block, the distance between two rows.
        column: first column of the slot within the block.
        width: columns of the slot.
        differentiable: how many of its leading columns need a gradient (dense features need none).
    """

    block: str
    offset: int
    stride: int
    column: int
    width: int
    differentiable: int

    def columns(self, start: int, width: int) -> Slot:
        """The columns start .. start + width of this slot."""
        if start < 0 or start + width > self.width:
            raise ValueError(f"columns {start}..{start + width} lie outside {self} of width {self.width}")
        left = min(max(self.differentiable - start, 0), width)
        return Slot(self.block, self.offset, self.stride, self.column + start, width, left)

    def __str__(self) -> str:
        whole = self.column == 0 and self.width == self.stride
        return self.block if whole else f"{self.block}[{self.column}:{self.column + self.width}]"


@dataclass(frozen=True)
class Parameter:
    """A named tensor in one of two flat arenas.

    Args:
        name: unique within the plan.
        shape: its shape, row-major.
        offset: first element within its arena.
        table: True in the arena of embedding tables (sparse gradients), False in the dense one.
        init: "glorot" (uniform), "he" (normal), "embedding" (normal, deviation 0.05), "zero", "sign" (1 or -1), or "mean" ((K T, T), which
            takes the mean of K groups of T columns).
        penalty: lambda of lambda/2 ||w||^2, counted once a data set.
    """

    name: str
    shape: tuple[int, ...]
    offset: int
    table: bool
    init: str
    penalty: float = 0.0

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Operation:
    """One row of the plan.

    Args:
        kind: a key of `ops.KINDS`.
        output: the slot that it writes (or adds to); None for a loss.
        inputs: the slots that it reads.
        parameters: the parameters that it reads, in the order its kind documents.
        attributes: integers and floats that its kind documents.
    """

    kind: str
    output: Slot | None
    inputs: tuple[Slot, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What an executor runs.

    Args:
        spec: the inputs' names and sizes.
        operations: in forward order; the losses come last.
        parameters: by name.
        blocks: block name -> (offset, width), in columns of the activation arena.
        logits: the (B, T) block that holds one logit a task.
        given: for each task the column of the task that it is conditional on, or -1. With
            `given` the product of both probabilities is the joint one (pCTCVR = pCTR pCVR).
        links: for each task "sigmoid", or "identity" for a regression.
        unknown_share: categorical field -> share of training rows that see it as unknown (id 0).
        training_rows: N, the number of rows that a penalty is spread over.
        log_variance: the (T,) parameter of learned task weights, or None (fixed weights).
        outputs: named slots worth looking at from outside ("gates", for an explanation).
    """

    spec: InputSpec
    operations: tuple[Operation, ...]
    parameters: dict[str, Parameter]
    blocks: dict[str, tuple[int, int]]
    logits: Slot
    given: tuple[int, ...]
    links: tuple[str, ...]
    unknown_share: dict[str, float]
    training_rows: int
    log_variance: Parameter | None
    outputs: dict[str, Slot]

    @property
    def width(self) -> int:
        """Columns of the activation arena."""
        return sum(width for _, width in self.blocks.values())

    def size(self, table: bool) -> int:
        """Elements of the arena of tables (True) or of dense parameters (False)."""
        return sum(p.size for p in self.parameters.values() if p.table == table)

    @cached_property
    def forward(self) -> tuple[Operation, ...]:
        """The operations in front of the losses."""
        return tuple(op for op in self.operations if op.output is not None)

    @cached_property
    def predicting(self) -> tuple[Operation, ...]:
        """The operations that a prediction needs: those whose output it reads, or another one of them."""
        read, needed = {self.logits.block, *(slot.block for slot in self.outputs.values())}, []
        for op in reversed(self.forward):
            if op.output is not None and op.output.block in read and not KINDS[op.kind].training_only:
                needed.append(op)
                read |= {slot.block for slot in op.inputs}
        return tuple(reversed(needed))

    @cached_property
    def losses(self) -> tuple[Operation, ...]:
        """The loss operations, each of which starts a gradient."""
        return tuple(op for op in self.operations if op.output is None)

    def columns_of(self, x: Slot, names: tuple[str, ...]) -> np.ndarray:
        """(width,) bool, the columns of a slot that are the inputs of these names, to which nothing else is added."""
        chosen = np.zeros(x.width, bool)
        for op in self.operations:
            if op.output is not None and op.output.block == x.block:
                first = op.output.column - x.column
                for column, name in enumerate(KINDS[op.kind].inputs_of(op, self.spec) or [None] * op.output.width, start=first):
                    if 0 <= column < x.width:
                        chosen[column] = name in names
        return chosen

    @property
    def loss_names(self) -> tuple[str, ...]:
        """Of each of `losses` its task and kind, such as "ctr.bce"; "gates.balance" of what is of no task."""
        tasks = (*self.spec.tasks, "gates")
        return tuple(f"{tasks[op.attributes['task']]}.{op.kind}" for op in self.losses)

    @property
    def grouped(self) -> bool:
        """True when a loss compares rows of one search, which then must stay together."""
        return any(KINDS[op.kind].compares_rows for op in self.losses)

    def backward(self) -> Iterator[Operation]:
        """The same operations from the last to the first."""
        return reversed(self.operations)

    def in_bfloat16(self) -> Plan:
        """The same plan with products of bfloat16 in the dense layers with a ReLU; see `ops/dense_bfloat16.py`."""
        rounded = (replace(op, kind="dense_bfloat16") if op.kind == "dense" and op.attributes["relu"] else op for op in self.operations)
        return replace(self, operations=tuple(rounded))

    def flops(self) -> int:
        """Multiply-adds times 2 of one row's forward pass, matrix products alone."""
        return sum(2 * op.inputs[0].width * op.output.width for op in self.forward if KINDS[op.kind].multiplies)

    def __str__(self) -> str:
        return format_plan(self)


class PlanBuilder:
    """Collects blocks, parameters and operations; `build` returns the finished plan.

    Attributes:
        prefix: stands in front of the names of blocks and parameters that come, so that a plan can hold a network several times.
        shared: stands in front of those of parameters instead, where several networks share them; None: they do not.
    """

    def __init__(self, spec: InputSpec) -> None:
        self.spec, self.prefix = spec, ""
        self.shared: str | None = None
        self.operations: list[Operation] = []
        self.parameters: dict[str, Parameter] = {}
        self.blocks: dict[str, tuple[int, int]] = {}
        self._width, self._sizes = 0, {False: 0, True: 0}

    def block(self, name: str, width: int, differentiable: int | None = None) -> Slot:
        """A new block of `width` columns, all of them differentiable unless told otherwise."""
        name = self.prefix + name
        if name in self.blocks:
            raise ValueError(f"block {name!r} exists already")
        self.blocks[name] = (self._width, width)
        slot = Slot(name, self._width, width, 0, width, width if differentiable is None else differentiable)
        self._width += width
        return slot

    def parameter(self, name: str, shape: tuple[int, ...], init: str, *, table: bool = False, penalty: float = 0.0) -> Parameter:
        """A parameter; an existing name is shared, and must then be asked for in the same shape; its start and penalty stay."""
        name = (self.prefix if self.shared is None else self.shared) + name
        known = self.parameters.get(name)
        if known is not None:
            if known.shape != shape:
                raise ValueError(f"parameter {name} is {known.shape}, cannot be shared as {shape}")
            return known
        made = Parameter(name, shape, self._sizes[table], table, init, penalty)
        self.parameters[name] = made
        self._sizes[table] += made.size
        return made

    def add(
        self, kind: str, output: Slot | None, inputs: Iterable[Slot] = (), parameters: Iterable[Parameter] = (), **attributes: Any
    ) -> None:
        """Append an operation.

        Raises:
            ValueError: it demands something else of its slots; see `Kind.check`.
        """
        op = Operation(kind, output, tuple(inputs), tuple(parameters), attributes)
        KINDS[kind].check(op, self.operations)
        self.operations.append(op)

    def build(self, logits: Slot, **rest: Any) -> Plan:
        """The finished plan; `rest` are the remaining fields of `Plan`: by default independent probabilities, and nothing besides."""
        tasks = len(self.spec.tasks)
        plain = {"given": (-1,) * tasks, "links": ("sigmoid",) * tasks, "unknown_share": {}, "training_rows": 1, "log_variance": None}
        return Plan(self.spec, tuple(self.operations), self.parameters, self.blocks, logits, **{**plain, "outputs": {}, **rest})


def format_plan(plan: Plan) -> str:
    """The plan as a table: what runs in which order, on what, and where its numbers lie."""
    head = ("#", "operation", "output", "(B, width)", "inputs", "parameters @ offset", "attributes")
    rows: list[tuple[str, ...]] = [head]
    for number, op in enumerate(plan.operations):
        output = ("-", "-") if op.output is None else (str(op.output), f"(B, {op.output.width})")
        parameters = [f"{p.name} {'x'.join(map(str, p.shape))} @ {'t' if p.table else 'd'}{p.offset}" for p in op.parameters]
        attributes = [f"{key}={value:g}" if isinstance(value, float) else f"{key}={value}" for key, value in op.attributes.items()]
        rest = (", ".join(each) or "-" for each in (map(str, op.inputs), parameters, attributes))
        rows.append(tuple(cell.replace("\n", r"\n") for cell in (str(number), op.kind, *output, *rest)))  # a name may be anything
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    lines.insert(1, "-" * max(map(len, lines)))
    sizes = f"{plan.size(False):,} dense parameters (d), {plan.size(True):,} in tables (t), {plan.width:,} activations"
    work = f"{plan.flops():,} FLOP of matrix products a row forward; tasks: {', '.join(plan.spec.tasks)}".replace("\n", r"\n")
    backward = "backward: the same rows from the last to the first, each replaced by its gradient"
    return "\n".join([*lines, "", f"{sizes} and {work}", backward])

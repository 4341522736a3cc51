"""A schedule as the integer tables that kernels read, for batches of at most `capacity` rows.

    activations   values of all blocks, then a column of row losses for each loss, then `shift` further the
                  gradients of the blocks; element (row, c) of a block is offset * capacity + row * stride + c
    parameters    the dense arena (padded to 4 elements), then the tables
    ints          how many searches; ids and entities by column; where searches
                  start; for each field that chooses parameters its rows in order of their id, and where each id starts
    floats        labels, then weights, by task; then dense columns, row by row
    partials      `splits` slices of the dense gradient, then the losses and what else the objective adds
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..plan import Operation, Parameter, Plan, Slot
from . import product, sums, tables, weight_gradients
from .layout import (
    CODE,
    CODES,
    COUNT,
    EXTRA,
    FIRST,
    IN,
    OUT,
    PARAM,
    PARAM2,
    SECOND,
    SYNC,
    THIRD,
)  # fmt: skip
from .schedule import BACKWARD, FORWARD, SEARCH, WALK, Launch, Node, Problem
from .sizes import ROWS, TM, TN

HEADER = 4  # ints before the first column


def padded(size: int) -> int:
    """The next multiple of 4: 16 bytes of float32 or int32."""
    return (size + 3) // 4 * 4


class Places:
    """Where everything lies.

    Args:
        plan: the plan. capacity: rows of the largest batch, a multiple of 4. splits: slices of `partials`.
    """

    def __init__(self, plan: Plan, capacity: int, splits: int) -> None:
        self.plan, self.capacity, self.splits = plan, capacity, splits
        spec = plan.spec
        self.dense = padded(plan.size(table=False))
        self.parameters = self.dense + padded(plan.size(table=True))
        self.shift = (plan.width + len(plan.losses)) * capacity
        self.activations = self.shift + plan.width * capacity
        self.entities = HEADER + len(spec.categorical) * capacity
        self.searches = self.entities + len(spec.bags) * capacity
        end = self.searches + padded(capacity + 1)
        self.orders: dict[int, tuple[int, int]] = {}  # field -> (its rows by id, where each id starts)
        for field in sorted({op.attributes["field"] for op in plan.forward if op.kind in ("bias_by_id", "dense_by_id")}):
            self.orders[field] = end, end + capacity
            end += capacity + padded(spec.categorical[field][1] + 1)
        self.ints = end
        self.dense_columns = 2 * len(spec.tasks) * capacity
        self.floats = self.dense_columns + len(spec.dense) * capacity
        self.penalties = [p for p in plan.parameters.values() if p.penalty]
        self.results = splits * self.dense
        learned = 0 if plan.log_variance is None else plan.log_variance.size
        self.partials = self.results + len(plan.losses) + len(self.penalties) + learned

    def slot(self, slot: Slot) -> list[int]:
        """START, STRIDE, WIDTH, DIFFERENTIABLE of a slot's values."""
        return [slot.offset * self.capacity + slot.column, slot.stride, slot.width, slot.differentiable]

    def parameter(self, parameter: Parameter) -> int:
        """Its first element."""
        return parameter.offset + self.dense * parameter.table

    def ids(self, field: int) -> int:
        """The first id of a categorical field."""
        return HEADER + field * self.capacity

    def loss(self, number: int) -> int:
        """The first row loss of the number-th loss."""
        return (self.plan.width + number) * self.capacity


@dataclass(frozen=True)
class Section:
    """A launch as numbers: rows first .. last of its table, and its grid's other side (rows of a batch are the first)."""

    stage: str
    first: int
    last: int
    rows_a_block: int


@dataclass(frozen=True)
class Encoded:
    """The rows' part of a schedule.

    Args:
        sections: one a launch. steps, reals: of walks and searches. products: the table of product.py.
    """

    sections: tuple[Section, ...]
    steps: np.ndarray
    reals: np.ndarray
    products: np.ndarray


def encode(places: Places, launches: list[Launch]) -> Encoded:
    """The tables of the rows' part, all launches one after the other."""
    sections, steps, reals, table = [], [], [], []
    for launch in launches:
        if launch.stage in (WALK, SEARCH):
            first = len(steps)
            for nodes, meet in launch.steps:
                row, real = encode_step(places, nodes)
                row[SYNC] = int(meet)
                steps.append(row)
                reals.append(real)
            sections.append(Section(launch.stage, first, len(steps), ROWS))
        else:
            tiles = encode_product(places, launch, table)
            sections.append(Section(launch.stage, *tiles, TM))
    width = max((len(row) for row in steps), default=EXTRA)
    filled = np.zeros((max(len(steps), 1), width), np.int64)
    for row, values in zip(filled, steps):
        row[: len(values)] = values
    products = np.array(table or [[0] * 9], np.int64)
    return Encoded(tuple(sections), filled, np.array(reals or [0], np.float32), products)


def encode_step(places: Places, nodes: list[Node]) -> tuple[list[int], float]:
    """A row of steps and its real number."""
    row, node = [0] * EXTRA, nodes[0]
    row[CODE] = CODES.index(node.name)
    if node.name in ("clear", "mask"):
        slots = [slot for each in nodes for slot in each.slots]
        row[COUNT] = len(slots)
        return row + [number for slot in slots for number in places.slot(slot)], 0.0
    op, capacity, spec = node.op, places.capacity, places.plan.spec
    if op.inputs:
        row[IN : IN + 4] = places.slot(op.inputs[0])
        row[COUNT] = len(op.inputs) - 1
        row += [number for slot in op.inputs[1:] for number in places.slot(slot)]
    if op.output is None:
        task = op.attributes["task"]
        row[OUT : OUT + 4] = places.loss(places.plan.losses.index(op)), 1, 1, 0
        row[FIRST], row[SECOND] = task * capacity, (len(spec.tasks) + task) * capacity
        row[THIRD] = op.attributes.get("given", 0) * capacity
        row[PARAM] = -1 if places.plan.log_variance is None else places.parameter(places.plan.log_variance) + task
        return row, op.attributes["factor"]
    row[OUT : OUT + 4] = places.slot(op.output)
    for place, parameter in zip((PARAM, PARAM2), op.parameters):
        row[place] = places.parameter(parameter)
    if "field" in op.attributes:
        row[FIRST] = places.ids(op.attributes["field"])
    elif op.kind == "bag":
        row[FIRST], row[SECOND] = places.entities + op.attributes["bag"] * capacity, op.attributes["bag"]
    elif op.kind == "copy":
        row[FIRST] = places.dense_columns
    else:
        row[FIRST] = op.attributes.get("relu", op.attributes.get("experts", 0))
    return row, op.attributes.get("temperature", 0.0)


def encode_product(places: Places, launch: Launch, table: list[list[int]]) -> tuple[int, int]:
    """Append segments, problems and tiles of a product; (first, last) row of its tiles."""
    problems = []
    for problem in launch.problems:
        first = len(table)
        segments = _backward_segments if launch.stage == BACKWARD else _forward_segments
        table.extend(_row(segment) for segment in segments(places, problem))
        problems.append((_problem(places, launch.stage, problem), first, len(table)))
    numbers = []
    for row, first, last in problems:
        row[product.FIRST_SEGMENT], row[product.LAST_SEGMENT] = first, last
        numbers.append(len(table))
        table.append(row)
    begin = len(table)
    for number, (row, _, _) in zip(numbers, problems):
        table.extend(_row([number, column]) for column in range(0, row[product.COLUMNS], TN))
    return begin, len(table)


def _row(values: list[int]) -> list[int]:
    return values + [0] * (9 - len(values))


def _problem(places: Places, stage: str, problem: Problem) -> list[int]:
    op = problem.nodes[0].op
    if stage == FORWARD:
        start, stride, width, _ = places.slot(op.output)
        return [start, stride, width, 0, places.parameter(op.parameters[1]), op.attributes["relu"], 0, 0, 0]
    start, stride, _, width = places.slot(op.inputs[0])
    return [places.shift + start, stride, width, int(problem.add), -1, 0, int(problem.mask), 0, 0]


def _forward_segments(places: Places, problem: Problem) -> list[list[int]]:
    op = problem.nodes[0].op
    start, stride, inner, _ = places.slot(op.inputs[0])
    return [[start, stride, inner, places.parameter(op.parameters[0]), op.output.width, -1, 0]]


def _backward_segments(places: Places, problem: Problem) -> list[list[int]]:
    rows = []
    for op in (node.op for node in problem.nodes):
        start, stride, width, _ = places.slot(op.output)
        weight = places.parameter(op.parameters[0])
        if op.kind == "dense":
            rows.append([places.shift + start, stride, width, weight, width, -1, 0])
        else:  # one segment for each id: its rows, its weight
            ids = places.ids(op.attributes["field"])
            count, inner, _ = op.parameters[0].shape
            rows += [[places.shift + start, stride, width, weight + r * inner * width, width, ids, r + 1] for r in range(count)]
    return rows


def encode_weight_gradients(places: Places) -> tuple[np.ndarray, int]:
    """(table of weight_gradients.py, number of tiles); the tiles come first."""
    problems = []
    for op in places.plan.forward:
        if op.kind in ("dense", "dense_by_id"):
            x, x_stride, inner, _ = places.slot(op.inputs[0])
            dz, dz_stride, width, _ = places.slot(op.output)
            weight = places.parameter(op.parameters[0])
            head = [x, x_stride, inner, places.shift + dz, dz_stride, width]
            if op.kind == "dense":
                problems.append([*head, weight, places.parameter(op.parameters[1]), -1, 0])
            else:
                order, starts = places.orders[op.attributes["field"]]
                problems += [[*head, weight + r * inner * width, -1, order, starts + r + 1] for r in range(op.parameters[0].shape[0])]
    tiles = [
        [number, row, column] + [0] * 7
        for number, problem in enumerate(problems)
        for row in range(0, problem[weight_gradients.INNER], TM)
        for column in range(0, problem[weight_gradients.COLUMNS], TN)
    ]
    for tile in tiles:
        tile[0] += len(tiles)
    return np.array(tiles + problems, np.int64), len(tiles)


def encode_sums(places: Places) -> tuple[np.ndarray, np.ndarray]:
    """(table, factors) of sums.py: losses, penalties and log variances into the results, then `bias_by_id`."""
    plan, rows, reals, to = places.plan, [], [], places.results
    for number in range(len(plan.losses)):
        rows.append([sums.ROWS_OF, places.loss(number), 1, 0, -1, 0, to + number])
        reals.append(1.0)
    to += len(plan.losses)
    for number, parameter in enumerate(places.penalties):
        rows.append([sums.SQUARES, places.parameter(parameter), 1, parameter.size, -1, 0, to + number])
        reals.append(parameter.penalty / plan.training_rows / 2)
    to += len(places.penalties)
    if plan.log_variance is not None:
        for task in range(plan.log_variance.size):
            rows.append([sums.VALUES, places.parameter(plan.log_variance) + task, 1, 1, -1, 0, to + task])
            reals.append(1.0)
    for op in plan.forward:
        if op.kind == "bias_by_id":
            order, starts = places.orders[op.attributes["field"]]
            start, stride, width, _ = places.slot(op.output)
            count, _ = op.parameters[0].shape
            for r in range(count):
                for j in range(width):
                    to = places.parameter(op.parameters[0]) + r * width + j
                    rows.append([sums.ROWS_OF, places.shift + start + j, stride, 0, order, starts + r + 1, to])
                    reals.append(1.0)
    return np.array(rows, np.int64), np.array(reals, np.float32)


def encode_sources(places: Places) -> np.ndarray:
    """The table `sources` of tables.py, one row for each operation that reads a table."""
    first, stamps = {}, 1  # the first stamp is the clock
    for parameter in places.plan.parameters.values():
        if parameter.table:
            first[parameter.name], stamps = stamps, stamps + parameter.shape[0]
    rows = []
    for op in table_operations(places.plan):
        start, stride, width, _ = places.slot(op.output)
        if op.kind == "gather":
            bag, ids = -1, places.ids(op.attributes["field"])
        else:
            bag = op.attributes["bag"]
            ids = places.entities + bag * places.capacity
        table = places.parameter(op.parameters[0])
        rows.append([bag, places.shift + start, stride, width, table, ids, first[op.parameters[0].name]])
    return np.array(rows or [[0] * 7], np.int64).reshape(-1, len(range(tables.STAMPS + 1)))


def table_operations(plan: Plan) -> list[Operation]:
    """The gathers and bags, in plan order."""
    return [op for op in plan.forward if op.kind in ("gather", "bag")]


def constants(plan: Plan, size: int, decay: np.ndarray) -> np.ndarray:
    """(2 * size,) where weight decay applies, then penalty / N, of each dense parameter."""
    made = np.zeros(2 * size, np.float32)
    made[: len(decay)] = decay
    for parameter in plan.parameters.values():
        if parameter.penalty:
            start = size + parameter.offset
            made[start : start + parameter.size] = parameter.penalty / plan.training_rows
    return made

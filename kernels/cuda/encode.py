"""A schedule as the integer tables that kernels read, for batches of at most `capacity` rows.

activations   values of all blocks, then a column of row losses for each loss, then `shift` further the
              gradients of the blocks; element (row, c) of a block is offset * capacity + row * stride + c
parameters    the dense arena (padded to 4 elements), then the tables
ints          a head: SEARCHES, BATCH_ROWS, SLICES, the halves of the key, COPIES and MOST_SLICES (layout.py), the task of each
              loss, where searches start, for each field that chooses parameters its rows in order of their id, and where each id
              starts; then ids, row by row, and the entities of each bag
floats        labels, then weights, by task; then dense columns, row by row
partials      copies times `slices` slices of the dense gradient (of the operations that sums.py sums the n-th one that uses a parameter
              writes to its n-th copy), then the losses and what else the objective adds
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..ops import KINDS
from ..plan import Operation, Parameter, Plan, Slot
from . import layout as L
from . import product, sort, sums, weight_gradients
from .schedule import BACKWARD, BATCH, FORWARD, SEARCH, WALK, Launch, Node, Problem
from .sizes import ROWS, TM, TN
from .steps import CODES

HEADER = 8  # ints before the tasks of losses


def padded(size: int) -> int:
    """The next multiple of 4: 16 bytes of float32 or int32."""
    return (size + 3) // 4 * 4


class Places:
    """Where everything lies.

    Args:
        plan: the plan. capacity: rows of the largest batch, a multiple of 4. slices: of `partials`, the most that there are.
    """

    def __init__(self, plan: Plan, capacity: int, slices: int) -> None:
        self.plan, self.capacity, self.slices = plan, capacity, slices
        spec = plan.spec
        self.dense = padded(plan.size(table=False))
        self.parameters = self.dense + padded(plan.size(table=True))
        self.shift = (plan.width + len(plan.losses)) * capacity
        self.activations = self.shift + plan.width * capacity
        self.tasks = HEADER
        self.searches = self.tasks + padded(len(plan.losses))
        end = self.searches + padded(capacity + 1)
        self.orders: dict[int, tuple[int, int]] = {}  # field -> (its rows by id, where each id starts)
        for field in sorted({op.attributes["field"] for op in plan.forward if KINDS[op.kind].by_id}):
            self.orders[field] = end, end + capacity
            end += capacity + padded(spec.categorical[field][1] + 1)
        self.head, self.fields = end, len(spec.categorical)
        self.entities = end + self.fields * capacity
        self.ints = self.entities + len(spec.bags) * capacity
        self.dense_columns = 2 * len(spec.tasks) * capacity
        self.gains = self.dense_columns + len(spec.dense) * capacity
        self.floats = self.gains + len(spec.tasks)
        self.penalties = [p for p in plan.parameters.values() if p.penalty]
        uses: dict[str, int] = {}
        self.copy: dict[int, int] = {}  # id of an operation -> which use of its parameters it is
        for op in (op for op in plan.forward if op.parameters and not op.parameters[0].table and not KINDS[op.kind].multiplies):
            self.copy[id(op)] = uses[op.parameters[0].name] = uses.get(op.parameters[0].name, -1) + 1
        self.copies = 1 + max(uses.values(), default=0)
        self.results = self.copies * slices * self.dense
        learned = 0 if plan.log_variance is None else plan.log_variance.size
        self.partials = self.results + len(plan.losses) + len(self.penalties) + learned

    def slot(self, slot: Slot) -> list[int]:
        """START, STRIDE, WIDTH, DIFFERENTIABLE of a slot's values."""
        return [slot.offset * self.capacity + slot.column, slot.stride, slot.width, slot.differentiable]

    def parameter(self, parameter: Parameter) -> int:
        """Its first element."""
        return parameter.offset + self.dense * parameter.table

    def ids(self, field: int) -> int:
        """The first row's id of a categorical field; the next row's is `fields` further."""
        return self.head + field

    def integers(self, op: Operation) -> tuple[int, ...]:
        """What a step reads of the batch: first element and distance of ids, entities and bag, dense columns, labels; else attributes."""
        kind, attributes = KINDS[op.kind], op.attributes
        if op.output is None:
            if kind.of_batch:
                return *kind.attributes(op), len(self.plan.spec.tasks)
            columns = attributes["task"], len(self.plan.spec.tasks) + attributes["task"], attributes.get("given", 0)
            return tuple(column * self.capacity for column in columns)
        if kind.reads == "field":
            return self.ids(attributes["field"]), self.fields
        if kind.reads == "bag":
            return self.entities + attributes["bag"] * self.capacity, attributes["bag"]
        return (self.dense_columns,) if kind.reads == "dense" else kind.attributes(op)

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
class EncodedSchedule:
    """The rows' part of a schedule.

    Args:
        sections: one a launch. steps, reals: of walks and searches. products: the table of product.py.
    """

    sections: tuple[Section, ...]
    steps: np.ndarray
    reals: np.ndarray
    products: np.ndarray


def encode(places: Places, launches: list[Launch]) -> EncodedSchedule:
    """The tables of the rows' part, all launches one after the other."""
    sections, steps, reals, table = [], [], [], []
    for launch in launches:
        if launch.stage in (WALK, SEARCH, BATCH):
            first = len(steps)
            for nodes, meet in launch.steps:
                row, real = encode_step(places, nodes)
                row[L.SYNC] = int(meet)
                steps.append(row)
                reals.append(real)
            sections.append(Section(launch.stage, first, len(steps), ROWS))
        else:
            tiles = encode_product(places, launch, table)
            sections.append(Section(launch.stage, *tiles, TM))
    width = product.LAST_SEGMENT + 1
    of_steps = np.array(reals or [(0, 0)], np.float32).T.ravel()
    return EncodedSchedule(tuple(sections), _filled(steps, L.EXTRA), of_steps, _filled(table, width))


def encode_step(places: Places, nodes: list[Node]) -> tuple[list[int], tuple[float, float]]:
    """A row of steps and its two real numbers."""
    row, node = [0] * L.EXTRA, nodes[0]
    row[L.CODE] = CODES[node.name]
    if node.op is None or node.name == "mask":
        slots = [slot for each in nodes for slot in each.slots]
        row[L.COUNT] = len(slots)
        return row + [number for slot in slots for number in places.slot(slot)], (0.0, 0.0)
    op, kind = node.op, KINDS[node.op.kind]
    if op.inputs:
        row[L.IN : L.IN + 4] = places.slot(op.inputs[0])
        row[L.COUNT] = len(op.inputs) - 1
        row += [number for slot in op.inputs[1:] for number in places.slot(slot)]
    for place, value in zip(L.INTEGERS, places.integers(op)):
        row[place] = value
    if op.output is None:
        row[L.OUT : L.OUT + 4] = places.loss(places.plan.losses.index(op)), 1, 1, 0
        learned = places.plan.log_variance
        weighed = learned is not None and op.attributes["task"] >= 0
        row[L.PARAM] = places.parameter(learned) + op.attributes["task"] if weighed else -1
        row[L.PARAM2] = places.gains + max(op.attributes["task"], 0)
    else:
        row[L.OUT : L.OUT + 4] = places.slot(op.output)
        for place, parameter in zip((L.PARAM, L.PARAM2), op.parameters):
            row[place] = places.parameter(parameter)
    return row, (op.attributes.get(kind.float_attribute, 0.0), op.attributes.get(kind.second_float, 0.0))


def encode_product(places: Places, launch: Launch, table: list[list[int]]) -> tuple[int, int]:
    """Append segments, problems and tiles of a product; (first, last) row of its tiles."""
    problems = []
    for problem in launch.problems:
        first = len(table)
        table += (_backward_segments if launch.stage == BACKWARD else _forward_segments)(places, problem)
        problems.append([*_problem(places, launch.stage, problem), first, len(table)])
    tiles = [[number, column] for number, row in enumerate(problems, len(table)) for column in range(0, row[product.COLUMNS], TN)]
    table += problems + tiles
    return len(table) - len(tiles), len(table)


def _filled(rows: list[list[int]], width: int) -> np.ndarray:
    """At least one row of at least `width` numbers; shorter ones are filled up with 0."""
    made = np.zeros((max(len(rows), 1), max([width, *map(len, rows)])), np.int64)
    for row, values in zip(made, rows):
        row[: len(values)] = values
    return made


def _problem(places: Places, stage: str, problem: Problem) -> list[int]:
    """The row of a problem, up to its segments."""
    op = problem.nodes[0].op
    if stage == FORWARD:
        start, stride, width, _ = places.slot(op.output)
        return [start, stride, width, 0, places.parameter(op.parameters[1]), op.attributes["relu"], 0]
    start, stride, _, width = places.slot(op.inputs[0])
    return [places.shift + start, stride, width, int(problem.add), -1, 0, int(problem.mask)]


def _forward_segments(places: Places, problem: Problem) -> list[list[int]]:
    op = problem.nodes[0].op
    start, stride, inner, _ = places.slot(op.inputs[0])
    return [[start, stride, inner, places.parameter(op.parameters[0]), op.output.width, -1, 0, 0]]


def _backward_segments(places: Places, problem: Problem) -> list[list[int]]:
    rows = []
    for op in (node.op for node in problem.nodes):
        start, stride, width, _ = places.slot(op.output)
        weight = places.parameter(op.parameters[0])
        if not KINDS[op.kind].by_id:
            rows.append([places.shift + start, stride, width, weight, width, -1, 0, 0])
        else:  # one segment for each id: its rows, its weight
            ids = places.ids(op.attributes["field"])
            count, inner, _ = op.parameters[0].shape
            head = places.shift + start, stride, width
            rows += [[*head, weight + r * inner * width, width, ids, places.fields, r + 1] for r in range(count)]
    return rows


def encode_weight_gradients(places: Places) -> tuple[np.ndarray, int]:
    """(table of weight_gradients.py, number of tiles); the tiles come first."""
    problems = []
    for op in places.plan.forward:
        if KINDS[op.kind].multiplies:
            x, x_stride, inner, _ = places.slot(op.inputs[0])
            dz, dz_stride, width, _ = places.slot(op.output)
            weight = places.parameter(op.parameters[0])
            head = [x, x_stride, inner, places.shift + dz, dz_stride, width]
            if not KINDS[op.kind].by_id:
                problems.append([*head, weight, places.parameter(op.parameters[1]), -1, 0])
            else:
                order, starts = places.orders[op.attributes["field"]]
                problems += [[*head, weight + r * inner * width, -1, order, starts + r + 1] for r in range(op.parameters[0].shape[0])]
    last: dict[int, int] = {}  # place of a weight -> the last problem that adds to it
    tiles, chained = [], []
    for number, problem in enumerate(problems):
        before = last.get(problem[weight_gradients.WEIGHT])
        last[problem[weight_gradients.WEIGHT]] = number
        if before is not None:  # the tiles of the first one add it up
            chained.append((before, number))
            continue
        rows, columns = (range(0, problem[size], side) for size, side in ((weight_gradients.INNER, TM), (weight_gradients.COLUMNS, TN)))
        tiles += [[number, row, column] for row in rows for column in columns]
    table = _filled(tiles + [[*problem, -1] for problem in problems], weight_gradients.NEXT + 1)
    table[: len(tiles), 0] += len(tiles)
    for before, number in chained:
        table[len(tiles) + before, weight_gradients.NEXT] = len(tiles) + number
    return table, len(tiles)


def encode_sums(places: Places) -> tuple[np.ndarray, np.ndarray]:
    """(table, factors) of sums.py: losses, penalties and log variances into the results, then `bias_by_id` and `diagonal`."""
    plan = places.plan
    rows = [([sums.ROWS_OF, places.loss(number), 1, 0, -1, 0], 1.0) for number in range(len(plan.losses))]
    for p in places.penalties:
        rows.append(([sums.SQUARES, places.parameter(p), 1, p.size, -1, 0], p.penalty / plan.training_rows / 2))
    if plan.log_variance is not None:
        first = places.parameter(plan.log_variance)
        rows += [([sums.VALUES, first + task, 1, 1, -1, 0], 1.0) for task in range(plan.log_variance.size)]
    rows = [([*row, places.results + number], real) for number, (row, real) in enumerate(rows)]
    for op in plan.forward:
        if KINDS[op.kind].multiplies or id(op) not in places.copy:
            continue
        start, stride, width, _ = places.slot(op.output)
        to = places.copy[id(op)] * places.slices * places.dense + places.parameter(op.parameters[0])
        if KINDS[op.kind].by_id:
            order, starts = places.orders[op.attributes["field"]]
            for r, j in np.ndindex(op.parameters[0].shape):
                rows.append(([sums.ROWS_OF, places.shift + start + j, stride, 0, order, starts + r + 1, to + r * width + j], 1.0))
        else:  # of each column, times its input
            x, x_stride, _, _ = places.slot(op.inputs[0])
            rows += [([sums.PRODUCTS, places.shift + start + j, stride, 0, x + j, x_stride, to + j], 1.0) for j in range(width)]
    table, reals = zip(*rows) if rows else ((), ())  # a plan without losses predicts
    return np.array(table, np.int64).reshape(-1, 7), np.array(reals, np.float32)


@dataclass(frozen=True)
class Groups:
    """The tables of a plan, and who uses them.

    Args:
        names: of the tables. sources: the table of sort.py, one row for each operation that reads a table, table by table.
        groups: the other one, its START to be filled in (`with_starts`). bags: for each table the bags that read it.
        gathers: for each table how many gathers read it. lanes: the largest width. stamps: of atomic tables.
    """

    names: tuple[str, ...]
    sources: np.ndarray
    groups: np.ndarray
    bags: tuple[tuple[int, ...], ...]
    gathers: tuple[int, ...]
    lanes: int
    stamps: int

    def capacity(self, rows: int, of_bags: list[int]) -> np.ndarray:
        """(tables,) uses of each table in a batch of so many rows, whose bags hold so many ids."""
        return np.array([rows * count + sum(of_bags[bag] for bag in bags) for count, bags in zip(self.gathers, self.bags)], np.int64)

    def with_starts(self, capacity: np.ndarray) -> np.ndarray:
        """`groups` for lists of at most `capacity` uses of each table."""
        made = self.groups.copy()
        made[:, sort.START] = np.cumsum(capacity) - capacity
        return made


def encode_groups(places: Places) -> Groups:
    """The tables, their sources, and what is known of their uses before there is a batch."""
    readers: dict[str, list[Operation]] = {}
    for op in places.plan.forward:
        if KINDS[op.kind].table:
            readers.setdefault(op.parameters[0].name, []).append(op)
    sources, groups, stamps = [], [], 1  # the first stamp is the clock
    for number, (name, ops) in enumerate(readers.items()):
        table = places.plan.parameters[name]
        first = len(sources)
        for op in ops:
            start, stride, _, _ = places.slot(op.output)
            bag = op.attributes.get("bag", -1)
            ids = places.integers(op) if bag < 0 else (places.integers(op)[0], 1)
            sources.append([bag, places.shift + start, stride, *ids, number, stamps])
        passes = -(-max(table.shape[0] - 1, 1).bit_length() // sort.DIGIT)
        groups.append([first, len(sources), 0, passes, table.shape[1], places.parameter(table)])
        stamps += table.shape[0]
    sources = np.array(sources, np.int64).reshape(-1, sort.STAMPS + 1)
    groups = np.array(groups, np.int64).reshape(-1, sort.TABLE + 1)
    bags = tuple(tuple(op.attributes["bag"] for op in ops if "bag" in op.attributes) for ops in readers.values())
    gathers = tuple(sum("field" in op.attributes for op in ops) for ops in readers.values())
    return Groups(tuple(readers), sources, groups, bags, gathers, int(groups[:, sort.WIDTH].max(initial=1)), stamps)


def constants(plan: Plan, size: int, decay: np.ndarray) -> np.ndarray:
    """(2 * size,) where weight decay applies, then penalty / N, of each dense parameter."""
    made = np.zeros(2 * size, np.float32)
    made[: len(decay)] = decay
    for parameter in plan.parameters.values():
        if parameter.penalty:
            start = size + parameter.offset
            made[start : start + parameter.size] = parameter.penalty / plan.training_rows
    return made

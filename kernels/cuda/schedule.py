"""Fusion as a rewriting of the plan: from operations to launches.

1. Every operation, and every backward pass, becomes a *node* that says what it reads, writes and
   adds to. Gradients that are added to get a node that clears them, a large layer with a ReLU one
   that masks its gradient.
2. Nodes that need only their own rows of the batch form *walks*: as many as are ready, one launch.
3. Large layers that are ready at the same time form one grouped product, a launch; those that add to
   one gradient become segments of one product. A product that is the first to write a gradient makes
   clearing it needless, and one that is the last masks it in its epilogue.
4. Losses that compare the rows of a search have a launch of their own, and so have those of sums over the whole batch.

What follows for any plan (weight gradients, sums, Adam, tables) is one launch each: `encode.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..ops import KINDS
from ..plan import Operation, Plan, Slot

LARGE = 1 << 14  # weights from which a layer is a product by itself
VALUE, GRADIENT = "value", "gradient"
WALK, SEARCH, BATCH, FORWARD, BACKWARD = "walk", "search", "batch", "product_forward", "product_backward"


@dataclass(frozen=True)
class Access:
    """Columns start .. stop of a block's values or gradients."""

    space: str
    block: str
    start: int
    stop: int

    def meets(self, other: Access) -> bool:
        """Whether they share a column."""
        return (self.space, self.block) == (other.space, other.block) and self.start < other.stop and other.start < self.stop


def value_of(slot: Slot) -> Access:
    """All its columns."""
    return Access(VALUE, slot.block, slot.column, slot.column + slot.width)


def gradient_of(slot: Slot) -> Access:
    """Those of its columns that have a gradient."""
    return Access(GRADIENT, slot.block, slot.column, slot.column + slot.differentiable)


@dataclass(eq=False)
class Node:
    """Something to run, and what it touches.

    Args:
        stage: WALK, SEARCH, BATCH, FORWARD or BACKWARD. name: of its code in `steps.CODES`.
        op: of the plan; None for a node that clears. slots: of a node that clears or masks.
        reads, writes, adds: what it touches; two that add to one place may run in either order, but not at once.
        needs: the nodes that must have run.
    """

    stage: str
    name: str
    op: Operation | None = None
    slots: tuple[Slot, ...] = ()
    reads: tuple[Access, ...] = ()
    writes: tuple[Access, ...] = ()
    adds: tuple[Access, ...] = ()
    needs: set[Node] = field(default_factory=set)

    def follows(self, earlier: Node) -> bool:
        """Whether it must run after a node that stands before it."""
        changed, seen = earlier.writes + earlier.adds, earlier.reads + earlier.writes
        return _meet(self.reads + self.writes, changed) or _meet(self.writes, earlier.reads) or _meet(self.adds, seen)

    def clashes(self, other: Node) -> bool:
        """Whether they cannot run at once."""
        mine, theirs = self.writes + self.adds, other.writes + other.adds
        return _meet(mine, theirs) or _meet(mine, other.reads) or _meet(self.reads, theirs)


def _meet(some: tuple[Access, ...], others: tuple[Access, ...]) -> bool:
    return any(a.meets(b) for a in some for b in others)


@dataclass
class Launch:
    """Nodes that run in one launch.

    Args:
        stage: as of its nodes.
        steps: of a walk, a search or a batch, in order: nodes that share a step (clear, mask), and whether the block meets before it.
        problems: of a product.
    """

    stage: str
    steps: list[tuple[list[Node], bool]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass
class Problem:
    """One output of a grouped product: the nodes that add to it, and what its epilogue does."""

    nodes: list[Node]
    add: bool = False
    mask: bool = False


def large_layers(plan: Plan, large: int) -> tuple[set[int], set[int]]:
    """Numbers in `plan.forward` of the operations whose forward pass, and whose backward pass, is a product."""
    forward, backward = set(), set()
    for number, op in enumerate(plan.forward):
        if _is_layer(op) and op.inputs[0].width * op.output.width >= large:
            forward.add(number)
            if op.inputs[0].differentiable:
                backward.add(number)
    joined = {plan.forward[number].inputs[0] for number in backward}  # a product writes there anyhow
    for number, op in enumerate(plan.forward):
        if KINDS[op.kind].multiplies and op.inputs[0] in joined:
            backward.add(number)
    return forward, backward


def _is_layer(op: Operation) -> bool:
    """Whether it multiplies its input by one matrix for all rows."""
    return KINDS[op.kind].multiplies and not KINDS[op.kind].by_id


def forward_nodes(plan: Plan, large: set[int], training: bool) -> list[Node]:
    """The forward operations as nodes, in plan order."""
    nodes, wanted = [], {id(op) for op in (plan.forward if training else plan.predicting)}
    for number, op in enumerate(plan.forward):
        if id(op) not in wanted:
            continue
        reads = tuple(value_of(slot) for slot in op.inputs)
        if KINDS[op.kind].adds_to_output:
            reads += (value_of(op.output),)
        nodes.append(Node(FORWARD if number in large else WALK, op.kind, op, reads=reads, writes=(value_of(op.output),)))
    return nodes


def training_nodes(plan: Plan, forward: set[int], backward: set[int]) -> list[Node]:
    """Forward, losses, clears, masks and backward, in an order in which they could run one by one."""
    nodes = forward_nodes(plan, forward, training=True)
    nodes += [Node(WALK, "clear", slots=(slot,), writes=(gradient_of(slot),)) for slot in gradient_slots(plan)]
    for number, op in enumerate(plan.losses):
        reads, adds = tuple(map(value_of, op.inputs)), tuple(map(gradient_of, op.inputs))
        lost = (Access(VALUE, f"loss {number}", 0, 1),)
        stage = SEARCH if KINDS[op.kind].compares_rows else BATCH if KINDS[op.kind].of_batch else WALK
        nodes.append(Node(stage, op.kind, op, reads=reads, writes=lost, adds=adds))
    for number in range(len(plan.forward) - 1, -1, -1):
        op = plan.forward[number]
        if not op.inputs:
            continue  # its parameters' gradients need all rows, and are launches of their own
        reads = (gradient_of(op.output), value_of(op.output), *map(value_of, op.inputs))
        writes, adds = (), tuple(gradient_of(slot) for slot in op.inputs)
        if op.inputs == (op.output,):  # in place
            writes, adds = adds, ()
        if op.attributes.get("relu"):
            if number in backward:
                nodes.append(Node(WALK, "mask", op, (op.output,), reads=(value_of(op.output),), writes=(gradient_of(op.output),)))
            else:
                writes = (gradient_of(op.output),)
        nodes.append(Node(BACKWARD if number in backward else WALK, f"{op.kind}_backward", op, reads=reads, writes=writes, adds=adds))
    return nodes


def gradient_slots(plan: Plan) -> list[Slot]:
    """The part of each block that has a gradient."""
    ends: dict[str, int] = {}
    for slot in (slot for op in plan.operations for slot in (*op.inputs, op.output) if slot is not None):
        ends[slot.block] = max(ends.get(slot.block, 0), slot.column + slot.differentiable)
    return [Slot(name, *plan.blocks[name], 0, end, end) for name, end in ends.items() if end]


def schedule(plan: Plan, training: bool, *, large: int = LARGE, fuse: bool = True) -> list[Launch]:
    """The launches of a prediction, or of the rows' part of a training step.

    Args:
        large: weights from which a layer is a product. fuse: False gives every node a launch of its own, to compare with.
    """
    forward, backward = large_layers(plan, large)
    nodes = training_nodes(plan, forward, backward) if training else forward_nodes(plan, forward, training=False)
    for place, node in enumerate(nodes):
        node.needs = {earlier for earlier in nodes[:place] if node.follows(earlier)}
    if not fuse:
        return [_alone(node) for node in nodes]
    return _Scheduler(nodes).run()


def _alone(node: Node) -> Launch:
    if node.stage in (WALK, SEARCH, BATCH):
        return Launch(node.stage, steps=[([node], False)])
    return Launch(node.stage, problems=[Problem([node], add=node.stage == BACKWARD)])


class _Scheduler:
    """Takes nodes as they become ready: a walk as long as it goes, then searches, losses of the batch, products."""

    def __init__(self, nodes: list[Node]) -> None:
        self.left, self.done, self.launches = list(nodes), set(), []

    def run(self) -> list[Launch]:
        """All launches."""
        while any(not self._lazy(node) for node in self.left):
            before = len(self.left)
            self._walk()
            self._launch_of(SEARCH)
            self._launch_of(BATCH)
            self._products(FORWARD)
            self._products(BACKWARD)
            assert len(self.left) < before, "a node waits for itself"
        self._walk(rest=True)  # gradients that nothing adds to are 0
        return self.launches

    @staticmethod
    def _lazy(node: Node) -> bool:
        return node.name == "clear"  # waits until somebody needs it, or nobody does

    def _ready(self, node: Node) -> bool:
        """Whether nothing but clearing is missing."""
        return all(need in self.done or self._lazy(need) for need in node.needs)

    def _take(self, nodes: list[Node]) -> None:
        self.done.update(nodes)
        self.left = [node for node in self.left if node not in self.done]

    def _clears(self, nodes: list[Node]) -> list[Node]:
        """The clearing that `nodes` wait for."""
        needed = {need for node in nodes for need in node.needs} - self.done
        return [node for node in self.left if node in needed]

    def _walk(self, rest: bool = False) -> None:
        taken: list[list[Node]] = []  # levels; those of one level do not wait for each other
        cleared: list[Node] = []
        while True:
            level = [node for node in self.left if node.stage == WALK and not self._lazy(node) and self._ready(node)]
            if not level:
                break
            clears = self._clears(level)
            cleared += clears
            taken.append(level)
            self._take(clears + level)
        later = [node for node in self.left if node.stage in (SEARCH, BATCH, BACKWARD) and self._ready(node)]
        written = [problem for problem in self._problems(BACKWARD) if self._writes_all(problem)]
        spared = {need for problem in written for node in problem.nodes for need in self._clears([node])}
        others = [node for node in self._clears(later) if node not in spared]
        if rest:
            others = list(self.left)
        cleared += others
        self._take(others)
        if cleared:
            taken.insert(0, cleared)
        if taken:
            self.launches.append(Launch(WALK, _steps(taken)))

    def _launch_of(self, stage: str) -> None:
        nodes = [node for node in self.left if node.stage == stage and node.needs <= self.done]
        if nodes:
            self.launches.append(Launch(stage, steps=[([node], False) for node in nodes]))
            self._take(nodes)

    def _problems(self, stage: str) -> list[Problem]:
        """The products that are ready and can run at once; nodes that add to the same columns are segments of one."""
        problems: list[Problem] = []
        for node in self.left:
            if node.stage != stage or not self._ready(node):
                continue
            met = [problem for problem in problems if any(node.clashes(other) for other in problem.nodes)]
            same = [problem for problem in met if problem.nodes[0].adds == node.adds and stage == BACKWARD]
            if not met:
                problems.append(Problem([node]))
            elif len(met) == len(same) == 1:
                same[0].nodes.append(node)
        return problems

    def _writes_all(self, problem: Problem) -> bool:
        """Whether a product is the first to touch a gradient, and writes to all of it."""
        waiting = self._clears(problem.nodes)
        return bool(waiting) and all(problem.nodes[0].adds == clear.writes for clear in waiting)

    def _products(self, stage: str) -> None:
        problems = [problem for problem in self._problems(stage) if self._writes_all(problem) or not self._clears(problem.nodes)]
        if not problems:
            return
        nodes = [node for problem in problems for node in problem.nodes]
        if stage == BACKWARD:
            for problem in problems:
                spared = self._clears(problem.nodes)
                problem.add = not spared
                self._take(spared)
        self._take(nodes)
        for problem in problems:
            masks = [node for node in self.left if node.name == "mask" and node.writes == problem.nodes[0].adds]
            if masks and self._ready(masks[0]):
                problem.mask = True
                self._take(masks)
        self.launches.append(Launch(stage, problems=problems))


def _steps(levels: list[list[Node]]) -> list[tuple[list[Node], bool]]:
    """Steps of a walk: nodes that clear, or mask, of one level share a step; a barrier only where one is needed."""
    steps: list[tuple[list[Node], bool]] = []
    running: list[Node] = []
    for level in levels:
        groups: dict[object, list[Node]] = {}
        for node in level:
            groups.setdefault(node.name if node.name in ("clear", "mask") else node, []).append(node)
        for group in groups.values():
            meet = any(node.clashes(other) for node in group for other in running)
            running = group if meet else running + group
            steps.append((group, meet))
    return steps

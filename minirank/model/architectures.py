"""From a configuration to a plan: every architecture is a table of the same few operations.

    x   = [ embeddings | mean embeddings | dense features ]         (B, F)
    h_e = MLP_e(x)                                                  (B, H)    e = 1..E experts
    z_t = x W_t + b_t + (x dW_{r,t} + db_{r,t})                     (B, E)    the role r steers the gate
    g_t = softmax(z_t / temperature),   m_t = sum_e g_{t,e} h_e,   s_t = tower_t(m_t)

Nothing here is tied to three tasks: tasks are a list. Sources: Caruana 1997 (shared bottom), Ma et
al., KDD 2018 (OMoE, MMoE), Ma et al., SIGIR 2018 (ESMM), Tang et al., RecSys 2020 (CGC, PLE).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..config.model import POSITION, GateConfig, Loss, ModelConfig, TaskConfig, check_tasks
from ..errors import ConfigError
from ..kernels.batch import Batch, InputSpec
from ..kernels.ops.group_losses import adds_something
from ..kernels.ops.losses import entire_label
from ..kernels.plan import Plan, PlanBuilder, Slot

__all__ = ["GateConfig", "LabelRates", "ModelConfig", "TaskConfig", "check_tasks", "compile_plan", "label_rates"]


@dataclass(frozen=True)
class LabelRates:
    """What a plan takes from the training rows; enough to compile it again without them.

    Args:
        rows: N, the number of training rows.
        rates: `task.loss` -> its `label_rate`.
    """

    rows: int
    rates: dict[str, float]


class _Network:
    """The pieces that architectures are built of, on top of a `PlanBuilder`."""

    def __init__(self, config: ModelConfig, tasks: tuple[TaskConfig, ...], spec: InputSpec) -> None:
        self.config, self.tasks, self.spec = config, tasks, spec
        self.plan = PlanBuilder(spec)
        self.outputs: dict[str, Slot] = {}
        names = [name for name, _ in spec.categorical]
        self.role = config.role_field if config.role_field in names else None
        self.position = config.position_field if config.position_field in names else None

    def inputs(self, name: str = "x", owner: str = "") -> Slot:
        """The input vector: embeddings, mean embeddings, dense features; with an mlp gate the role in front of it."""
        config, spec, width = self.config, self.spec, self.config.embedding
        hidden = {self.position, POSITION} | (set() if config.role_in_x else {self.role})
        fields = [(i, field, size) for i, (field, size) in enumerate(spec.categorical) if field not in hidden]
        in_front = width if config.gate.role == "mlp" else 0
        embedded = in_front + width * (len(fields) + len(spec.bags))
        if embedded - in_front + len(spec.dense) == 0:
            raise ConfigError("the model has no input: name at least one categorical, multi-valued or dense column")
        block = self.plan.block(name, embedded + len(spec.dense), differentiable=embedded)
        column = in_front
        if in_front:
            field = spec.column(self.role)
            table = self.plan.parameter(f"{owner}gate.role", (spec.categorical[field][1], width), "embedding", table=True)
            self.plan.add("gather", block.columns(0, width), (), (table,), field=field)
        for i, field, size in fields:
            table = self.plan.parameter(f"{owner}embedding.{field}", (size, width), "embedding", table=True)
            self.plan.add("gather", block.columns(column, width), (), (table,), field=i)
            column += width
        for i, (bag, size) in enumerate(spec.bags):
            table = self.plan.parameter(f"{owner}embedding.{bag}", (size, width), "embedding", table=True)
            self.plan.add("bag", block.columns(column, width), (), (table,), bag=i)
            column += width
        if spec.dense:
            self.plan.add("copy", block.columns(column, len(spec.dense)))
        return block

    def x(self, block: Slot) -> Slot:
        """The input vector proper, without the role embedding of an mlp gate."""
        in_front = self.config.embedding if self.config.gate.role == "mlp" else 0
        return block.columns(in_front, block.width - in_front)

    def dense(self, name: str, x: Slot, output: Slot, relu: bool) -> Slot:
        """One dense layer into `output`."""
        weight = self.plan.parameter(f"{name}.weight", (x.width, output.width), "he" if relu else "glorot")
        bias = self.plan.parameter(f"{name}.bias", (output.width,), "zero")
        self.plan.add("dense", output, (x,), (weight, bias), relu=int(relu))
        return output

    def mlp(self, name: str, x: Slot, widths: tuple[int, ...]) -> Slot:
        """Dense layers with ReLU."""
        for layer, width in enumerate(widths):
            x = self.dense(f"{name}.{layer}", x, self.plan.block(f"{name}.{layer}", width), relu=True)
        return x

    def experts(self, names: list[str], x: Slot) -> list[Slot]:
        """One MLP a name, all reading x; (B, H) each."""
        return [self.mlp(name, x, self.config.expert_hidden) for name in names]

    def gates(self, name: str, x: Slot, groups: int, experts: int, role_block: Slot | None) -> Slot:
        """`groups` gates over `experts` experts, side by side: (B, groups * experts), each group sums to 1."""
        gate = self.config.gate
        z = self.plan.block(f"{name}.z", groups * experts)
        if gate.role == "mlp" and role_block is not None:
            hidden = self.mlp(f"{name}.hidden", role_block, (gate.hidden,))
            self.dense(f"{name}.out", hidden, z, relu=False)
        else:
            self.dense(name, x, z, relu=False)
        if gate.role in ("bias", "full"):
            field = self.spec.column(self.role)
            roles = self.spec.categorical[field][1] - 1
            bias = self.plan.parameter(f"{name}.role_bias", (roles, z.width), "zero", penalty=gate.penalty)
            self.plan.add("bias_by_id", z, (), (bias,), field=field)
            if gate.role == "full":
                shape = (roles, x.width, z.width)
                weight = self.plan.parameter(f"{name}.role_weight", shape, "zero", penalty=gate.penalty)
                self.plan.add("dense_by_id", z, (x,), (weight,), field=field)
        g = self.plan.block(f"{name}.g", z.width)
        self.plan.add("softmax", g, (z,), experts=experts, temperature=float(gate.temperature))
        return g

    def mixture(self, name: str, gates: Slot, experts: list[Slot]) -> Slot:
        """m = sum_e g_e h_e."""
        m = self.plan.block(name, experts[0].width)
        self.plan.add("mixture", m, (gates, *experts))
        return m

    def towers(self, inputs: list[Slot]) -> Slot:
        """One tower a task, its logit a column of the (B, T) block `logits`; then the position bias."""
        logits = self.plan.block("logits", len(self.tasks))
        for t, (task, m) in enumerate(zip(self.tasks, inputs)):
            hidden = self.mlp(f"tower.{task.name}", m, self.config.tower_hidden)
            self.dense(f"tower.{task.name}.out", hidden, logits.columns(t, 1), relu=False)
        names = [task.name for task in self.tasks]
        if self.position is not None and self.config.position_bias in names:
            field = self.spec.column(self.position)
            bias = self.plan.parameter("position_bias", (self.spec.categorical[field][1] - 1, 1), "zero", penalty=1.0)
            slot = logits.columns(names.index(self.config.position_bias), 1)
            self.plan.add("bias_by_id", slot, (), (bias,), field=field)
        return logits

    def finish(self, logits: Slot, known: LabelRates) -> Plan:
        """Add the losses, whose scale comes from the training rows, and build the plan."""
        config, names = self.config, [task.name for task in self.tasks]
        for t, task in enumerate(self.tasks):
            given = -1 if task.given is None else names.index(task.given)
            for loss, weight in task.loss.items():
                slots = [logits.columns(t, 1)] if loss != "entire" else [logits.columns(given, 1), logits.columns(t, 1)]
                extra = {"given": given} if loss == "entire" else {}
                kind = "bce_entire" if loss == "entire" else loss
                self.plan.add(kind, None, slots, task=t, **extra, factor=task.weight * weight / known.rates[f"{task.name}.{loss}"])
        learned = config.task_weights == "uncertainty"
        shares = {self.role: config.role_unknown_share, self.position: config.position_unknown_share}
        return self.plan.build(
            logits,
            given=tuple(-1 if task.given is None else names.index(task.given) for task in self.tasks),
            links=tuple("identity" if "mse" in task.loss else "sigmoid" for task in self.tasks),
            unknown_share={name: share for name, share in shares.items() if name is not None},
            training_rows=known.rows,
            log_variance=self.plan.parameter("task.log_variance", (len(names),), "zero") if learned else None,
            outputs=self.outputs,
        )


def label_rates(tasks: tuple[TaskConfig, ...], rows: Batch) -> LabelRates:
    """The rate of every loss in the training rows.

    Raises:
        ConfigError: a loss without a label.
    """
    names, rates = [task.name for task in tasks], {}
    for t, task in enumerate(tasks):
        given = -1 if task.given is None else names.index(task.given)
        for loss in task.loss:
            rates[f"{task.name}.{loss}"] = rate = label_rate(loss, rows, t, given)
            if rate <= 0:
                raise ConfigError(f"task {task.name}: no training row has a label for its loss {loss!r}; drop the task or the loss")
    return LabelRates(len(rows), rates)


def label_rate(loss: Loss, rows: Batch, task: int, given: int) -> float:
    """What a masked mean divides by, beside B: the mean of weight [label is there] over the training rows.

    Args:
        rows: the training rows. task: its column. given: the column of the task it is conditional on.
    Returns:
        A rate >= 0; for a loss within a search the share of rows in searches that add something.
    """
    labels, weights = rows.labels[:, task], rows.weights[:, task]
    if loss in ("pairwise", "listwise"):
        starts = np.flatnonzero(np.diff(rows.groups, prepend=rows.groups[0] - 1))
        sizes = np.diff(np.append(starts, len(labels)))
        useful = [adds_something(loss, part) for part in np.split(labels, starts[1:])]
        return float(sizes[np.array(useful, bool)].sum() / len(labels))
    if loss == "entire":
        labels = entire_label(rows.labels[:, given], labels)
    return float(np.where(np.isnan(labels), 0, weights).mean(dtype=np.float64))


def _separate(net: _Network, shared_tables: bool) -> list[Slot]:
    """single_task and esmm: a network for each task."""
    inputs = net.inputs() if shared_tables else None
    towers = []
    for task in net.tasks:
        block = inputs or net.inputs(f"x.{task.name}", f"{task.name}.")
        towers.append(net.mlp(f"network.{task.name}", net.x(block), net.config.expert_hidden))
    return towers


def _mixture_of_experts(net: _Network, gates: int) -> list[Slot]:
    """omoe (one gate for all tasks) and mmoe (one a task)."""
    block = net.inputs()
    experts = net.experts([f"expert.{e}" for e in range(net.config.experts)], net.x(block))
    g = net.gates("gate", net.x(block), gates, len(experts), block)
    net.outputs["gates"] = g
    mixed = [net.mixture(f"mixture.{t}", g.columns(t * len(experts), len(experts)), experts) for t in range(gates)]
    return mixed * len(net.tasks) if gates == 1 else mixed


def _progressive_layered_extraction(net: _Network) -> list[Slot]:
    """ple: at each level a task's gate sees its own experts and the shared ones; the shared gate sees all."""
    config, block = net.config, net.inputs()
    inputs = {name: net.x(block) for name in [*(task.name for task in net.tasks), "shared"]}
    for level in range(config.levels):
        last = level == config.levels - 1
        experts = {
            name: net.experts(
                [f"level{level}.{name}.{e}" for e in range(config.shared_experts if name == "shared" else config.task_experts)], x
            )
            for name, x in inputs.items()
        }
        mixed = {}
        for name, x in inputs.items():
            if name == "shared" and last:
                continue
            seen = sum(experts.values(), []) if name == "shared" else experts[name] + experts["shared"]
            g = net.gates(f"level{level}.gate.{name}", x, 1, len(seen), block if level == 0 else None)
            net.outputs[f"level{level}.gates.{name}"] = g
            mixed[name] = net.mixture(f"level{level}.mixture.{name}", g, seen)
        inputs = mixed
    return [inputs[task.name] for task in net.tasks]


def compile_plan(config: ModelConfig, tasks: tuple[TaskConfig, ...], spec: InputSpec, rows: Batch | LabelRates) -> Plan:
    """The plan of a model.

    Args:
        config: architecture and sizes. tasks: in the order of spec.tasks. spec: the inputs.
        rows: the training rows, or the `label_rates` that were taken from them.
    Raises:
        ConfigError: a loss without a label in the training rows, a gate without a role field, ...
    """
    check_tasks(config, tasks, spec)
    net = _Network(config, tasks, spec)
    build = {
        "single_task": lambda: _separate(net, shared_tables=False),
        "esmm": lambda: _separate(net, shared_tables=True),
        "shared_bottom": lambda: [net.mlp("bottom", net.x(net.inputs()), config.expert_hidden)] * len(tasks),
        "omoe": lambda: _mixture_of_experts(net, 1),
        "mmoe": lambda: _mixture_of_experts(net, len(tasks)),
        "ple": lambda: _progressive_layered_extraction(net),
    }
    known = rows if isinstance(rows, LabelRates) else label_rates(tasks, rows)
    return net.finish(net.towers(build[config.architecture]()), known)

"""The pieces that architectures are built of: the input vector, dense layers, gates, mixtures, towers and losses.

x   = [ embeddings | mean embeddings | dense features ]         (B, F)
h_e = MLP_e(x)                                                  (B, H)    e = 1..E experts
z_t = x W_t + b_t + (x U_{r,t} + c_{r,t})                       (B, E)    the role r steers the gate
g_t = softmax(z_t / temperature)                                          over all experts, or the k best
m_t = sum_e g_{t,e} h_e,   s_t = tower_t(m_t)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

from ..config.model import MOST_LAYERS, POSITION, TOO_MANY, ModelConfig, TaskConfig
from ..errors import ConfigError
from ..kernels.batch import InputSpec
from ..kernels.plan import Plan, PlanBuilder, Slot
from .label_rates import LabelRates


class Network:
    """Adds these pieces to a plan.

    Attributes:
        plan: that is being built.
        outputs: of the plan, by name.
        role, position: the fields with a part of their own, None where the data do not have them.
        role_and_x: what `inputs` made last, the role of an mlp gate included.
        role_towers: whether the role adds to each layer of the towers.
        imputed: logit of a task whose loss is `dr` -> that of what is imputed for rows without a label; see `kernels/ops/propensity.py`.
    """

    def __init__(self, config: ModelConfig, tasks: tuple[TaskConfig, ...], spec: InputSpec, seeds: int = 1) -> None:
        self.config, self.tasks, self.spec, self.seeds = config, tasks, spec, seeds
        self.plan = PlanBuilder(spec)
        self.outputs: dict[str, Slot] = {}
        self.role_and_x: Slot | None = None
        self.role_towers = False
        self._layers = 0
        self.imputed: dict[Slot, Slot] = {}
        self._gates: list[tuple[Slot, int]] = []  # and over how many experts
        self._of_members: dict[str, Slot] = {}  # what members that share their weights scale, by name
        names = [name for name, _ in spec.categorical]
        self.role = config.role_field if config.role_field in names else None
        self.position = config.position_field if config.position_field in names else None

    def inputs(self, name: str = "x", owner: str = "") -> Slot:
        """The input vector x: embeddings, mean embeddings, dense features; with an mlp gate the role stands in front of it.

        Members that share their weights read one x, each with a scale of its own.
        """
        if self.plan.shared is None:
            block = self._inputs(name, owner)
        else:
            prefix, self.plan.prefix = self.plan.prefix, self.plan.shared
            x = self._of_members.get(f"{self.plan.prefix}{name}") or self._inputs(name, owner)
            self._of_members[f"{self.plan.prefix}{name}"] = x
            self.plan.prefix = prefix
            block = self.scaled(f"{name}.scale", x)
        self.role_and_x = block
        in_front = self.config.embedding if self.config.gate.role == "mlp" else 0
        return block.columns(in_front, block.width - in_front)

    def scaled(self, name: str, x: Slot) -> Slot:
        """x with a scale of a member's own for each column; all of its columns have a gradient, for the scale has."""
        y = self.plan.block(name, x.width)
        shared, self.plan.shared = self.plan.shared, None
        self.plan.add("diagonal", y, (x,), (self.plan.parameter(name, (x.width,), "sign"),))
        self.plan.shared = shared
        return y

    def _inputs(self, name: str, owner: str) -> Slot:
        """The block that `inputs` gives, with the role of an mlp gate in front."""
        config, spec, width = self.config, self.spec, self.config.embedding
        hidden = {self.position, POSITION} | (set() if config.role_in_x else {self.role})
        tables = [
            (f"embedding.{field}", size, "gather", {"field": i}) for i, (field, size) in enumerate(spec.categorical) if field not in hidden
        ]
        tables += [(f"embedding.{bag}", size, "bag", {"bag": i}) for i, (bag, size) in enumerate(spec.bags)]
        if not tables and not spec.dense:
            raise ConfigError("the model has no input: name at least one categorical, multi-valued or dense column")
        if config.gate.role == "mlp":
            field = spec.column(self.role)
            tables.insert(0, ("gate.role", spec.categorical[field][1], "gather", {"field": field}))
        embedded = width * len(tables)
        block = self.plan.block(name, embedded + len(spec.dense), differentiable=embedded)
        for number, (table, size, operation, source) in enumerate(tables):
            parameter = self.plan.parameter(f"{owner}{table}", (size, width), "embedding", table=True)
            self.plan.add(operation, block.columns(number * width, width), (), (parameter,), **source)
        if spec.dense:
            self.plan.add("copy", block.columns(embedded, len(spec.dense)))
        return block

    def dense(self, name: str, x: Slot, output: Slot, relu: bool) -> Slot:
        """One dense layer into `output`.

        Raises:
            ConfigError: it is one too many: each is a line of the plan.
        """
        self._layers += 1
        if self._layers > MOST_LAYERS:
            raise ConfigError(TOO_MANY)
        weight = self.plan.parameter(f"{name}.weight", (x.width, output.width), "he" if relu else "glorot")
        bias = self.plan.parameter(f"{name}.bias", (output.width,), "zero")
        self.plan.add("dense", output, (x,), (weight, bias), relu=int(relu))
        return output

    def mlp(self, name: str, x: Slot, widths: tuple[int, ...], dropout: float = 0.0) -> Slot:
        """Dense layers with ReLU; each row loses a share `dropout` of their units in training."""
        for layer, width in enumerate(widths):
            x = self.dense(f"{name}.{layer}", x, self.plan.block(f"{name}.{layer}", width), relu=True)
            self.drop(x, dropout)
        return x

    def drop(self, x: Slot, share: float) -> None:
        """Let each row lose a share of the units of x, which a ReLU gave, in training."""
        if share:
            self.plan.add("dropout", x, (x,), layer=self._masks(), share=share)

    def _masks(self) -> int:
        """How many operations draw masks so far."""
        return sum(op.kind in ("dropout", "expert_dropout") for op in self.plan.operations)

    def experts(self, names: list[str], x: Slot) -> list[Slot]:
        """One MLP a name, all reading x; (B, H) each, outputs of the plan by their names."""
        found = [self.mlp(name, x, self.config.expert_hidden, self.config.dropout) for name in names]
        self.outputs |= dict(zip(names, found))
        return found

    def gates(self, name: str, x: Slot, groups: int, experts: int, first_level: bool = True) -> Slot:
        """`groups` gates over `experts` experts, side by side: (B, groups * experts), each group sums to 1.

        Here the role enters: by id it adds a bias, and with `full` weights (`bias_by_id`, `dense_by_id`); an mlp gate reads its embedding.
        Then experts are left out: at random in training, and all but the best k.

        Args:
            first_level: x is the input vector; an mlp gate sees the role there alone.
        Raises:
            ConfigError: more experts are to be chosen than there are.
        """
        gate = self.config.gate
        if gate.top_k is not None and gate.top_k > experts:
            raise ConfigError(f"model.gate.top_k must be at most {experts}, the experts that a gate sees, got {gate.top_k}")
        z = self.plan.block(f"{name}.z", groups * experts)
        if gate.role == "mlp" and first_level:
            hidden = self.mlp(f"{name}.hidden", self.role_and_x, (gate.hidden,))
            self.dense(f"{name}.out", hidden, z, relu=False)
        else:
            self.dense(name, x, z, relu=False)
        self.add_role(name, x, z)
        if gate.expert_dropout:
            self.plan.add("expert_dropout", z, (z,), experts=experts, layer=self._masks(), share=gate.expert_dropout)
        if gate.top_k is not None and gate.top_k < experts:
            self.plan.add("top_k", z, (z,), experts=experts, k=gate.top_k)
        g = self.plan.block(f"{name}.g", z.width)
        self.plan.add("softmax", g, (z,), experts=experts, temperature=float(gate.temperature))
        self._gates.append((g, experts))
        return g

    def add_role(self, name: str, x: Slot, z: Slot) -> None:
        """z += c_r, and with `full` weights x U_r: what the role adds to a linear layer z of x; nothing without it."""
        gate, penalty = self.config.gate, self.config.gate.penalty / (self.config.members if self.plan.shared is None else 1)
        if gate.role in ("bias", "full"):
            field = self.spec.column(self.role)
            roles = self.spec.categorical[field][1] - 1
            bias = self.plan.parameter(f"{name}.role_bias", (roles, z.width), "zero", penalty=penalty)
            self.plan.add("bias_by_id", z, (), (bias,), field=field)
            if gate.role == "full":
                weight = self.plan.parameter(f"{name}.role_weight", (roles, x.width, z.width), "zero", penalty=penalty)
                self.plan.add("dense_by_id", z, (x,), (weight,), field=field)

    def by_role(self, name: str, x: Slot, width: int) -> Slot:
        """A dense layer with ReLU to which the role adds."""
        z, y = self.plan.block(f"{name}.z", width), self.plan.block(name, width)
        self.dense(name, x, z, relu=False)
        self.add_role(name, x, z)
        self.plan.add("relu", y, (z,))
        return y

    def modulated(self, name: str, x: Slot, h: Slot) -> Slot:
        """h, each unit scaled between 0 and 2 by what a small network of x, to which the role adds, says (PEPNet's gate)."""
        hidden = self.by_role(f"{name}.hidden", x, self.config.gate.hidden)
        z, y = self.plan.block(f"{name}.z", h.width), self.plan.block(f"{name}.scaled", h.width)
        self.dense(f"{name}.out", hidden, z, relu=False)
        self.plan.add("modulate", y, (z, h))
        return y

    def attention(self, name: str, sources: list[Slot]) -> Slot:
        """sum_u w_u V u, w = softmax over u of <K u, Q u> / sqrt(width): one vector of several of one width (AITM)."""
        width = sources[0].width
        z, w = self.plan.block(f"{name}.logits", len(sources)), self.plan.block(f"{name}.weights", len(sources))
        values = []
        for u, source in enumerate(sources):
            made = {part: self.plan.block(f"{name}.{part}.{u}", width) for part in ("key", "query", "value")}
            for part, output in made.items():
                self.dense(f"{name}.{part}", source, output, relu=False)  # the same parameters for every source
            self.plan.add("dot", z.columns(u, 1), (made["key"], made["query"]), scale=width**-0.5)
            values.append(made["value"])
        self.plan.add("softmax", w, (z,), experts=len(sources), temperature=1.0)
        self.outputs[name] = w
        return self.mixture(f"{name}.out", w, values)

    def mixture(self, name: str, gates: Slot, experts: list[Slot]) -> Slot:
        """m = sum_e g_e h_e."""
        m = self.plan.block(name, experts[0].width)
        self.plan.add("mixture", m, (gates, *experts))
        return m

    def towers(self, inputs: list[Slot], logits: Slot) -> None:
        """One tower a task, its logit a column of `logits` (B, T); then the position bias."""
        for t, (task, m) in enumerate(zip(self.tasks, inputs)):
            name, logit = f"tower.{task.name}", logits.columns(t, 1)
            if "dr" in task.loss:
                h = self.mlp(f"imputed.{task.name}", m, self.config.tower_hidden)
                block = self.plan.block(f"imputed.{task.name}.logit", 1)
                self.imputed[logit] = self.dense(f"imputed.{task.name}.out", h, block, relu=False)
            if self.role_towers:
                for layer, width in enumerate(self.config.tower_hidden):
                    m = self.by_role(f"{name}.{layer}", m, width)
                    self.drop(m, self.config.dropout)
            else:
                m = self.mlp(name, m, self.config.tower_hidden, self.config.dropout)
            self.dense(f"{name}.out", m, logit, relu=False)
            if self.role_towers:
                self.add_role(f"{name}.out", m, logit)
        names = [task.name for task in self.tasks]
        if self.position is not None and self.config.position_bias in names:
            field = self.spec.column(self.position)
            bias = self.plan.parameter("position_bias", (self.spec.categorical[field][1] - 1, 1), "zero", penalty=1.0 / self.config.members)
            slot = logits.columns(names.index(self.config.position_bias), 1)
            self.plan.add("bias_by_id", slot, (), (bias,), field=field)

    def ensemble(self, member: Callable[[], list[Slot]]) -> list[Slot]:
        """The (B, T) logits of each member of each seed, side by side in one block: networks of parameters of their own, or shared ones.

        Args:
            member: builds a network up to the input of each task's tower.
        """
        tasks = len(self.tasks)
        pairs = [*product(_numbered("seed", self.seeds), _numbered("member", self.config.members))]
        prefixes, count, inputs = [seed + number for seed, number in pairs], len(pairs), []
        for self.plan.prefix, (seed, _) in zip(prefixes, pairs):
            self.plan.shared = seed if self.config.members_share else None
            inputs.append(member())
        self.plan.prefix, self.plan.shared = "", None
        block = self.plan.block("logits" if count == 1 else "members", count * tasks)
        members = [block.columns(number * tasks, tasks) for number in range(count)]
        for self.plan.prefix, of_tasks, logits in zip(prefixes, inputs, members):
            self.towers(of_tasks, logits)
        self.plan.prefix = ""
        return members

    def mean(self, members: list[Slot]) -> Slot:
        """The mean logits of the members: a dense layer whose weights are 1 / K, and stay so, for no loss comes after it."""
        if len(members) == 1:
            return members[0]
        self.outputs.clear()  # the gates of one member say little about all
        tasks = len(self.tasks)
        weight = self.plan.parameter("members.weight", (len(members) * tasks, tasks), "mean")
        bias = self.plan.parameter("members.bias", (tasks,), "zero")
        logits = self.plan.block("logits", tasks)
        self.plan.add("dense", logits, (replace(members[0], width=len(members) * tasks, differentiable=0),), (weight, bias), relu=0)
        return logits

    def finish(self, members: list[Slot], known: LabelRates) -> Plan:
        """Add the losses, whose scale comes from the training rows, and build the plan. What is minimised is the mean over the members."""
        config, names, prediction = self.config, [task.name for task in self.tasks], self.mean(members)
        given = tuple(-1 if task.given is None else names.index(task.given) for task in self.tasks)
        for logits, (t, task) in product(members, enumerate(self.tasks)):
            for loss, weight in task.loss.items():
                factor = task.weight * weight / known.rates[f"{task.name}.{loss}"] / len(members)
                self._add_loss(loss, logits, t, given[t], factor)
        for name in config.gate.of_experts if not self._gates else ():
            raise ConfigError(
                f"model.gate.{name}: {config.architecture} has no gates over experts; leave it out, or set model.architecture: mmoe"
            )
        for gates, experts in self._gates if config.gate.balance else ():
            self.plan.add("balance", None, (gates,), experts=experts, task=-1, factor=config.gate.balance / len(members))
        learned = config.task_weights == "uncertainty"
        shares = {self.role: config.role_unknown_share, self.position: config.position_unknown_share}
        rest = {"unknown_share": {name: share for name, share in shares.items() if name is not None}, "training_rows": known.rows}
        rest["log_variance"] = self.plan.parameter("task.log_variance", (len(names),), "zero") if learned else None
        links = tuple("identity" if task.is_regression else "sigmoid" for task in self.tasks)
        return self.plan.build(prediction, given=given, links=links, outputs=self.outputs, **rest)

    def _add_loss(self, loss: str, logits: Slot, t: int, given: int, factor: float) -> None:
        """One loss of task t; `given` is the column of the task that it is conditional on."""
        task, z = self.tasks[t], logits.columns(t, 1)
        attributes: dict[str, Any] = {"task": t, "factor": factor}
        if loss == "entire":
            self.plan.add("bce_entire", None, (logits.columns(given, 1), z), **attributes, given=given)
        elif loss in ("ips", "dr"):
            propensity = replace(logits.columns(given, 1), differentiable=0)
            inputs = (z, propensity) if loss == "ips" else (z, self.imputed[z], propensity)
            self.plan.add(loss, None, inputs, **attributes, given=given, floor=task.least_propensity)
        elif loss == "focal":
            self.plan.add(loss, None, (z,), **attributes, gamma=task.gamma)
        else:
            self.plan.add("bce_delayed" if task.delayed else loss, None, (z,), **attributes)


def _numbered(name: str, count: int) -> list[str]:
    """What stands in front of the names of `count` networks; nothing in front of those of one."""
    return [""] if count == 1 else [f"{name}{number}." for number in range(count)]

"""What a model and its tasks may be: their part of a configuration, and what of it is refused before a plan is compiled."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from ..errors import ConfigError, nearest
from ..kernels.batch import InputSpec

POSITION = "position"  # the field that a data folder has; it explains clicks and never enters x
DEFAULTS = {"role_field": "role", "position_field": POSITION, "position_bias": "ctr"}  # data may do without them


MOST_POSITIVE_WEIGHT = 1e6  # weights are float32, and an extreme one leaves nothing of the other rows
Loss = Literal["bce", "focal", "mse", "entire", "ips", "dr", "pairwise", "listwise"]
OF_GIVEN = ("entire", "ips", "dr")  # read the label of the task that theirs is given, too
CALIBRATED = ("bce", *OF_GIVEN)  # what they teach is a probability
Value = int | float | str


@dataclass(frozen=True)
class TaskConfig:
    """One task: a label column, and what is minimised for it.

    Args:
        name: the label column.
        loss: loss -> weight within the task. `bce` on rows with a label; `focal`, in which rows that are right already count
            less; `mse` for a regression; `pairwise`, `listwise` within a search. With `given` also losses for all rows, whether the
            given label was 1 there or not: `entire` as ESMM, `ips` by inverse propensity, `dr` doubly robust.
        weight: fixed weight of the task beside the others.
        given: the task that this one is conditional on; the product of both is their joint
            probability (pCTCVR = pCTR pCVR).
        positive_weight: how often a row of label 1 counts beside one of label 0, in training with bce or focal (there it is the
            paper's alpha). Predictions then are no longer probabilities of the data.
        label_smoothing: s; training with bce or focal sees the label y as (1 - s) y + s / 2.
        gamma: of focal; with it, too, predictions are no probabilities.
        least_propensity: of ips and dr: a predicted probability of the given label counts as this where it is lower, so that no
            row counts more than 1 / least_propensity times.
        delayed: training takes conversions (`cvr` of a data folder, with bce) also from rows that were younger than
            data.split.maturity_days when it ends, for what they are worth: how many conversions come how late is taken from older rows.
        mask: only rows in which another label, or a categorical field (of a data folder `role`), has this value, or one of these, count:
            in training and in the task's metrics, such as {ctr: 1} or {role: [hr, executive]}. Several entries must all hold.
    """

    name: str
    loss: dict[Loss, float] = field(default_factory=lambda: {"bce": 1.0})
    weight: float = 1.0
    given: str | None = None
    positive_weight: float = 1.0
    label_smoothing: float = 0.0
    gamma: float = 2.0
    least_propensity: float = 0.05
    delayed: bool = False
    mask: dict[str, Value | tuple[Value, ...]] = field(default_factory=dict)

    def __post_init__(self):
        for name, weight in {"weight": self.weight, **{f"loss.{loss}": weight for loss, weight in self.loss.items()}}.items():
            if not 0 < weight < math.inf:
                raise ValueError(f"{name} must be finite and above 0, got {weight}")
        if not 1 / MOST_POSITIVE_WEIGHT <= self.positive_weight <= MOST_POSITIVE_WEIGHT:
            raise ValueError(f"positive_weight must lie in [1e-06, 1e+06], got {self.positive_weight}")
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(f"label_smoothing must be 0 or more and below 1, got {self.label_smoothing}")
        if not 0 <= self.gamma < math.inf:
            raise ValueError(f"gamma must be finite and 0 or more, got {self.gamma}")
        if not 1 / MOST_POSITIVE_WEIGHT <= self.least_propensity <= 1:
            raise ValueError(f"least_propensity must lie in [1e-06, 1], got {self.least_propensity}")
        empty = next((name for name, values in self.mask.items() if values == ()), None)
        if empty is not None:
            raise ValueError(f"mask.{empty} has no value; name one or more, or take it out")
        for name, losses in (("gamma", {"focal"}), ("least_propensity", {"ips", "dr"})):
            if getattr(self, name) != type(self).__dataclass_fields__[name].default and not losses & set(self.loss):
                raise ValueError(f"{name} is for the loss {' or '.join(sorted(losses, reverse=True))}, which it has not; remove it")

    @property
    def changes_labels(self) -> bool:
        """Whether training sees other labels or weights than the data have."""
        return self.positive_weight != 1 or self.label_smoothing != 0

    @property
    def is_regression(self) -> bool:
        """Whether it predicts a value; else a probability."""
        return "mse" in self.loss


MOST_WIDTH = 2**20
MOST_LAYERS = 10_000  # dense ones of a plan
TOO_MANY = (
    f"the model has more than {MOST_LAYERS} layers; lower model.members, experts, levels, expert_hidden, tower_hidden or training.seeds"
)
WIDTHS = ("embedding", "gate.hidden")


@dataclass(frozen=True)
class GateConfig:
    """How the role steers the gates (our choice; the published text leaves it open).

    Args:
        role: `none` (plain gates), `bias` (a role r adds c_r to the logits z), `full` (x U_r + c_r), `mlp` (a hidden
            layer over [role embedding, x]); null is `full` where the data have 2 to 32 roles and the architecture has a place for it, else
            `none`. In pepnet and role_towers it is the layers that scale, or those of the towers, that the role adds to.
        temperature: tau of the softmax; above 1 the gates are more even.
        penalty: lambda of lambda/2 ||U_r, c_r||^2, once a data set, in the loss.
        hidden: width of the hidden layer of `mlp`, and of pepnet's.
        top_k: a gate asks its k best experts for each row, and no other; null is all. With 1 the chosen expert gets all: no loss
            can move the gate.
        expert_dropout: share of the experts of each gate that a training row loses at random, so that none is relied on alone.
        balance: weight in the loss of how unevenly a gate asks its experts: the squared coefficient of variation of their shares.
    """

    role: Literal["none", "bias", "full", "mlp"] | None = None
    temperature: float = 1.0
    penalty: float = 100.0
    hidden: int = 16
    top_k: int | None = None
    expert_dropout: float = 0.0
    balance: float = 0.0

    def __post_init__(self):
        if not 0 < self.temperature < math.inf:
            raise ValueError(f"temperature must be finite and above 0, got {self.temperature}")
        if not 0 <= self.penalty < math.inf:
            raise ValueError(f"penalty must be finite and 0 or more, got {self.penalty}")
        if self.top_k is not None and self.top_k < 1:
            raise ValueError(f"top_k must be 1 or more, or null for all experts, got {self.top_k}")
        if not 0 <= self.expert_dropout < 1:
            raise ValueError(f"expert_dropout must lie in [0, 1), got {self.expert_dropout}")
        if not 0 <= self.balance < math.inf:
            raise ValueError(f"balance must be finite and 0 or more, got {self.balance}")
        if self.balance and self.top_k == 1:
            raise ValueError("balance cannot move a gate whose top_k is 1; set balance: 0, or top_k: 2")

    @property
    def of_experts(self) -> dict[str, object]:
        """What is set of that which only a gate over experts has."""
        return {name: getattr(self, name) for name in ("top_k", "expert_dropout", "balance") if getattr(self, name)}


@dataclass(frozen=True)
class ModelConfig:
    """Architecture and sizes.

    Args:
        architecture: single_task (a network and tables of its own for each task), esmm (a network
            for each task over shared tables), shared_bottom, omoe (one gate for all tasks), mmoe, cgc, ple; aitm (what a task is
            given is transferred to it), pepnet (the role scales inputs and units), role_towers (a tower for each task and role).
        embedding: D, width of every embedding.
        experts: E. expert_hidden: widths of an expert's layers, the last is H.
        tower_hidden: widths of a tower's hidden layers.
        members: K networks with parameters of their own, trained side by side; their mean logit predicts. An ensemble in one run.
        members_share: the members share embeddings, experts and gates; of their own are a scale of each input, +1 or -1 at first, and
            the towers (TabM-mini). Little more to keep than one network.
        task_experts, shared_experts, levels: of ple; cgc is ple with one level.
        gate: how the role steers the gates.
        role_in_x: the role is also a feature of the input vector. Where it is not, and gate.role is none, the model is blind to roles.
        role_field, position_field: categorical fields with a part of their own; null = there is none.
            A field called `position` never enters x, nor does position_field.
        role_unknown_share: share of training rows whose role is hidden from the gates and from x,
            so that a role that was never seen gets the shared gate and a trained embedding.
        position_bias: task whose logit gets an additive term of the position; null = none.
        position_unknown_share: share of training rows whose position is hidden: predictions are
            made without a position, and are calibrated for that.
        read_unknown_share: share of training rows in which all that was read in the texts is hidden; each group of it
            (skills, titles, levels, words) is hidden alone from half as many more. Texts in whose words training
            knows nothing are then ranked by how similar they are.
        field_unknown_share: share of the ids of all other categorical fields, bins of numbers among them, that a training row
            loses at random: dropout of inputs, which also trains what a value means that training never saw.
        dropout: share of the hidden units of experts and towers that a training row loses at random.
        name_unknown_share: share of the names (skills, titles, ...) that an epoch takes for unknown, so that a name which training
            never saw gets a trained embedding.
        task_weights: `fixed`; `uncertainty` (learned, Kendall et al., CVPR 2018); or set by a rule, on top of `tasks.weight`: `dwa` (by how
            fast losses fall, once an epoch), `gradnorm` (so that tasks pull alike at the parameters that they share, each step), `pcgrad`
            (what two tasks pull against each other is taken out, each step). The last two take a backward pass for each task.
            To them, and to `training.task_cosines`, gate.balance is an even part of each task: a high one makes tasks look alike.
    """

    architecture: str = "mmoe"
    embedding: int = 8
    experts: int = 4
    expert_hidden: tuple[int, ...] = (64, 32)
    tower_hidden: tuple[int, ...] = (16,)
    members: int = 1
    members_share: bool = False
    task_experts: int = 2
    shared_experts: int = 2
    levels: int = 2
    gate: GateConfig = GateConfig()
    role_in_x: bool = True
    role_field: str | None = "role"
    role_unknown_share: float = 0.2
    position_field: str | None = "position"
    position_bias: str | None = "ctr"
    position_unknown_share: float = 0.1
    read_unknown_share: float = 0.2
    field_unknown_share: float = 0.0
    dropout: float = 0.0
    name_unknown_share: float = 0.05
    task_weights: Literal["fixed", "uncertainty", "dwa", "gradnorm", "pcgrad"] = "fixed"


def check_tasks(config: ModelConfig, tasks: tuple[TaskConfig, ...], spec: InputSpec) -> None:
    """Refuse tasks and a model that do not fit each other or the data.

    Raises:
        ConfigError: one line that says what to change.
    """
    names = tuple(task.name for task in tasks)
    if names != spec.tasks:
        raise ConfigError(
            f"tasks are {', '.join(names) or 'none'} but the data have the labels {', '.join(spec.tasks)}; name the same, in this order"
        )
    for task in tasks:
        if not task.loss:
            raise ConfigError(f"task {task.name} has no loss; set tasks.loss, for example {{bce: 1.0}}")
        if task.given is not None and (task.given not in names or task.given == task.name):
            others = ", ".join(name for name in names if name != task.name)
            remedy = f"name another task: {others}" if others else "there is no other task; add it, or set tasks.given: null"
            raise ConfigError(f"task {task.name} is given {task.given!r}; {remedy}")
        _check_losses(task, tasks)
        if "mse" in task.loss and len(task.loss) > 1:
            raise ConfigError(f"task {task.name} mixes mse with a loss of probabilities; keep one of them")
    _check_cycles(tasks)
    if config.task_weights not in ("fixed", "uncertainty") and len(tasks) == 1:
        raise ConfigError(f"model.task_weights is {config.task_weights} but {names[0]} is the only task; set it to fixed, or add a task")
    if "shared" in names:
        raise ConfigError("a task cannot be called 'shared'; rename the label column")
    fields = [name for name, _ in spec.categorical]
    _check_names(config, names, fields)
    asked = f"model.gate.role is {config.gate.role!r} but"
    if config.gate.role != "none" and config.role_field not in fields:
        raise ConfigError(f"{asked} the data have no field {config.role_field!r}; set model.role_field, or model.gate.role: none")
    if config.gate.role in ("bias", "full") and dict(spec.categorical)[str(config.role_field)] < 2:
        raise ConfigError(f"{asked} field {config.role_field!r} has no known value; set model.gate.role: none")
    positive = {name: getattr(config, name) for name in ("embedding", "experts", "members", "levels", "task_experts", "shared_experts")}
    for name, value in {**positive, "gate.hidden": config.gate.hidden}.items():
        if value <= 0:
            raise ConfigError(f"model.{name} must be above 0, got {value}")
        if value > MOST_LAYERS and name not in WIDTHS:
            raise ConfigError(TOO_MANY)
    if config.members_share and config.members == 1:
        raise ConfigError("model.members_share needs members; set model.members: 8, or model.members_share: false")
    if not config.expert_hidden or min((*config.expert_hidden, *config.tower_hidden)) < 1:
        raise ConfigError("model.expert_hidden must name at least one layer, and every width must be above 0")
    widths = {"embedding": config.embedding, "gate.hidden": config.gate.hidden, "expert_hidden": max(config.expert_hidden)}
    for name, width in (widths | {"tower_hidden": max(config.tower_hidden, default=1)}).items():
        if width > MOST_WIDTH:
            raise ConfigError(f"model.{name} must be at most {MOST_WIDTH}, got {width}")
    shares = [name for name in vars(config) if name.endswith("_unknown_share")]
    for name in (*shares, "dropout"):
        if not 0 <= getattr(config, name) < 1:
            raise ConfigError(f"model.{name} must lie in [0, 1), got {getattr(config, name)}")


def _check_losses(task: TaskConfig, tasks: tuple[TaskConfig, ...]) -> None:
    """Refuse losses of a task that do not fit what else is said of it, or the task that it is given."""
    of_given = next((loss for loss in OF_GIVEN if loss in task.loss), None)
    if of_given is not None and task.given is None:
        raise ConfigError(f"task {task.name} has the loss {of_given!r} but no `given`; name the task it is conditional on")
    reader = next((other for other in tasks if other.given == task.name and set(OF_GIVEN) & set(other.loss)), None)
    if task.changes_labels and (set(task.loss) not in ({"bce"}, {"focal"}) or reader is not None):
        key = "label_smoothing" if task.label_smoothing else "positive_weight"
        raise ConfigError(f"task {task.name} has {key}, which is for the loss bce or focal alone; remove it, or change the losses")
    if reader is not None and {"ips", "dr"} & set(reader.loss) and not set(task.loss) <= set(CALIBRATED):
        other = next(loss for loss in task.loss if loss not in CALIBRATED)
        problem = f"task {reader.name} is weighted by the probability of {task.name}, which the loss {other!r} does not teach"
        raise ConfigError(f"{problem}; give {task.name} the loss bce alone")
    if task.delayed and (set(task.loss) != {"bce"} or task.changes_labels or reader is not None):
        raise ConfigError(f"task {task.name} is delayed, which is for the loss bce alone; set delayed: false, or change the losses")


def _check_cycles(tasks: tuple[TaskConfig, ...]) -> None:
    """Refuse a task that is conditional on itself by way of others."""
    given = {task.name: task.given for task in tasks}
    for name in given:
        chain = [name]
        while (following := given[chain[-1]]) is not None and following not in chain:
            chain.append(following)
        if following == name:
            circle = " given ".join([*chain, name])
            raise ConfigError(f"tasks are given each other in a circle ({circle}); set tasks.given of one of them to null")


def _check_names(config: ModelConfig, tasks: tuple[str, ...], fields: list[str]) -> None:
    """Refuse a field or a task that the model names and the data do not have, and a position in the part of a role."""
    for key, known in (("role_field", fields), ("position_field", fields), ("position_bias", tasks)):
        name = getattr(config, key)
        if name in known or name in (None, DEFAULTS[key]):
            continue
        near = nearest(name, known)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(known) or 'none'}"
        raise ConfigError(f"model.{key}: no {'task' if key == 'position_bias' else 'categorical field'} {name!r}; {hint}")
    if config.role_field is not None and config.role_field in (config.position_field, POSITION):
        raise ConfigError(f"model.role_field is the position field {config.role_field!r}; name the field of the role, or null")

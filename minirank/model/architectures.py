"""Every architecture as a function from the pieces of `network.py` to the input of each task's tower.

A new one is a function under `@architecture` in any file that is imported; nothing else knows its name. Nothing is tied to three tasks:
tasks are a list. Sources: Caruana 1997 (shared bottom), Ma et al., KDD 2018 (OMoE, MMoE), Ma et al., SIGIR
2018 (ESMM), Tang et al., RecSys 2020 (CGC, PLE), Xi et al., KDD 2021 (AITM), Chang et al., KDD 2023 (PEPNet); where
these know a domain, ours know the role.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from ..config.model import ModelConfig, TaskConfig, check_tasks
from ..errors import ConfigError, nearest
from ..kernels.batch import Batch, InputSpec
from ..kernels.plan import Plan, Slot
from .label_rates import LabelRates, label_rates
from .network import Network

BY_ID = ("bias", "full")  # what a role adds to a linear layer
GATES = (*BY_ID, "mlp")
MOST_STEERING = 32  # roles that get weights of their own unasked
Build = Callable[[Network], list[Slot]]
Builder = TypeVar("Builder", bound=Build)


@dataclass(frozen=True)
class Architecture:
    """An architecture.

    Args:
        build: of a network. roles: how the role may steer it, what `gate.role` may be beside `none`.
        parts: what it has of a configuration's sizes, in words for the report; None where that is not told.
        whole: whether it trains all its tasks or none.
    """

    build: Build
    roles: tuple[str, ...]
    parts: Callable[[ModelConfig], str] | None = None
    whole: bool = False


ARCHITECTURES: dict[str, Architecture] = {}


def architecture(*roles: str, parts: Callable[[ModelConfig], str] | None = None, whole: bool = False) -> Callable[[Builder], Builder]:
    """Enters a function into ARCHITECTURES, under its name; arguments as for `Architecture`."""

    def enter(build: Builder) -> Builder:
        ARCHITECTURES[build.__name__] = Architecture(build, roles, parts, whole)
        return build

    return enter


def _experts(config: ModelConfig) -> str:
    return f"{config.experts} experts of {' and '.join(map(str, config.expert_hidden))} units"


def _level(config: ModelConfig) -> str:
    return f"1 level, {config.task_experts} experts a task and {config.shared_experts} shared"


def _levels(config: ModelConfig) -> str:
    return f"{config.levels} levels{_level(config).removeprefix('1 level')}"


@architecture()
def single_task(net: Network) -> list[Slot]:
    """A network with embedding tables of its own for each task."""
    return [x for task in net.tasks for x in net.experts([f"network.{task.name}"], net.inputs(f"x.{task.name}", f"{task.name}."))]


@architecture(whole=True)
def esmm(net: Network) -> list[Slot]:
    """A network for each task over shared embedding tables."""
    x = net.inputs()
    return net.experts([f"network.{task.name}" for task in net.tasks], x)


@architecture()
def shared_bottom(net: Network) -> list[Slot]:
    """One network for all tasks."""
    return net.experts(["bottom"], net.inputs()) * len(net.tasks)


@architecture(*GATES, parts=_experts)
def omoe(net: Network) -> list[Slot]:
    """Experts that all tasks mix by one gate."""
    return _mixtures(net, gates=1) * len(net.tasks)


@architecture(*GATES, parts=_experts)
def mmoe(net: Network) -> list[Slot]:
    """Experts that each task mixes by a gate of its own."""
    return _mixtures(net, gates=len(net.tasks))


def _mixtures(net: Network, gates: int) -> list[Slot]:
    x = net.inputs()
    experts = net.experts([f"expert.{e}" for e in range(net.config.experts)], x)
    net.outputs["gates"] = g = net.gates("gate", x, gates, len(experts))
    return [net.mixture(f"mixture.{t}", g.columns(t * len(experts), len(experts)), experts) for t in range(gates)]


@architecture(*GATES, parts=_level)
def cgc(net: Network) -> list[Slot]:
    """Customized gate control: PLE with one level."""
    return ple(net, levels=1)


@architecture(*GATES, parts=_levels)
def ple(net: Network, levels: int | None = None) -> list[Slot]:
    """Levels of experts: a task's gate sees its own experts and the shared ones, the shared gate sees all."""
    config, x, levels = net.config, net.inputs(), levels or net.config.levels
    inputs = dict.fromkeys([*(task.name for task in net.tasks), "shared"], x)
    for level in range(levels):
        experts = {}
        for name, x in inputs.items():
            count = config.shared_experts if name == "shared" else config.task_experts
            experts[name] = net.experts([f"level{level}.{name}.{e}" for e in range(count)], x)
        mixed = {}
        for name, x in inputs.items():
            if name == "shared" and level == levels - 1:
                continue
            seen = [e for own in experts.values() for e in own] if name == "shared" else experts[name] + experts["shared"]
            g = net.gates(f"level{level}.gate.{name}", x, 1, len(seen), first_level=level == 0)
            net.outputs[f"level{level}.gates.{name}"] = g
            mixed[name] = net.mixture(f"level{level}.mixture.{name}", g, seen)
        inputs = mixed
    return [inputs[task.name] for task in net.tasks]


@architecture()
def aitm(net: Network) -> list[Slot]:
    """A network for each task; what a task is given is transferred to it, as far as an attention over both asks for it."""
    x, found = net.inputs(), {}

    def of(task: TaskConfig) -> Slot:
        if task.name not in found:
            own = net.mlp(f"network.{task.name}", x, net.config.expert_hidden, net.config.dropout)
            before = [of(other) for other in net.tasks if other.name == task.given]
            transferred = [net.mlp(f"transfer.{task.name}", slot, (own.width,)) for slot in before]
            found[task.name] = net.attention(f"attention.{task.name}", [*transferred, own]) if transferred else own
        return found[task.name]

    return [of(task) for task in net.tasks]


@architecture(*BY_ID)
def pepnet(net: Network) -> list[Slot]:
    """A network for each task over shared tables; the role scales the inputs, and then the units of each layer.

    The published one stops the gradient where the scaling networks read x; here it flows: what is minimised is what is differentiated.
    """
    x = net.inputs()
    x = net.modulated("inputs", x, x)
    towers = []
    for task in net.tasks:
        h = x
        for layer, width in enumerate(net.config.expert_hidden):
            h = net.mlp(f"network.{task.name}.{layer}", h, (width,), net.config.dropout)
            h = net.modulated(f"modulation.{task.name}.{layer}", x, h)
        towers.append(h)
    return towers


@architecture(*BY_ID)
def role_towers(net: Network) -> list[Slot]:
    """One network for all tasks, and a tower for each task and role: that of the task, and what the role adds to each of its layers."""
    net.role_towers = True
    return shared_bottom(net)


def architecture_of(config: ModelConfig) -> Architecture:
    """That of a model.

    Raises:
        ConfigError: there is none of this name.
    """
    name = config.architecture
    if name in ARCHITECTURES:
        return ARCHITECTURES[name]
    near = nearest(name, ARCHITECTURES)
    hint = f"; did you mean {near}?" if near else ""
    raise ConfigError(f"model.architecture: expected one of {', '.join(ARCHITECTURES)}, got {name!r}{hint}")


def with_gate(config: ModelConfig, spec: InputSpec) -> ModelConfig:
    """The model with what `gate.role: null` stands for in these data.

    Raises:
        ConfigError: the role cannot steer it as it should.
    """
    name, role, roles = config.architecture, config.gate.role, architecture_of(config).roles
    if role is not None:
        if role not in ("none", *roles) and roles:
            raise ConfigError(f"in {name} the role adds to layers; set model.gate.role: full, bias or none")
        if role not in ("none", *roles):
            steered = [other for other, one in ARCHITECTURES.items() if one.roles]
            raise ConfigError(f"{name} has no gates; set model.gate.role: none, or an architecture of {', '.join(steered)}")
        return config
    ids = dict(spec.categorical).get(config.role_field or "", 0)  # of the roles, and one for an unknown one
    return replace(config, gate=replace(config.gate, role="full" if roles and 2 < ids <= MOST_STEERING + 1 else "none"))


def compile_plan(config: ModelConfig, tasks: tuple[TaskConfig, ...], spec: InputSpec, rows: Batch | LabelRates, seeds: int = 1) -> Plan:
    """The plan of a model.

    Args:
        config: architecture and sizes. tasks: in the order of spec.tasks. spec: the inputs.
        rows: the training rows, or the `label_rates` that were taken from them.
        seeds: how many models side by side, whose mean logit predicts; each of its own training.
    Raises:
        ConfigError: a loss without a label in the training rows, a gate without a role field, ...
    """
    config = with_gate(config, spec)
    check_tasks(config, tasks, spec)
    net = Network(config, tasks, spec, seeds)
    rates = rows if isinstance(rows, LabelRates) else label_rates(tasks, rows)
    return net.finish(net.ensemble(lambda: ARCHITECTURES[config.architecture].build(net)), rates)

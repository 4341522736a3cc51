"""Every architecture as a function from the pieces of `network.py` to the input of each task's tower.

A new one is a function here, in ARCHITECTURES, and its name in `config.model.Architecture` (with gates: in `GATED`). Nothing is
tied to three tasks: tasks are a list. Sources: Caruana 1997 (shared bottom), Ma et al., KDD 2018 (OMoE, MMoE), Ma et al., SIGIR
2018 (ESMM), Tang et al., RecSys 2020 (CGC, PLE).
"""

from __future__ import annotations

from ..config.model import ModelConfig, TaskConfig, check_tasks, with_gate
from ..kernels.batch import Batch, InputSpec
from ..kernels.plan import Plan, Slot
from .label_rates import LabelRates, label_rates
from .network import Network


def single_task(net: Network) -> list[Slot]:
    """A network with embedding tables of its own for each task."""
    return [net.mlp(f"network.{task.name}", net.inputs(f"x.{task.name}", f"{task.name}."), net.config.expert_hidden) for task in net.tasks]


def esmm(net: Network) -> list[Slot]:
    """A network for each task over shared embedding tables."""
    x = net.inputs()
    return [net.mlp(f"network.{task.name}", x, net.config.expert_hidden) for task in net.tasks]


def shared_bottom(net: Network) -> list[Slot]:
    """One network for all tasks."""
    return [net.mlp("bottom", net.inputs(), net.config.expert_hidden)] * len(net.tasks)


def omoe(net: Network) -> list[Slot]:
    """Experts that all tasks mix by one gate."""
    return _mixtures(net, gates=1) * len(net.tasks)


def mmoe(net: Network) -> list[Slot]:
    """Experts that each task mixes by a gate of its own."""
    return _mixtures(net, gates=len(net.tasks))


def _mixtures(net: Network, gates: int) -> list[Slot]:
    x = net.inputs()
    experts = net.experts([f"expert.{e}" for e in range(net.config.experts)], x)
    net.outputs["gates"] = g = net.gates("gate", x, gates, len(experts))
    return [net.mixture(f"mixture.{t}", g.columns(t * len(experts), len(experts)), experts) for t in range(gates)]


def ple(net: Network) -> list[Slot]:
    """Levels of experts: a task's gate sees its own experts and the shared ones, the shared gate sees all."""
    config, x = net.config, net.inputs()
    inputs = dict.fromkeys([*(task.name for task in net.tasks), "shared"], x)
    for level in range(config.levels):
        experts = {}
        for name, x in inputs.items():
            count = config.shared_experts if name == "shared" else config.task_experts
            experts[name] = net.experts([f"level{level}.{name}.{e}" for e in range(count)], x)
        mixed = {}
        for name, x in inputs.items():
            if name == "shared" and level == config.levels - 1:
                continue
            seen = [e for own in experts.values() for e in own] if name == "shared" else experts[name] + experts["shared"]
            g = net.gates(f"level{level}.gate.{name}", x, 1, len(seen), first_level=level == 0)
            net.outputs[f"level{level}.gates.{name}"] = g
            mixed[name] = net.mixture(f"level{level}.mixture.{name}", g, seen)
        inputs = mixed
    return [inputs[task.name] for task in net.tasks]


ARCHITECTURES = {build.__name__: build for build in (single_task, esmm, shared_bottom, omoe, mmoe, ple)}


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
    return net.finish(net.ensemble(lambda: ARCHITECTURES[config.architecture](net)), rates)

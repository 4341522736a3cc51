"""Whom the gates ask: where they are in a plan, what they do on some rows, by role, and when that is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..config.model import ModelConfig
from ..data import Dataset
from ..data.kept.mapped_rows import MappedInputs
from ..kernels.batch import Inputs
from ..kernels.executor import Executor
from ..kernels.parameters import Arena
from ..kernels.plan import Plan
from .load_run import Run
from .prediction import parts_of

COLLAPSED = 0.95  # mean largest weight, and share of the rows in which one expert has it
IDLE = 0.5  # of its even share: an expert with less for every task and role is idle
DEAD = 0.05  # of its even share: with less everywhere it is dead
LEAST_ROWS = 30  # of a role, that its mean weights say something of an expert
WAYS_OUT = "set model.gate.balance: 0.1 (beside top_k with model.gate.expert_dropout: 0.1), or raise model.gate.temperature"
OF_COLLAPSED = f"see that no column is left in units of its own, then {WAYS_OUT}"
OF_DEAD = f"take fewer experts, or {WAYS_OUT}"
OF_SILENT = "lower training.optimiser.learning_rate, and see that no column is left in units of its own"


@dataclass(frozen=True)
class Gate:
    """One gate of a plan.

    Args:
        slot: its name in `plan.outputs`. first: its first column there.
        experts: name of each expert that it sees -> the name of its output in `plan.outputs`.
    """

    slot: str
    first: int
    experts: dict[str, str]


def gates_of(plan: Plan, model: ModelConfig) -> dict[str, Gate]:
    """All gates of a plan by name; that of a task is the one in front of its tower. {} without gates, or in an ensemble."""
    found: dict[str, Gate] = {}
    tasks = plan.spec.tasks
    for number, task in enumerate(tasks if "gates" in plan.outputs else ()):
        first = number * model.experts if plan.outputs["gates"].width > model.experts else 0
        found[task] = Gate("gates", first, {f"expert {e}": f"expert.{e}" for e in range(model.experts)})
    levels = [level for level in range(model.levels) if f"level{level}.gates.{tasks[0]}" in plan.outputs]
    for level in reversed(levels):
        where = "" if level == levels[-1] else f" of level {level}"
        counts = {**dict.fromkeys(tasks, model.task_experts), "shared": model.shared_experts}
        of = {name: {f"{name} {e}{where}": f"level{level}.{name}.{e}" for e in range(count)} for name, count in counts.items()}
        for name in (name for name in counts if f"level{level}.gates.{name}" in plan.outputs):
            seen = of[name] | of["shared"] if name in tasks else {key: slot for own in of.values() for key, slot in own.items()}
            found[f"{name}{where}"] = Gate(f"level{level}.gates.{name}", 0, seen)
    return found


def gate_experts(plan: Plan, model: ModelConfig) -> dict[str, tuple[str, int, list[str]]]:
    """Where the gates in front of the towers are: task -> (name in plan.outputs, first column, names of the experts)."""
    gates = gates_of(plan, model)
    return {task: (gates[task].slot, gates[task].first, list(gates[task].experts)) for task in plan.spec.tasks if task in gates}


def gate_statistics(run: Run, dataset: Dataset, rows: np.ndarray) -> dict[str, dict[str, Any]]:
    """What the gates in front of the towers do on some rows; no gate reads the position, so that they are those of a ranking.

    Args:
        rows: (n,) indices into `dataset.rows`, one at least.
    Returns:
        What JSON can hold, {} for a model without gates: task -> what `uses` gives.
    """
    gates = {name: gate for name, gate in gates_of(run.plan, run.config.model).items() if name in run.plan.spec.tasks}
    found = outputs(run.executor, run.values, dataset.rows, tuple(gate.slot for gate in gates.values()), rows)
    return uses(gates, found, *roles_of(dataset, rows))


def roles_of(dataset: Dataset, rows: np.ndarray) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """(code of the role of each row, or None; names of the codes)."""
    return None if dataset.role is None else dataset.role[rows], tuple(dataset.role_names)


def uses(
    gates: Mapping[str, Gate], found: Mapping[str, np.ndarray], role: np.ndarray | None, names: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    """What gates do.

    Args:
        found: name in plan.outputs -> (n, width). role, names: see `roles_of`.
    Returns:
        What JSON can hold: gate -> {"experts": E names, "overall": E mean weights (the load), "first": E shares of the rows in which the
        expert has the most weight, "top": mean of the largest weight of a row, "entropy": mean entropy of a row's weights, 1 where
        they are even and 0 where one expert has all, "spread": mean over experts of the standard deviation of their weights,
        "roles": role -> {"rows", "weights": E means, "first", "entropy"}}.
    """
    codes = [] if role is None else np.unique(role).tolist()
    told = {}
    for name, gate in gates.items():
        weights = found[gate.slot][:, gate.first : gate.first + len(gate.experts)]
        largest, entropy = weights.argmax(axis=1), entropies(weights)

        def of(rows, weights=weights, largest=largest, entropy=entropy):
            first = np.bincount(largest[rows], minlength=weights.shape[1]) / len(largest[rows])
            return {"first": first.tolist(), "entropy": float(entropy[rows].mean())}

        members = {names[code]: role == code for code in codes}
        roles = {of_role: {"rows": int(rows.sum()), "weights": _mean(weights[rows]), **of(rows)} for of_role, rows in members.items()}
        told[name] = {
            "experts": list(gate.experts),
            "overall": _mean(weights),
            **of(slice(None)),
            "top": float(weights.max(axis=1).mean()),
            "spread": float(weights.std(axis=0).mean()),
            "roles": roles,
        }
    return told


def _mean(weights: np.ndarray) -> list[float]:
    return weights.mean(axis=0).tolist()


def entropies(weights: np.ndarray) -> np.ndarray:
    """(n,) -sum_e g_e log g_e / log E of weights (n, E): 1 where they are even, 0 where one expert has all; of a single expert 0."""
    if weights.shape[1] == 1:
        return np.zeros(len(weights))
    logs = np.log(weights, out=np.zeros_like(weights), where=weights > 0)
    return -(weights * logs).sum(axis=1) / np.log(weights.shape[1])


def is_collapsed(top: float, first: float) -> bool:
    """Whether a gate asks one expert whatever the row: the mean largest weight, and the share of the rows in which one expert has it."""
    return top >= COLLAPSED and first >= COLLAPSED


def most_asked(experts: int, roles: Mapping[str, Mapping[str, Any]], overall: list[float]) -> list[float]:
    """For each expert of a gate its largest mean weight in any role that has rows enough, in units of the even share 1 / E."""
    least = min(LEAST_ROWS, max((role["rows"] for role in roles.values()), default=0))
    rows = [role["weights"] for role in roles.values() if role["rows"] >= least] or [overall]
    return (experts * np.max(rows, axis=0)).tolist()


def troubles(used: Mapping[str, Mapping[str, Any]], units: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """What is wrong, with the remedy, a line each.

    Args:
        used: what `uses` gives. units: name of an expert -> {"units", "dead"}: of its output, and how many are 0 in every row.
    """
    most: dict[str, float] = {}
    for name, gate in used.items():
        count, best = len(gate["experts"]), int(np.argmax(gate["first"]))
        if count > 1 and is_collapsed(gate["top"], gate["first"][best]):
            yield f"the gate of {name} has collapsed: {gate['experts'][best]} gets nearly all whatever the row; {OF_COLLAPSED}"
        for expert, share in zip(gate["experts"], most_asked(count, gate["roles"], gate["overall"])):
            most[expert] = max(most.get(expert, 0.0), share)
    for expert, share in most.items():
        if units[expert]["dead"] == units[expert]["units"]:
            yield f"{expert} is dead: all of its units are 0 in every row; {OF_SILENT}"
        elif share < DEAD:
            yield f"{expert} is dead: no task and no role asks it for more than {100 * DEAD:.0f} % of an even share; {OF_DEAD}"


def outputs(
    executor: Executor, values: Arena, inputs: Inputs | MappedInputs, slots: tuple[str, ...], rows: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Name in plan.outputs -> (n, width) float64, of all rows or of those named (n,)."""
    slots = tuple(dict.fromkeys(slots))
    if not slots:
        return {}
    found = [executor.outputs(values, part, slots) for part in parts_of(inputs, rows)]
    return {slot: np.concatenate([part[slot] for part in found]).astype(float) for slot in slots}

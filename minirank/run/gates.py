"""Whom the gates ask: where they are in a plan, and their mean weights on some rows, by role."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data import Dataset
from ..kernels.batch import Inputs
from .load_run import Run
from .prediction import CHUNK_ROWS


def gate_experts(run: Run) -> dict[str, tuple[str, int, list[str]]]:
    """Where the gates of each task are: task -> (name in plan.outputs, first column, names of the experts)."""
    plan, model = run.plan, run.config.model
    found = {}
    for number, task in enumerate(plan.spec.tasks):
        if "gates" in plan.outputs:
            first = number * model.experts if plan.outputs["gates"].width > model.experts else 0
            found[task] = "gates", first, [f"expert {e}" for e in range(model.experts)]
        last = f"level{model.levels - 1}.gates.{task}"
        if last in plan.outputs:
            names = [f"{task} {e}" for e in range(model.task_experts)] + [f"shared {e}" for e in range(model.shared_experts)]
            found[task] = last, 0, names
    return found


def gate_statistics(run: Run, dataset: Dataset, rows: np.ndarray) -> dict[str, dict[str, Any]]:
    """The gates of each task on some rows; no gate reads the position, so that they are those of a ranking.

    Args:
        rows: (n,) indices into `dataset.rows`, one at least.
    Returns:
        What JSON can hold, {} for a model without gates: task -> {"experts": E names, "overall": E mean weights, "first": E
        shares of the rows in which the expert has the most weight, "top": mean of the largest weight of a row,
        "spread": mean over experts of the standard deviation of their weights, "roles": role -> {"rows", "weights": E means}}.
    """
    where = gate_experts(run)
    slots = tuple(dict.fromkeys(slot for slot, _, _ in where.values()))
    weights = _weights(run, dataset.rows.take(rows), slots)
    role = None if dataset.role is None else dataset.role[rows]
    codes = [] if role is None else np.unique(role).tolist()
    found = {}
    for task, (slot, begin, experts) in where.items():
        of_task = weights[slot][:, begin : begin + len(experts)]
        first = np.bincount(of_task.argmax(axis=1), minlength=len(experts)) / len(rows)
        members = {dataset.role_names[code]: of_task[role == code] for code in codes}
        found[task] = {
            "experts": experts,
            "overall": of_task.mean(axis=0).tolist(),
            "first": first.tolist(),
            "top": float(of_task.max(axis=1).mean()),
            "spread": float(of_task.std(axis=0).mean()),
            "roles": {name: {"rows": len(part), "weights": part.mean(axis=0).tolist()} for name, part in members.items()},
        }
    return found


def _weights(run: Run, inputs: Inputs, slots: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Name of an output of the plan -> (n, width) float64."""
    if not slots:
        return {}
    firsts = range(0, len(inputs), CHUNK_ROWS)
    parts = [inputs.take(np.arange(first, min(first + CHUNK_ROWS, len(inputs)))) for first in firsts]
    found = [run.executor.outputs(run.values, part, slots) for part in parts]
    return {slot: np.concatenate([part[slot] for part in found]).astype(float) for slot in slots}

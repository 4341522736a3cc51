"""Who is asked for what: the gates' mean weights for each role, and what each expert does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..run.gates import DEAD, IDLE, LEAST_ROWS
from .contents_learned import Course, ExpertUse, GateMatrix, Gates
from .trained import dict_of, number_of, task_title

ALL = "all rows"


def gates(statistics: Mapping[str, Any], part: str, rows: int, is_table: bool, epochs: Sequence[Mapping[str, Any]] = ()) -> Gates:
    """The gates on some rows, and their course.

    Args:
        statistics: as `gate_statistics` gives them, of one task at least. part, rows: the name and the number of the rows.
        epochs: lines of metrics.jsonl.
    """
    matrices = [_matrix(task, found, rows, is_table) for task, found in statistics.items()]
    names = dict.fromkeys(expert for matrix in matrices for expert in matrix.experts)
    uses = tuple(use_of(name, [matrix for matrix in matrices if name in matrix.experts]) for name in names)
    matters = {matrix.task: _apart(matrix) for matrix in matrices if len(matrix.roles) > 1}
    return Gates(part, rows, tuple(matrices), uses, matters, course(epochs, [matrix.task for matrix in matrices]))


def course(epochs: Sequence[Mapping[str, Any]], tasks: list[str]) -> Course | None:
    """What lines of metrics.jsonl say of the gates of these tasks; None where they say nothing."""
    lines = [line for line in epochs if isinstance(line.get("gates"), dict)]
    of = [{task: dict_of(dict_of(line["gates"], "of"), task) for task in tasks} for line in lines]
    loads = [[dict_of(gate, "load") for gate in gates.values()] for gates in of]
    experts = dict.fromkeys(expert for gates in loads for load in gates for expert in load)
    if not experts:
        return None

    def mean(gates: list[dict[str, Any]], expert: str) -> float | None:
        found = [value for gate in gates if (value := number_of(gate, expert)) is not None]
        return float(np.mean(found)) if found else None

    warnings = [text for line in lines for text in line["gates"].get("warnings", ()) if isinstance(text, str)]
    return Course(
        tuple(line["epoch"] for line in lines),
        {task: tuple(number_of(gates[task], "entropy") for gates in of) for task in tasks},
        {expert: tuple(mean(gates, expert) for gates in loads) for expert in experts},
        tuple(dict.fromkeys(warnings)),
    )


def use_of(expert: str, matrices: list[GateMatrix]) -> ExpertUse:
    """What an expert does.

    Args:
        matrices: of the tasks whose gates can choose it.
    """
    at = [matrix.experts.index(expert) for matrix in matrices]
    found = [
        (matrix.task, role, weights[place], len(matrix.experts))
        for matrix, place in zip(matrices, at)
        for role, rows, weights in zip(matrix.roles, matrix.rows, matrix.weights)
        if rows >= min(LEAST_ROWS, max(matrix.rows))
    ]
    task, role, weight, _ = max(found, key=lambda item: item[2])
    most = max(weight * experts for _, _, weight, experts in found)  # 1: its even share
    return ExpertUse(
        expert=expert,
        tasks=tuple(matrix.task for matrix in matrices),
        load=float(np.mean([matrix.overall[place] for matrix, place in zip(matrices, at)])),
        even=float(np.mean([1 / len(matrix.experts) for matrix in matrices])),
        first=float(np.mean([matrix.first[place] for matrix, place in zip(matrices, at)])),
        strongest=(task, role, weight),
        state="dead" if most < DEAD else "idle" if most < IDLE else "works",
    )


def _matrix(task: str, found: Mapping[str, Any], rows: int, is_table: bool) -> GateMatrix:
    roles = dict(sorted(found["roles"].items(), key=lambda item: (-item[1]["rows"], item[0])))
    roles = roles or {ALL: {"rows": rows, "weights": found["overall"]}}
    return GateMatrix(
        task=task,
        title=task_title(task, is_table),
        experts=tuple(found["experts"]),
        roles=tuple(roles),
        rows=tuple(role["rows"] for role in roles.values()),
        weights=tuple(tuple(role["weights"]) for role in roles.values()),
        overall=tuple(found["overall"]),
        first=tuple(found["first"]),
        top=found["top"],
        spread=found["spread"],
    )


def _apart(matrix: GateMatrix) -> float:
    """How different the roles' mean weights are, over pairs of roles: 0 the same, 1 no expert in common."""
    weights = np.array(matrix.weights)
    pairs = [(a, b) for a in range(len(weights)) for b in range(a)]
    return float(np.mean([0.5 * np.abs(weights[a] - weights[b]).sum() for a, b in pairs]))

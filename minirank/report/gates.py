"""Who is asked for what: the gates' mean weights for each role, and what each expert does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .contents_learned import ExpertUse, GateMatrix, Gates
from .trained import task_title

ALL = "all rows"
IDLE = 0.5  # of its even share: an expert with less for every task and role is idle
DEAD = 0.05  # of its even share: with less everywhere it is dead
LEAST_ROWS = 30  # of a role, that its mean weights say something of an expert


def gates(statistics: Mapping[str, Any], part: str, rows: int, is_table: bool) -> Gates:
    """The gates on some rows.

    Args:
        statistics: as `gate_statistics` gives them, of one task at least. part, rows: the name and the number of the rows.
    """
    matrices = [_matrix(task, found, rows, is_table) for task, found in statistics.items()]
    names = dict.fromkeys(expert for matrix in matrices for expert in matrix.experts)
    uses = tuple(use_of(name, [matrix for matrix in matrices if name in matrix.experts]) for name in names)
    matters = {matrix.task: _apart(matrix) for matrix in matrices if len(matrix.roles) > 1}
    return Gates(part, rows, tuple(matrices), uses, matters)


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

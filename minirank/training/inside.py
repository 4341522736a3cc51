"""A look inside at the end of each epoch: what the gates do with a fixed sample of rows, which units are silent, and what helps."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config.model import ModelConfig
from ..data import Dataset
from ..kernels.executor import Executor
from ..kernels.parameters import Arena
from ..run.gates import gates_of, outputs, roles_of, troubles, uses

ROWS = 1000  # of the sample, at most
SHARE = 0.02  # of the training rows that the sample has at most, so that looking costs little beside an epoch
LEAST = 100  # rows that it has at least, where there are as many
DIGITS = 4


class Inside:
    """Looks at the same rows after each epoch: validation rows, or training rows where there are none, evenly spread.

    Args:
        model: of the configuration that the executor's plan is compiled from.
    Attributes:
        part: "valid" or "train". rows: of the sample.
    """

    def __init__(self, dataset: Dataset, executor: Executor, model: ModelConfig) -> None:
        self._executor, self._gates = executor, gates_of(executor.plan, model)
        self._told: set[str] = set()
        self.part = "valid" if len(dataset.valid) else "train"
        rows = getattr(dataset, self.part)
        count = min(ROWS, max(LEAST, int(SHARE * len(dataset.train))), len(rows))
        rows = rows[np.arange(count) * len(rows) // max(count, 1)] if self._gates else rows[:0]
        self.rows, self._inputs, self._roles = len(rows), dataset.rows.take(rows), roles_of(dataset, rows)

    def look(self, values: Arena) -> dict[str, Any]:
        """What a line of metrics.jsonl says of the gates; {} for a model without gates, or an ensemble.

        Returns:
            {"gates": {"part", "rows": of the sample, "of": gate -> {"entropy", "load", "first", "roles"}, "experts": name ->
            {"units", "dead"}, "warnings"}}, in which "load" is name of an expert -> mean weight, "first" name -> share of the rows in which
            it has the most, and "roles" role -> {"rows", "entropy", "load", "first"}; see `run.gates.uses`.
        """
        if not self._gates:
            return {}
        experts = {name: slot for gate in self._gates.values() for name, slot in gate.experts.items()}
        slots = (*(gate.slot for gate in self._gates.values()), *experts.values())
        with np.errstate(all="ignore"):  # a model that diverges is refused elsewhere
            found = outputs(self._executor, values, self._inputs, slots)
            used = uses(self._gates, found, *self._roles)
        silent = {name: ~(found[slot] != 0).any(axis=0) for name, slot in experts.items()}
        units = {name: {"units": len(each), "dead": int(each.sum())} for name, each in silent.items()}
        shown = {"part": self.part, "rows": self.rows, "of": {name: _rounded(use) for name, use in used.items()}, "experts": units}
        return {"gates": shown | {"warnings": list(troubles(used, units))}}

    def warnings(self, line: dict[str, Any], place: str) -> list[str]:
        """What is wrong in a line of metrics.jsonl and was not said before."""
        found = line.get("gates", {}).get("warnings", [])
        new = [f"{place}: {text}" for text in found if text not in self._told]
        self._told.update(found)
        return new


def _rounded(use: dict[str, Any]) -> dict[str, Any]:
    """What `uses` says of a gate, as metrics.jsonl has it."""

    def of(weights: str, part: dict[str, Any]) -> dict[str, Any]:
        load, first = (dict(zip(use["experts"], np.round(part[key], DIGITS).tolist())) for key in (weights, "first"))
        return {"entropy": round(part["entropy"], DIGITS), "load": load, "first": first}

    return of("overall", use) | {"roles": {name: {"rows": role["rows"], **of("weights", role)} for name, role in use["roles"].items()}}

"""What training and evaluation read: encoded rows, their parts, and the groups that metrics are computed over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minirank.data.column_facts import ColumnFacts
from minirank.data.kept.mapped_rows import Rows
from minirank.kernels.batch import InputSpec


@dataclass(frozen=True)
class Dataset:
    """N encoded rows of a data folder or a table.

    Args:
        inputs: names and sizes of what a row holds.
        rows: all N rows, in memory or where they are kept; labels are NaN where missing.
        train, valid, test: row indices, int64; valid and test may be empty.
        search, job, role: (N,) int32 codes of the groups that metrics need; None where a table has no such column.
        role_names: code -> name of the role; () where there is none.
        truth: simulated probabilities, (N,) each, or None.
        fingerprint: sha256 (hex) over the input files.
        encoder: what encoded the rows: it has `save(folder)`, and its class has `load(folder)`.
        columns: name -> what is left of a column once it is encoded; {} where the encoder was fitted elsewhere.
        to_come: (N,) float32, the share of conversions that were still to come to a training row when training ends; None where rows
            whose labels were open then are left out.
        outside: (N, T) bool, rows that the mask of a task leaves out, which have no label there; None without a mask.
    """

    inputs: InputSpec
    rows: Rows
    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    search: np.ndarray | None
    job: np.ndarray | None
    role: np.ndarray | None
    role_names: tuple[str, ...]
    truth: dict[str, np.ndarray] | None
    fingerprint: str
    encoder: Any
    columns: dict[str, ColumnFacts] = field(default_factory=dict)
    to_come: np.ndarray | None = None
    outside: np.ndarray | None = None

    def __post_init__(self):
        """Raises ValueError where arrays do not belong together."""
        count = len(self.rows)
        columns = {"search": self.search, "job": self.job, "role": self.role, "to_come": self.to_come}
        columns |= {f"truth[{name!r}]": values for name, values in (self.truth or {}).items()}
        for name, values in columns.items():
            if values is not None and values.shape != (count,):
                raise ValueError(f"{name} must be ({count},), got {values.shape}")
        parts = np.concatenate([self.train, self.valid, self.test])
        if len(parts) and not (parts.min() >= 0 and parts.max() < count):
            raise ValueError(f"train, valid and test must be rows 0 .. {count - 1}")
        if len(parts) and np.bincount(parts).max() > 1:
            raise ValueError("a row must not belong to two parts")
        if self.rows.labels.shape != (count, len(self.inputs.tasks)):
            raise ValueError(f"labels must be {(count, len(self.inputs.tasks))}, got {self.rows.labels.shape}")

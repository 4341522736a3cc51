"""The labels of a data folder beside its encoded rows, and the groups that metrics are computed over."""

from __future__ import annotations

from typing import Any

import numpy as np

from minirank.config.features import FeatureConfig
from minirank.data import DataFolder, Dataset, Split
from minirank.data.column_facts import ColumnFacts
from minirank.data.kept.mapped_rows import MappedInputs, MappedRows
from minirank.features import inputs
from minirank.kernels.batch import Batch, Inputs, InputSpec

TASKS = ("ctr", "cvr", "relevance")


def labels_only(folder: DataFolder, split: Split, config: FeatureConfig) -> Dataset:
    """What `Encoder.dataset` makes, but for the inputs: all ids are 0, and there is no bag and no number."""
    fields, rows = inputs.categorical(config), len(folder.impressions)
    roles = len(np.unique(folder.impressions.role[split.train]))
    spec = InputSpec(tuple((field.name, 1 + (roles if field.name == "role" else 1)) for field in fields), tasks=TASKS)
    nothing = Inputs(np.zeros((rows, len(fields)), np.int32), (), np.zeros((rows, 0), np.float32))
    return folder_dataset(folder, split, spec, nothing, None, "", None, {})


def folder_dataset(
    folder: DataFolder,
    split: Split,
    spec: InputSpec,
    encoded: Inputs | MappedInputs,
    truth: dict | None,
    files: str,
    encoder: Any,
    columns: dict[str, ColumnFacts],
) -> Dataset:
    """The rows of a folder with their labels and weights, and the groups that metrics are computed over."""
    shown = folder.impressions
    converted = np.where(shown.clicked == 1, shown.converted, np.nan)
    labels = np.stack([shown.clicked, converted, shown.relevance], axis=1).astype(np.float32, copy=False)
    weights = np.ones_like(labels)
    weights[:, TASKS.index("relevance")] = np.where(np.isnan(shown.confidence), 1.0, shown.confidence)
    kind: Any = Batch if isinstance(encoded, Inputs) else MappedRows
    return Dataset(
        inputs=spec,
        rows=kind(**vars(encoded), labels=labels, weights=weights, groups=shown.search.astype(np.int32, copy=False)),
        train=split.train,
        valid=split.valid,
        test=split.test,
        search=shown.search,
        job=shown.job,
        role=shown.role,
        role_names=folder.roles,
        truth=truth,
        fingerprint=files,
        encoder=encoder,
        columns=columns,
        to_come=split.to_come,
    )

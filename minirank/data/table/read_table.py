"""Reads a generic table into a `Dataset`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from minirank.config.table import Name, TableConfig, TableFiles
from minirank.data.column_names import PROTECTED_FILE
from minirank.data.dataset import Dataset
from minirank.data.folder.data_folder import protected_columns
from minirank.data.kept.entry import EntryWriter
from minirank.data.kept.mapped_rows import MappedInputs, MappedRows
from minirank.data.kept.store import NOTHING_KEPT, Kept
from minirank.data.open_files import refuse_pipe
from minirank.data.read_files import fingerprint
from minirank.data.table.column_facts import table_facts
from minirank.data.table.column_scratch import ColumnScratch, Most
from minirank.data.table.encode_in_parts import encode_in_parts
from minirank.data.table.encoder import TableEncoder
from minirank.data.table.fields import Fields, check_leaks
from minirank.data.table.kept_table import (
    PARTS,
    KeptTable,
    in_parts_or_memory,
    is_too_large,
    keep_dataset,
    kept_dataset,
    key_of,
    with_targets,
    within,
)
from minirank.data.table.raw_table import RawTable, read_raw
from minirank.data.table.svmlight import query_file
from minirank.errors import DataError

LARGEST = 1e12  # of a label or a weight: a loss squares it, Adam squares its gradient, in float32


def read_table(config: TableConfig, base: str | Path = ".", kept: Kept = NOTHING_KEPT, most: Most = lambda rows: None) -> Dataset:
    """Reads, splits and encodes the files of a table.

    Vocabularies and statistics come from the training rows. Rows of a group are neighbours in the result, and a
    group is never split.

    Args:
        config: files and columns.
        base: folder that the paths are relative to.
        kept: what was made of the very same files before is taken from there, and kept there for the next time.
        most: how many rows there are -> bytes that they may take in memory, None for as many as they take.
    Raises:
        DataError: a file or a value that cannot be used, a protected attribute as a feature.
        ConfigError: a label or an id as a feature.
    """
    files = config.table
    named = [(part, path) for part, path in zip(PARTS, (files.train, files.valid, files.test)) if path is not None]
    paths = [Path(base) / path for _, path in named]
    read = [*paths, *(beside for path in paths if (beside := _searches_beside(path, files)))]
    protected = paths[0].parent / PROTECTED_FILE
    for path in read:
        refuse_pipe(path)
    table = KeptTable(kept, [*read, *([protected] if os.path.lexists(protected) else [])], key_of(config))

    def made(scratch: ColumnScratch | None) -> Dataset:
        dataset, entry = _read(config, named, paths, lambda: table.fingerprint(read) or fingerprint(read), scratch)
        limit, rows = most(len(dataset.rows)), dataset.rows
        keep_dataset(table, dataset, entry, isinstance(rows, MappedRows) and is_too_large(rows, most))
        found = kept_dataset(table, read, most) if limit is not None else None
        if found is None and isinstance(rows, MappedRows):  # nothing was kept, but the rows wait on the disk
            targets = rows.labels, rows.weights, rows.groups
            inputs = MappedInputs(len(rows), rows.ids, rows.bags, rows.dense)
            found = replace(dataset, rows=with_targets(within(inputs, most), *targets))
        return found or dataset

    return kept_dataset(table, read, most) or in_parts_or_memory(table, most, made)


def _read(
    config: TableConfig, named: Sequence[tuple[str, Path]], paths: Sequence[Path], mark: Callable[[], str], scratch: ColumnScratch | None
) -> tuple[Dataset, EntryWriter | None]:
    """The data set of some files, and what its inputs are kept as where they are not in memory.

    Args:
        named: part of the rows and file of each. paths: of these. mark: makes the fingerprint.
        scratch: takes the columns; None leaves them in memory.
    """
    files, columns = config.table, config.columns
    resolved: list[Fields] = []  # as each file names them

    def select(names: Sequence[Name], file: str) -> list[Name]:
        fields = Fields(columns, names, file)
        resolved.append(fields)
        check_leaks(fields, file, protected_columns(paths[0].parent))
        used = [column for _, column in fields.features()] + fields.labels()
        return list(dict.fromkeys(used + ([fields.group] if fields.group is not None else [])))

    raw, fields = read_raw(paths, files, select, scratch=scratch), resolved[-1]
    part = np.array([PARTS.index(name) for name, _ in named], dtype=np.int8)[raw.file]
    group = _group_codes(raw, fields.group)
    part = _split_train(part, group, files)
    key = part.astype(np.int64) * len(raw) + group  # a group that two files know is a group of each
    if (key[1:] < key[:-1]).any():
        order = np.argsort(key, kind="stable")
        raw, part, key = raw.take(order), part[order], key[order]
    groups = np.cumsum(np.diff(key, prepend=key[:1]) > 0, dtype=np.int32)
    rows = {name: np.flatnonzero(part == code) for code, name in enumerate(PARTS)}

    encoder = TableEncoder.fit(raw, rows["train"], fields, columns, files)
    labels, weights = _labels(raw, fields)
    role, role_names = _roles(raw, fields.role, encoder)
    entry, encoded = (None, encoder.encode(raw)) if scratch is None else encode_in_parts(encoder, raw)
    dataset = Dataset(
        inputs=encoder.inputs,
        rows=with_targets(encoded, labels, weights, groups),
        **rows,
        search=groups if fields.group is not None else None,
        job=None,
        role=role,
        role_names=role_names,
        truth=None,
        fingerprint=mark(),
        encoder=encoder,
        columns=table_facts(raw, encoder, encoded, rows),
    )
    return dataset, entry


def _searches_beside(path: Path, files: TableFiles) -> Path | None:
    """The file that tells which rows of an SVMlight file are of one search, where there is one."""
    beside = query_file(path)
    return beside if files.format_of(path) == "svmlight" and beside.exists() else None


def _group_codes(raw: RawTable, column: Name | None) -> np.ndarray:
    """(N,) int64 codes in the order of first appearance; without groups every row is its own."""
    if column is None:
        return np.arange(len(raw))
    codes, values = raw.columns[column].codes, raw.columns[column].values
    if None in values:
        raise raw.error(column, values.index(None), "the group is missing", "give every row its group")
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def _split_train(part: np.ndarray, group: np.ndarray, files: TableFiles) -> np.ndarray:
    """Moves whole groups of training rows to validation until `valid_share` of the rows is there."""
    if files.valid_share == 0:
        return part
    sizes = np.bincount(group[part == 0])
    wanted = files.valid_share * sizes.sum()
    order = np.flatnonzero(sizes)[::-1]
    if files.valid_rows == "random":
        order = np.random.default_rng(files.seed).permutation(order)
    count = int(np.searchsorted(np.cumsum(sizes[order]), wanted - 1e-6)) + 1
    if count >= len(order):
        remedy = "lower data.table.valid_share or add groups"
        raise DataError("no training row is left", file=files.train.name, remedy=remedy)
    return np.where((part == 0) & np.isin(group, order[:count]), np.int8(1), part)


def _labels(raw: RawTable, fields: Fields) -> tuple[np.ndarray, np.ndarray]:
    """(N, T) float32 labels, NaN where missing, and their weights."""
    labels = np.empty((len(raw), len(fields.tasks)), np.float32)
    weights = np.ones_like(labels)
    for index, task in enumerate(fields.tasks):
        column = raw.columns[task.column]
        if task.positive is None:
            values = raw.numbers(task.column, "set `positive` to the text of the positive class")
        else:
            values = np.array([np.nan if value is None else value == str(task.positive) for value in column.values], float)
            if not (values == 1).any():
                seen = [repr(value) for value in column.values if value is not None]
                shown = ", ".join(seen[:5]) + (" ..." if len(seen) > 5 else "") or "no value"
                problem = f"no row has {str(task.positive)!r}, the positive class of task {task.name}"
                remedy = f"correct `positive`; the column has {shown}"
                raise DataError(problem, file=raw.files[0], column=str(task.column), remedy=remedy)
        labels[:, index] = _single(raw, task.column, values)[column.codes]
        if task.weight is not None:
            found = _single(raw, task.weight, raw.numbers(task.weight, "write a number, 0 or more"))[raw.columns[task.weight].codes]
            if (found < 0).any():
                code = int(raw.columns[task.weight].codes[np.argmax(found < 0)])
                raise raw.error(task.weight, code, "a negative weight", "write a number, 0 or more")
            weights[:, index] = np.where(np.isnan(found), 1, found)
    return labels, weights


def _single(raw: RawTable, column: Name, values: np.ndarray) -> np.ndarray:
    """The distinct values of a column (V,) as float32.

    Raises:
        DataError: one is so large that its square would be infinite.
    """
    large = np.abs(values) > LARGEST
    if large.any():
        raise raw.error(column, int(np.argmax(large)), f"a number beyond {LARGEST:g}", "divide the column by a constant")
    return values.astype(np.float32)


def _roles(raw: RawTable, column: Name | None, encoder: TableEncoder) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """(N,) int32 codes and the names: the roles of the training rows in the order of their ids, then the others."""
    if column is None:
        return None, ()
    values = raw.columns[column].values
    used = set(np.unique(raw.columns[column].codes).tolist())
    known = list(encoder.categorical[0].values)
    names = known + [value for code, value in enumerate(values) if code in used and value not in known]
    code_of = {value: code for code, value in enumerate(names)}
    recode = np.array([code_of.get(value, 0) for value in values], np.int32)
    return recode[raw.columns[column].codes], tuple("missing" if name is None else name for name in names)

"""The columns of a table that are fields and labels, and what must not be a field."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from minirank.config.table import DenseColumn, Name, TableColumns
from minirank.data.column_names import PROTECTED_FILE, protected_error
from minirank.data.table.raw_table import find
from minirank.errors import ConfigError, DataError

IDS = ("job_id", "resume_id", "recruiter_id", "search_id")


class Fields:
    """The columns of a configuration, each under the name that it has in a file, arrays taken apart.

    Args:
        columns: the configuration.
        names: of the columns of the file.
        file: its name in messages.
    Raises:
        DataError: the file has no such column, or several of one that must be one.

    Attributes:
        categorical: columns. multi_valued: (column, separator). dense: (column, transforms).
        tasks: with `column` and `weight` as they are in the file.
        group, role: a column or None. protected: columns.
    """

    def __init__(self, columns: TableColumns, names: Sequence[Name], file: str):
        def many(name: Name, key: str) -> list[Name]:
            return find(name, names, file, key)

        def one(name: Name | None, key: str) -> Any:
            found = [None] if name is None else many(name, key)
            if len(found) > 1:
                raise DataError(f"stands for {len(found)} columns", file=file, column=str(name), remedy=f"write {found[0]}")
            return found[0]

        dense = [item if isinstance(item, DenseColumn) else DenseColumn(item, columns.dense_transform) for item in columns.dense]
        self.tasks = [replace(task, column=one(task.column, "tasks"), weight=one(task.weight, "tasks")) for task in columns.tasks]
        self.multi_valued = [(one(item.column, "multi_valued"), item.separator) for item in columns.multi_valued]
        self.group, self.role = one(columns.group, "group"), one(columns.role, "role")
        self.protected = {found for name in columns.protected for found in many(name, "protected")}
        entries = [("categorical", name) for name in columns.categorical] + [("dense", item.column) for item in dense]
        outright = {*self.labels(), *(column for column, _ in self.multi_valued), self.group, self.role, *self.protected}
        outright.update(column for key, name in entries if columns_like(name, names) is None for column in many(name, key))

        def those(name: Name, key: str) -> list[Name]:
            matching = columns_like(name, names)
            if matching is None:
                return many(name, key)
            left = [column for column in matching if column not in outright]
            if not left:
                problem = "stands for no column that is not named elsewhere"
                raise DataError(problem, file=file, column=str(name), remedy=f"correct data.columns.{key}")
            return left

        self.categorical = [found for name in columns.categorical for found in those(name, "categorical")]
        self.dense = [(found, item.transforms) for item in dense for found in those(item.column, "dense")]

    def features(self) -> list[tuple[str, Name]]:
        """(key of the configuration, column) of everything that enters the model."""
        found = [("categorical", name) for name in self.categorical]
        found += [("multi_valued", name) for name, _ in self.multi_valued]
        found += [("dense", name) for name, _ in self.dense]
        return found + ([("role", self.role)] if self.role is not None else [])

    def labels(self) -> list[Name]:
        """The columns of labels and their weights."""
        return [name for task in self.tasks for name in (task.column, task.weight) if name is not None]


def columns_like(name: Name, names: Sequence[Name]) -> list[Name] | None:
    """The columns that a range (`0-40`) or a pattern (`x*`, `x?`) stands for, in the order of the file; None where it is neither.

    Args:
        names: of all columns; a column that is called like a pattern is that column alone.
    """
    if not isinstance(name, str) or name in names:
        return None
    ends = re.fullmatch(r"(\d+)-(\d+)", name)
    if ends:
        numbered = bool(names) and isinstance(names[0], int)
        first, last = (int(end) if numbered else end for end in ends.groups())
        return list(names[names.index(first) : names.index(last) + 1]) if first in names and last in names else None
    if not set(name) & set("*?"):
        return None
    pattern = name.replace("[", "[[]")  # a bracket is one: `x[*]`
    return [column for column in names if fnmatchcase(str(column), pattern)]


def check_leaks(fields: Fields, file: str, beside: frozenset[str]) -> None:
    """Refuses features that give away what the model is to find out, or what it must not know.

    Args:
        file: the training file, for messages.
        beside: attributes of the protected.csv in the same folder.
    Raises:
        DataError: a feature is a protected attribute.
        ConfigError: a feature is a label, a weight, an id, or stands twice.
    """
    if file == PROTECTED_FILE:
        raise protected_error("*", file)
    reasons = {task.weight: f"the weight of task {task.name}" for task in fields.tasks}
    reasons |= {task.column: f"the label of task {task.name}" for task in fields.tasks}
    reasons |= {fields.group: "the group, an id,"} | dict.fromkeys(IDS, "an id, which says nothing about a new one,")
    listed: dict[Name, str] = {}
    for key, column in fields.features():
        if column in fields.protected or column in beside:
            raise protected_error(str(column), file)
        if column in reasons:
            raise ConfigError(f"data.columns.{key}: column {column} is {reasons[column]} and cannot be a feature; remove it")
        if column in listed:
            raise ConfigError(f"data.columns.{key}: column {column} is listed under {listed[column]} already; name it once, also by ranges")
        listed[column] = key

"""The columns of a table that are fields and labels, and what must not be a field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
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
        categorical: columns. multi_valued: (column, separator). dense: (column, transform).
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
        self.dense = [(found, item.transform) for item in dense for found in many(item.column, "dense")]
        self.tasks = [replace(task, column=one(task.column, "tasks"), weight=one(task.weight, "tasks")) for task in columns.tasks]
        self.categorical = [found for name in columns.categorical for found in many(name, "categorical")]
        self.multi_valued = [(one(item.column, "multi_valued"), item.separator) for item in columns.multi_valued]
        self.group, self.role = one(columns.group, "group"), one(columns.role, "role")
        self.protected = {found for name in columns.protected for found in many(name, "protected")}

    def features(self) -> list[tuple[str, Name]]:
        """(key of the configuration, column) of everything that enters the model."""
        found = [("categorical", name) for name in self.categorical]
        found += [("multi_valued", name) for name, _ in self.multi_valued]
        found += [("dense", name) for name, _ in self.dense]
        return found + ([("role", self.role)] if self.role is not None else [])

    def labels(self) -> list[Name]:
        """The columns of labels and their weights."""
        return [name for task in self.tasks for name in (task.column, task.weight) if name is not None]


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
    for key, column in fields.features():
        if column in fields.protected or column in beside:
            raise protected_error(str(column), file)
        if column in reasons:
            raise ConfigError(f"data.columns.{key}: column {column} is {reasons[column]} and cannot be a feature; remove it")
        reasons[column] = f"listed under {key} already"

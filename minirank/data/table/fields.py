"""The columns of a table that are fields and labels, and what must not be a field."""

from __future__ import annotations

from dataclasses import dataclass, field

from minirank.config.table import Name, TaskColumn
from minirank.data.column_names import PROTECTED_FILE, protected_error
from minirank.errors import ConfigError

IDS = ("job_id", "resume_id", "recruiter_id", "search_id")


@dataclass(frozen=True)
class Fields:
    """The columns of a configuration, each under the name that it has in the table, arrays taken apart.

    Args:
        dense: (column, transform).
        multi_valued: (column, separator).
        tasks: with `column` and `weight` as they are in the table.
    """

    categorical: tuple[Name, ...]
    multi_valued: tuple[tuple[Name, str], ...]
    dense: tuple[tuple[Name, str], ...]
    tasks: tuple[TaskColumn, ...]
    group: Name | None
    role: Name | None
    protected: frozenset[Name] = field(default_factory=frozenset)

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
    labels = {task.column: f"the label of task {task.name}" for task in fields.tasks}
    weights = {task.weight: f"the weight of task {task.name}" for task in fields.tasks if task.weight is not None}
    seen: dict[Name, str] = {}
    for key, column in fields.features():
        where = f"data.columns.{key}: column {column}"
        if column in fields.protected or column in beside:
            raise protected_error(str(column), file)
        reason = (weights | labels).get(column)
        if column == fields.group:
            reason = "the group, an id,"
        if column in IDS:
            reason = "an id, which says nothing about a new one,"
        if reason is None and column in seen:
            reason = f"listed under {seen[column]} already"
        if reason is not None:
            raise ConfigError(f"{where} is {reason} and cannot be a feature; remove it")
        seen[column] = key

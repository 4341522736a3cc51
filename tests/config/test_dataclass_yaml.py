"""`build` turns a mapping into a frozen dataclass and names the key path of whatever does not fit."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from case_table import cases

from minirank.config.dataclass_yaml import build
from minirank.errors import ConfigError


@dataclass(frozen=True)
class Table:
    train: Path
    header: bool = True
    separator: str = ","
    test: Path | None = None


@dataclass(frozen=True)
class Task:
    name: str
    column: int | str
    weight: float = 1.0


@dataclass(frozen=True)
class Data:
    table: Table
    tasks: tuple[Task, ...] = ()
    split: tuple[float, float] = (0.1, 0.1)
    kind: Literal["cpu", "cuda"] = "cpu"
    mapping: dict[str, dict[str, str]] = field(default_factory=dict)
    seed: int = 0
    rate: float = 1.0
    extra: Any = None
    labels: Literal["auto"] | tuple[str, ...] = "auto"

    def __post_init__(self):
        if self.seed < 0:
            raise ValueError(f"seed must be 0 or more, got {self.seed}")


@dataclass(frozen=True)
class Report:
    table: Table = Table(Path("mine.csv"), header=False)


def test_a_section_keeps_what_its_own_default_says():
    assert build(Report, {"table": {"train": "a.csv"}}).table == Table(Path("a.csv"), header=False)
    assert build(Report, {"table": None}).table == Table(Path("mine.csv"), header=False)


def test_values_arrive_in_their_types():
    text = """
    table: {train: a.csv, header: false}
    tasks: [{name: income, column: 41}, {name: y, column: y, weight: 2}]
    split: [0.2, 0]
    kind: cuda
    mapping: {jobs: {job_id: id}}
    rate: 1e-3
    extra: [1]
    labels: [a, b]
    """
    data = build(Data, yaml.safe_load(text))
    table, tasks = Table(Path("a.csv"), header=False), (Task("income", 41), Task("y", "y", 2.0))
    assert data == Data(table, tasks, (0.2, 0.0), "cuda", {"jobs": {"job_id": "id"}}, rate=0.001, extra=[1], labels=("a", "b"))
    assert type(data.tasks[1].weight) is float


def test_an_empty_section_keeps_its_defaults():
    @dataclass(frozen=True)
    class Empty:
        seed: int = 3

    assert build(Empty, None) == Empty(3)


@cases("""
    change= | message
    {"sead": 1} | data.sead: unknown key; did you mean seed?
    {"zzz": 1} | data.zzz: unknown key; known are table, tasks, split
    {"table": {"train": "a", "heeder": True}} | data.table.heeder: unknown key; did you mean header?
    {"table": {"train": "a", "header": "yes"}} | data.table.header: expected true or false, got 'yes'
    {"table": {"header": True}} | data.table.train: missing; give a path
    {"table": "a.csv"} | data.table: expected a section of keys and values, got 'a.csv'
    {"table": {"train": "a", "test": 3}} | data.table.test: expected a path, got 3
    {"table": {"train": ""}} | data.table.train: expected a path, got ''
    {"tasks": [{"name": "a", "column": 1}, {"name": "b", "column": 1.5}]} | data.tasks[1].column: expected a whole
    {"tasks": {"name": "a"}} | data.tasks: expected a list, each item a section of keys and values, got {
    {"split": [0.1]} | data.split: expected a list of 2 items (a number, a number), got [0.1]
    {"split": [0.1, "x"]} | data.split[1]: expected a number, got 'x'
    {"kind": "cdua"} | data.kind: expected one of cpu, cuda, got 'cdua'; did you mean cuda?
    {"mapping": {"jobs": {"job_id": 1}}} | data.mapping.jobs.job_id: expected a text, got 1
    {"seed": True} | data.seed: expected a whole number, got True
    {"seed": 1.5} | data.seed: expected a whole number, got 1.5
    {"seed": None} | data.seed: expected a whole number, got None
    {"seed": -1} | data: seed must be 0 or more, got -1
    {"rate": False} | data.rate: expected a number, got False
    {"labels": "none"} | data.labels: expected auto or a list, each item a text, got 'none'
""")
def test_whatever_does_not_fit_is_named_with_its_path(change, message):
    with pytest.raises(ConfigError) as error:
        build(Data, {"table": {"train": "a.csv"}} | change, "data")
    assert str(error.value).startswith(message) and "\n" not in str(error.value)


def test_choices_are_listed_once():
    with pytest.raises(ConfigError, match=r"^data\.kind: expected one of cpu, cuda, got 'tpx9'$"):
        build(Data, {"table": {"train": "a.csv"}, "kind": "tpx9"}, "data")


def test_without_a_path_the_key_stands_alone():
    with pytest.raises(ConfigError, match=r"^sead: unknown key"):
        build(Data, {"sead": 1})
    with pytest.raises(ConfigError, match=r"^configuration: expected a section"):
        build(Data, [1])

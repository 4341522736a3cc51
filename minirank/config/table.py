"""The `data:` part of a configuration that trains on a table: its files, and which column is what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Name = int | str  # a column: its name in the header, or its 0-based index where there is no header
FORMATS = {".csv": "csv", ".npz": "npz", ".svm": "svmlight", ".svmlight": "svmlight", ".libsvm": "svmlight"}  # by the end of a name
Transform = Literal["standard", "robust", "quantile", "log1p", "piecewise", "bins"]


@dataclass(frozen=True)
class TableFiles:
    """Where the rows are: CSV or SVMlight, packed as .bz2 or .gz or not, or .npz.

    A row of SVMlight is `label qid:3 1:0.5 7:2`: its columns are `label`, `query` (the qid, or where there is none the place in the file
    beside it, FILE.query, which holds the sizes of the searches), and `x[1]`, `x[7]`, 0 where a row does not name them; `x` stands for all
    that the training file names.

    What unpacks to far more than its size is refused: a packed CSV to more than 16 MiB and 100 times its size, the arrays that are read
    of an .npz to more than 256 MiB and 16 times its size, where a cell counts for 8 bytes at least. Unpacked files have no limit.

    What was made of files of 4 MiB or more is kept beside the first one, in a folder of its name in `.minirank`, and is taken from there
    the next time; `--no-cache` does neither. It is found by the contents of all files, never by their dates, takes at most 1.5 times
    their bytes, and may be deleted at any time. It holds the rows: who deletes a table, or passes it on, does the same with
    `.minirank`. What was made of a file that went is removed when something else is kept there.

    Args:
        train, valid, test: paths; a 2-D array `x` of an .npz stands for the columns `x[0]`, `x[1]` ...
        format: of files whose names end neither in .csv nor in .npz, .svm, .svmlight, .libsvm.
        header: whether the first line of a CSV names the columns.
        separator: between the cells of a CSV.
        missing: texts that stand for a missing value.
        valid_share: without `valid`, this share of the training rows (of whole groups, if there are groups).
        valid_rows: which rows that is: random ones, or the last ones of the file (for rows in time order).
        seed: of the random choice.
    """

    train: Path
    valid: Path | None = None
    test: Path | None = None
    header: bool = True
    separator: str = ","
    missing: tuple[str, ...] = ("",)
    valid_share: float = 0.0
    valid_rows: Literal["random", "last"] = "random"
    seed: int = 0
    format: Literal["csv", "svmlight"] = "csv"

    def format_of(self, path: Path) -> str:
        """csv, npz or svmlight."""
        suffix = next((suffix for suffix in reversed(path.suffixes) if suffix.lower() not in (".bz2", ".gz")), "").lower()
        return FORMATS.get(suffix, self.format)

    def __post_init__(self):
        if not 0 <= self.valid_share < 1:
            raise ValueError(f"valid_share must be 0 or more and below 1, got {self.valid_share}")
        if self.valid is not None and self.valid_share > 0:
            raise ValueError("valid and valid_share exclude each other; remove one of them")
        if len(self.separator) != 1 or self.separator in '"\r\n':
            raise ValueError(f"separator must be one character, got {self.separator!r}")


@dataclass(frozen=True)
class MultiValuedColumn:
    """A column whose cells hold several values, such as `python|sql`."""

    column: Name
    separator: str = "|"

    def __post_init__(self):
        if not self.separator:
            raise ValueError("separator must not be empty")


@dataclass(frozen=True)
class DenseColumn:
    """A numeric column with transforms of its own."""

    column: Name
    transform: Transform | tuple[Transform, ...]

    def __post_init__(self):
        if not self.transforms or len(set(self.transforms)) < len(self.transforms):
            raise ValueError(f"transform must name one or more, each once, got {list(self.transforms)}")

    @property
    def transforms(self) -> tuple[Transform, ...]:
        """One or several."""
        return self.transform if isinstance(self.transform, tuple) else (self.transform,)


@dataclass(frozen=True)
class TaskColumn:
    """A label.

    Args:
        name: of the task.
        column: where the label is.
        positive: the text that is the positive class, all others being negative; without it the labels are numbers.
        weight: column of the label's weights (numbers >= 0), 1 each without it.
    """

    name: str
    column: Name
    positive: str | int | float | None = None
    weight: Name | None = None


@dataclass(frozen=True)
class TableColumns:
    """Which column is what.

    Under `categorical` and `dense` one entry may stand for many columns: a range of indices or of a header's numbers (`0-40`), a
    pattern (`x*`, `x?`). It leaves out the columns that another key, or another entry by name, has.

    Args:
        tasks: the labels.
        categorical: each distinct text is a category; so is a missing value.
        multi_valued: bags of categories.
        dense: numbers, by name, or as `{column: name, transform: log1p}`, or with several, `[log1p, bins]`.
        group: rows with the same value are one search request; groups of different files are different groups.
        role: of the person who asks; it becomes the categorical field `role`.
        protected: columns that must never be features (listing one as a feature is an error).
        dense_transform: for dense columns without their own, one or several: a number enters the model in each of these ways.
            `standard`: (x - mean) / standard deviation; `log1p`: the same of sign(x) log(1 + |x|); `quantile`: rank among the
            training values, -1 to 1; `robust`: (x - median) / (range of the middle half), smoothly clipped to -3 .. 3; a missing
            value is 0 there. `piecewise`: a column for each of up to 32 pieces of the range, 0 below it, 1 above, linear within.
            `bins`: an embedding for each bin of values, and one for the missing value.
        bin_rows: training rows of a bin: a value that has so many is a bin, rarer neighbours share one.
        missing_indicator: whether a dense column with missing values gets a second one, 1 where it is missing.
        min_count: categories with fewer training rows share id 0, "unknown", with those that training never saw;
            with 1 nothing trains the unknown's embedding.
    """

    tasks: tuple[TaskColumn, ...]
    categorical: tuple[Name, ...] = ()
    multi_valued: tuple[MultiValuedColumn, ...] = ()
    dense: tuple[int | str | DenseColumn, ...] = ()
    group: Name | None = None
    role: Name | None = None
    protected: tuple[Name, ...] = ()
    dense_transform: Transform | tuple[Transform, ...] = ("quantile", "bins")
    bin_rows: int = 30
    missing_indicator: bool = False
    min_count: int = 2

    def __post_init__(self):
        if not self.tasks:
            raise ValueError("tasks must name one label or more")
        names = [task.name for task in self.tasks]
        if len(set(names)) < len(names):
            raise ValueError(f"two tasks have the same name: {', '.join(names)}")
        for name in ("min_count", "bin_rows"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, got {getattr(self, name)}")
        DenseColumn("", self.dense_transform)  # its check
        if not (self.categorical or self.multi_valued or self.dense or self.role is not None):
            raise ValueError("a table needs a categorical, multi_valued or dense column")


@dataclass(frozen=True)
class TableConfig:
    """The `data:` part of a configuration that trains on a table."""

    table: TableFiles
    columns: TableColumns

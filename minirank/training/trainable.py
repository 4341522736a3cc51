"""What can be trained on data, in words: the second half of `minirank validate`, which asks what `train` asks before its first step."""

from __future__ import annotations

from dataclasses import dataclass

from ..config.configuration import Config, FolderConfig
from ..data.folder.data_folder import DataFolder
from ..data.folder.validate import format_problems
from ..errors import DataError, MinirankError
from ..extract import read_features
from ..progress import Progress
from ..run.learnable import format_labels, learnable
from ..run.load_data import load_dataset, load_labels
from ..terminal import printable
from .prepare import prepare


@dataclass(frozen=True)
class Trainable:
    """What `trainable` found.

    Args:
        problems: what `train` would refuse, in its words.
        labels: of each task and part, as a table; "" where they could not be read.
        said: what `train` would say: tasks that are left out and why, ...
        tasks: that would be trained.
    """

    problems: tuple[MinirankError, ...]
    labels: str = ""
    said: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()

    def __str__(self) -> str:
        learnt = printable(f"ok: train learns {', '.join(self.tasks)}")
        end = format_problems(self.problems, len(self.problems)) if self.problems else learnt
        return "\n\n".join(block for block in (self.labels, "\n".join([*map(printable, self.said), end])) if block)


class _Said(Progress):
    """Keeps the lines that stay."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def trainable(config: Config, folder: DataFolder | None = None) -> Trainable:
    """Everything that `train` asks of the data before its first step, but for what was extracted of a folder's texts.

    Args:
        folder: the data folder of the configuration, read; None for a table, which is read here.
    """
    try:
        # a vocabulary that the gates read is known only once the folder is encoded
        reads_texts = config.model.gate.role not in (None, "none") and config.model.role_field not in (None, "role")
        dataset = load_dataset(config) if folder is None or reads_texts else load_labels(config, folder)
    except MinirankError as error:
        return Trainable((error,))
    found = learnable(config, dataset)
    labels = format_labels(found)
    if found.problems:
        return Trainable(found.problems, labels)
    said = _Said()
    rows, parts = len(dataset.rows), (dataset.train, dataset.valid, dataset.test)
    if isinstance(config.data, FolderConfig) and rows > sum(map(len, parts)):
        days = f"data.split.maturity_days is {config.data.split.maturity_days:g}"
        said.say(f"{rows - sum(map(len, parts)):,} of {rows:,} impressions are in no part: an answer was open when it ended ({days})")
    try:
        ready = prepare(config, said, dataset)
    except MinirankError as error:
        return Trainable((error,), labels, tuple(said.lines))
    return Trainable((), labels, tuple(said.lines), tuple(task.name for task in ready.config.tasks))


def next_step(config: Config, folder: DataFolder) -> str:
    """The command that comes after a folder was found to be right."""
    assert isinstance(config.data, FolderConfig)
    try:
        read_features(folder)
    except DataError as error:
        return f"next: minirank extract {folder.path} ({error.problem})"
    return "next: minirank train CONFIG.yaml" if folder.has_log else f"next: minirank rank RUN --data {folder.path} --job J"

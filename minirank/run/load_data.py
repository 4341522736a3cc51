"""From the `data:` part of a configuration to a `Dataset` whose labels are the configuration's tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import cache, partial

import numpy as np

from ..config.configuration import Config, FolderConfig
from ..config.model import CALIBRATED, TaskConfig
from ..data import DataFolder, Dataset, Split, TableEncoder, read_folder, read_table, split_by_time
from ..data.folder.delays import as_known_at_the_border
from ..data.kept.store import NOTHING_KEPT, Kept
from ..errors import ConfigError
from ..evaluation.targets import is_recruiting, label_kind
from ..extract import Features, read_features
from ..extract.grades import with_grades
from ..features import Encoder
from ..features.embedding_sources import tell_asked, vectors_to_train
from ..features.encoder import check_columns
from ..features.fit import fit_and_encode
from ..features.folder_dataset import labels_only
from ..features.kept_rows import KeptRows
from ..locking import holder
from ..model.architectures import architecture_of
from .masks import outside_masks
from .memory_plan import memory_line, most_for_rows


def load_dataset(
    config: Config, encoder: Encoder | TableEncoder | None = None, say: Callable[[str], None] = lambda text: None, kept: Kept = NOTHING_KEPT
) -> Dataset:
    """Read, split and encode the data, within `training.memory`.

    Args:
        config: where they are, and which tasks there are.
        encoder: of a run, to encode a folder as that run did; None fits one to the training rows.
        say: told what is being done.
        kept: what was made of the very same data before is taken from there, and kept there for the next time.
    Raises:
        DataError: the data cannot be used.
        ConfigError: a task without a label column, an architecture that there is not.
    """
    architecture_of(config.model)  # before anything large is read
    _check_delayed(config)
    dataset = _load(config, encoder, say, kept)
    line = memory_line(config, dataset)
    if line is not None:
        say(line)
    return dataset


def _load(config: Config, encoder: Encoder | TableEncoder | None, say: Callable[[str], None], kept: Kept) -> Dataset:
    """`load_dataset`, once it is known that the configuration can be used."""
    data = config.data
    if not isinstance(data, FolderConfig):
        say(f"reading {data.table.train.name} ...")
        return select_tasks(read_table(data, kept=kept, most=partial(most_for_rows, config)), config.tasks)
    worker = holder(data.folder)
    if worker is not None:
        say(f"{data.folder}: {worker} is at work there; what is read may be from before, wait and start again if that matters")
    say(f"reading {data.folder} ...")
    folder = read_folder(data.folder, data.columns, kept=kept, mapped=config.training.memory is not None)
    rows = KeptRows(kept, folder, most_for_rows(config, len(folder.impressions)))
    options = {
        "features": asdict(config.features),
        "split": asdict(data.split),
        "delayed": [task.name for task in config.tasks if task.delayed],
    }
    fitted = rows.read_fit(options) if encoder is None and not config.features.embedded else None  # another day's vectors may be others

    @cache
    def features() -> Features:
        found = read_features(folder, kept, rows.sources, mapped=config.training.memory is not None)
        say(f"encoding {len(folder.impressions):,} impressions ...")
        return found

    if encoder is None and fitted is None:
        features()  # before the split: what is wrong with them is said first
    graded, split = split_of(folder, data, config.tasks)
    if split.to_come is not None:
        say(_open_labels(split))
    if fitted is not None:
        encoder, facts = fitted
        return select_tasks(replace(encoder.dataset(graded, features, split, kept=rows), columns=facts), config.tasks)
    if isinstance(encoder, Encoder):
        return select_tasks(encoder.dataset(graded, features, split, kept=rows), config.tasks)
    vectors = None
    try:
        vectors = vectors_to_train(config.features, folder.path, say)
        encoder, encoded = fit_and_encode(graded, features(), split, config.features, vectors, rows)
        dataset = encoder.dataset(graded, features, split, kept=rows, encoded=encoded)
    finally:
        tell_asked(vectors, say)
    if dataset.columns and not config.features.embedded:
        rows.write_fit(options, encoder, dataset.columns)
    return select_tasks(dataset, config.tasks)


def load_labels(config: Config, folder: DataFolder) -> Dataset:
    """A data folder as `load_dataset` reads it, but for its inputs, which are all unknown: enough to prepare a training, before
    anything was extracted.

    Raises:
        DataError, ConfigError: as for `load_dataset`.
    """
    assert isinstance(config.data, FolderConfig)
    _check_delayed(config)
    most_for_rows(config, len(folder.impressions))  # or it says that what is held of them does not fit
    folder, split = split_of(folder, config.data, config.tasks)
    check_columns(folder, config.features)
    return select_tasks(labels_only(folder, split, config.features), config.tasks)


def split_of(folder: DataFolder, data: FolderConfig, tasks: Sequence[TaskConfig] = ()) -> tuple[DataFolder, Split]:
    """The folder, with grades where they are asked for, and its parts; conversions as a delayed task knows them."""
    keep_open = any(task.delayed for task in tasks)
    split = split_by_time(folder, data.split.valid, data.split.test, data.split.maturity_days, keep_open)
    if keep_open:
        folder, split = as_known_at_the_border(folder, split, data.split.maturity_days)
    return with_grades(folder, split.train) if data.grades else folder, split


def _open_labels(split: Split) -> str:
    """What there is of labels that are open when training ends, in a line."""
    assert split.to_come is not None
    to_come = split.to_come[split.train]
    share = f"; {to_come[to_come > 0].mean():.0%} of their conversions are still to come" if to_come.any() else ""
    return f"cvr: {(to_come > 0).sum():,} of {len(to_come):,} training rows are too young when training ends{share}"


def _check_delayed(config: Config) -> None:
    """Refuse a task whose delays are not known.

    Raises:
        ConfigError: names it.
    """
    for task in config.tasks:
        if task.delayed and not (isinstance(config.data, FolderConfig) and task.name == "cvr"):
            raise ConfigError(f"task {task.name} is delayed, which is for cvr of a data folder, whose times are known; set delayed: false")


def select_tasks(dataset: Dataset, tasks: tuple[TaskConfig, ...]) -> Dataset:
    """The data set with the label columns of `tasks`, in their order, their masks laid on; with all of them where `tasks` is empty.

    Raises:
        ConfigError: there is no such label, or a mask names what is not there.
    """
    columns = []
    for task in tasks:
        if task.name not in dataset.inputs.tasks:
            raise ConfigError(f"task {task.name}: the data have no such label; there are {', '.join(dataset.inputs.tasks)}")
        columns.append(dataset.inputs.tasks.index(task.name))
    if not columns:
        return dataset
    labels, weights = dataset.rows.labels[:, columns], dataset.rows.weights[:, columns]
    outside = outside_masks(dataset, tasks) if dataset.outside is None else dataset.outside[:, columns]  # masks are laid on once
    if outside is not None:
        labels, weights = np.where(outside, np.float32(np.nan), labels), np.where(outside, np.float32(0), weights)
    rows = replace(dataset.rows, labels=labels, weights=weights)
    inputs = replace(dataset.inputs, tasks=tuple(task.name for task in tasks))
    return replace(dataset, rows=rows, inputs=inputs, outside=outside)


def check_labels(dataset: Dataset, tasks: tuple[TaskConfig, ...]) -> None:
    """Refuse labels that do not fit their tasks: outside [0, 1] for a loss of probabilities, clicks and conversions that are
    neither 0 nor 1, a loss within a search where there are none, negative ones for `listwise`.

    Raises:
        ConfigError: names the task, and the loss that would do.
    """
    names = [task.name for task in tasks]
    for column, task in enumerate(tasks):
        labels = dataset.rows.labels[:, column]
        known = labels[~np.isnan(labels)]
        if set(task.loss) & {"focal", *CALIBRATED} and len(known) and not (known.min() >= 0 and known.max() <= 1):
            remedy = "set its loss to {mse: 1.0}, or scale the label"
            raise ConfigError(f"task {task.name}: labels lie in {known.min():g} .. {known.max():g}, not in 0 .. 1; {remedy}")
        if set(task.loss) & {"ips", "dr"} and label_kind(given := dataset.rows.labels[:, names.index(task.given)]) != "binary":
            problem = f"labels of {task.given} lie in {np.nanmin(given):g} .. {np.nanmax(given):g}, but a propensity is that of 0 or 1"
            raise ConfigError(f"task {task.name}: {problem}; set its loss to {{bce: 1.0}}, or give it another task")
        if task.name in ("ctr", "cvr") and is_recruiting(dataset.inputs.tasks) and label_kind(labels) != "binary":
            remedy = "give the tasks other names"
            raise ConfigError(f"task {task.name}: labels must be 0 or 1, for ctr and cvr mean clicks and conversions; {remedy}")
        if set(task.loss) & {"pairwise", "listwise"} and dataset.search is None:
            raise ConfigError(f"task {task.name}: its loss compares rows of a search; name their column in data.columns.group")
        if "listwise" in task.loss and len(known) and known.min() < 0:
            raise ConfigError(f"task {task.name}: labels go down to {known.min():g}, its loss 'listwise' needs 0 or more; scale them")

"""What a training starts from: data, tasks that can be learnt, the metric that ends it, the plan."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..config.configuration import Config, FolderConfig, ScoreConfig
from ..config.model import MOST_LAYERS, TOO_MANY, check_tasks
from ..config.table import TableConfig
from ..data import Dataset
from ..data.column_facts import column_remarks
from ..data.kept.store import NOTHING_KEPT, Kept
from ..errors import ConfigError
from ..evaluation.format_metrics import left_out_lines
from ..kernels.plan import Plan
from ..model.architectures import compile_plan, with_gate
from ..model.label_rates import LabelRates, label_rates
from ..progress import Progress
from ..run.backend import in_precision
from ..run.learnable import learnable
from ..run.load_data import check_labels, load_dataset, select_tasks
from ..run.prediction import check_names
from .batches import targets_of
from .feed import shared_in_searches
from .validation import Definable, definable, stopping_metric


@dataclass(frozen=True)
class Prepared:
    """What training starts from.

    Args:
        config: with every default that depends on the data or the machine filled in.
        dataset: its labels are the tasks.
        rates: of its training rows. plan: compiled for them.
        left_out: task -> why it is not trained. undefined: metric -> why the validation rows do not define it.
        shared: names of the inputs that are the same in all training rows of a search, where `training.batches` is `searches`; else ().
    """

    config: Config
    dataset: Dataset
    rates: LabelRates
    plan: Plan
    left_out: dict[str, str]
    undefined: dict[str, str]
    shared: tuple[str, ...]


def prepare(config: Config, progress: Progress = Progress(), dataset: Dataset | None = None, kept: Kept = NOTHING_KEPT) -> Prepared:
    """Read the data of a configuration, unless `dataset` holds them, and compile its plan; `kept` as in `load_dataset`.

    Raises:
        ConfigError, DataError: the configuration or the data cannot be used, or do not fit each other.
    """
    dataset = load_dataset(config, say=progress.say, kept=kept) if dataset is None else select_tasks(dataset, config.tasks)
    if not len(dataset.train):
        raise ConfigError("there is no training row; correct data, or its split")
    table = config.data.columns if isinstance(config.data, TableConfig) else None
    for line in column_remarks(dataset.columns, (table or config.features).min_count, table is not None):
        progress.say(line)
    found = learnable(config, dataset)
    found.raise_first()
    for line in left_out_lines(found.left_out):
        progress.say(line)
    dataset = select_tasks(dataset, found.tasks)
    config = replace(config, tasks=found.tasks, model=with_gate(config.model, dataset.inputs))
    check_tasks(config.model, config.tasks, dataset.inputs)
    check_names(config.tasks)
    check_labels(dataset, config.tasks)
    config = _with_score(config, progress)
    if config.training.backend == "cpu" and config.training.threads is None:
        from ..kernels.cpu.workers import available_threads

        config = replace(config, training=replace(config.training, threads=available_threads()))
    known = definable(dataset, config.tasks)
    if len(dataset.valid):
        config = _with_stopping(config, known, found.left_out, progress)
    rates = label_rates(config.tasks, targets_of(dataset, config.tasks, dataset.train))
    plan = compile_plan(config.model, config.tasks, dataset.inputs, rates)
    if config.training.seeds * sum(op.kind == "dense" for op in plan.operations) > MOST_LAYERS:  # those of the plan that will predict
        raise ConfigError(TOO_MANY)
    plan = in_precision(config, plan)
    by_search = config.training.batches == "searches"
    if by_search and dataset.search is None:
        raise ConfigError("training.batches is searches, but rows have none; name their column in data.columns.group, or set it to rows")
    shared = shared_in_searches(dataset) if by_search else ()
    return Prepared(config, dataset, rates, plan, found.left_out, known.reasons, shared)


def _with_score(config: Config, progress: Progress) -> Config:
    """The configuration with a score that its tasks define: that of relevance where there is neither ctr nor cvr.

    Raises:
        ConfigError: candidates could not be ranked.
    """
    names, used = [task.name for task in config.tasks], [task for task, exponent in vars(config.score).items() if exponent]
    if not isinstance(config.data, FolderConfig) or set(used) & set(names):
        return config
    if used and "relevance" in names:
        progress.say("relevance alone makes the score, for no other task is trained")
        return replace(config, score=ScoreConfig(0, 0, 1))
    raise ConfigError(f"no task that is trained enters the score; set {' or '.join(f'score.{name}: 1' for name in names)}")


def _with_stopping(config: Config, known: Definable, left_out: dict[str, str], progress: Progress) -> Config:
    """The configuration with the metric that early stopping watches; without early stopping where no validation row has a label.

    Args:
        known: what the validation rows, of which there is one at least, define.
    Raises:
        ConfigError: the metric is not defined on them.
    """
    for reason, names in known.by_reason().items():
        progress.say(f"the validation rows do not define {', '.join(names)}: {reason}")
    stopping = config.training.early_stopping
    if stopping is None:
        return config
    metric = stopping_metric(stopping.metric, known, left_out)
    if metric is None:
        progress.say("so early stopping has nothing to watch: all epochs are trained, and the last parameters are kept")
    return replace(config, training=replace(config.training, early_stopping=None if metric is None else replace(stopping, metric=metric)))

"""A trained model, read back from the folder of its run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ..config.configuration import Config, FolderConfig
from ..data import TableEncoder
from ..errors import ConfigError, RunError
from ..features import Encoder
from ..features.embedding_sources import with_sources
from ..kernels.executor import Executor
from ..kernels.parameters import Arena
from ..kernels.plan import Plan
from ..locking import holder
from ..model.architectures import compile_plan
from ..parallel.executor import on_ranks
from ..parallel.ranks import ALONE, Ranks
from .backend import executor_of, in_precision, with_backend, without_tiles
from .folder import CHECKPOINT, CONFIG, DATA, MODEL, RESTORE, read_config, read_data_facts, read_model
from .trained_with import check_unchanged


@dataclass(frozen=True)
class Run:
    """A trained model.

    Args:
        folder: of the run.
        config: its configuration.
        plan: its model as operations.
        values: the parameters of the best epoch.
        encoder: `Encoder` of a data folder, or `TableEncoder`.
        fingerprint: of the data that it was trained on.
        left_out: task -> why it was not trained.
        ranks: processes that predict together, each of which has this run.
    """

    folder: Path
    config: Config
    plan: Plan
    values: Arena
    encoder: Encoder | TableEncoder
    fingerprint: str
    left_out: dict[str, str]
    ranks: Ranks = ALONE

    @cached_property
    def executor(self) -> Executor:
        """Runs the plan on the backend of the configuration; several threads may use it at once."""
        made = executor_of(self.config, self.plan)
        made.keep(self.values)
        return on_ranks(made, self.ranks)


def load_run(path: str | Path, backend: str | None = None, say: Callable[[str], None] = lambda text: None, ranks: Ranks = ALONE) -> Run:
    """Read a run; one whose training is under way or was cut off is the model of its best epoch so far.

    Args:
        backend: to predict with; None is the one that it was trained with.
        say: told when training is not finished, or when nothing says what the model was trained with.
        ranks: processes that predict together, each of which calls this.
    Raises:
        ConfigError: the backend cannot compute in the run's precision.
        RunError: no run, of another format, damaged, changed since it was trained, or without a model yet.
    """
    folder = Path(path)
    worker = holder(folder)
    if worker is not None and not (folder / MODEL).exists():
        raise RunError(f"{folder}: holds no model yet, {worker} is at work there; try again later")
    try:
        run = _read(folder, backend, say)
    except RunError as error:
        if worker is None:
            raise
        raise RunError(f"{error} ({worker} is at work there; try again when that has ended)") from None
    if worker is not None:
        say(f"{folder}: {worker} is at work there; this is the model that it holds now")
    elif (folder / CHECKPOINT).exists():
        say(f"{folder}: training is not finished, `minirank train --resume` goes on; this is the model of its best epoch so far")
    return _for_ranks(run, ranks)


def _for_ranks(run: Run, ranks: Ranks) -> Run:
    """The run for ranks that predict together, each with its own threads."""
    if ranks.size == 1:
        return run
    if run.config.training.backend == "cuda":
        raise ConfigError("the cuda backend predicts in one process; choose another --backend, or start without mpirun")
    from ..kernels.cpu.workers import available_threads

    training = replace(run.config.training, threads=ranks.threads(available_threads()))
    return replace(run, config=replace(run.config, training=training), ranks=ranks)


def _read(folder: Path, backend: str | None, say: Callable[[str], None]) -> Run:
    config = read_config(folder)
    trained, config = config, without_tiles(config, backend, say)
    if backend is not None:
        config = with_backend(config, backend)
    facts = read_data_facts(folder)
    if not (folder / MODEL).exists() and (folder / CHECKPOINT).exists():
        what = "no epoch is finished yet" if config.training.seeds == 1 else "not all seeds are trained yet"
        raise RunError(f"{folder}: {what}; go on with `minirank train --resume`")
    if not check_unchanged(folder / MODEL, trained):
        say(f"{folder}: trained by an earlier version, so that nothing tells whether its configuration or encoder changed since")
    encoder = (Encoder if isinstance(config.data, FolderConfig) else TableEncoder).load(folder)
    if isinstance(encoder, Encoder) and isinstance(config.data, FolderConfig) and encoder.config.embedded:
        with_sources(encoder.text.vectors, config.features.embeddings, config.data.folder, say)
    if replace(encoder.inputs, tasks=facts.inputs.tasks) != facts.inputs:
        raise RunError(f"{folder / DATA}: the encoder makes other inputs; {RESTORE}")
    try:
        plan = in_precision(config, compile_plan(config.model, config.tasks, facts.inputs, facts.label_rates, config.training.seeds))
    except (ConfigError, KeyError):
        raise RunError(f"{folder / DATA}: does not fit {CONFIG}; {RESTORE}") from None
    return Run(folder, config, plan, read_model(folder, plan, config), encoder, facts.fingerprint, facts.left_out)

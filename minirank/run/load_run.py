"""A trained model, read back from the folder of its run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ..config.configuration import Config, FolderConfig
from ..data import TableEncoder
from ..errors import ConfigError, RunError
from ..features import Encoder
from ..kernels.executor import Executor
from ..kernels.parameters import Arena
from ..kernels.plan import Plan
from ..model.architectures import compile_plan
from .backend import executor_of, with_backend
from .folder import CHECKPOINT, CONFIG, DATA, MODEL, RESTORE, read_config, read_data_facts, read_model


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
    """

    folder: Path
    config: Config
    plan: Plan
    values: Arena
    encoder: Encoder | TableEncoder
    fingerprint: str

    @cached_property
    def executor(self) -> Executor:
        """Runs the plan on the backend of the configuration; several threads may use it at once."""
        made = executor_of(self.config, self.plan)
        made.keep(self.values)
        return made


def load_run(path: str | Path, backend: str | None = None) -> Run:
    """Read a run; one whose training is under way or was cut off is the model of its best epoch so far.

    Args:
        backend: to predict with; None is the one that it was trained with.
    Raises:
        ConfigError: the backend cannot compute in the run's precision.
        RunError: no run, of another format, damaged, or without a model yet.
    """
    folder = Path(path)
    config = read_config(folder)
    if backend is not None:
        config = with_backend(config, backend)
    inputs, rates, fingerprint = read_data_facts(folder)
    try:
        plan = compile_plan(config.model, config.tasks, inputs, rates)
    except (ConfigError, KeyError):
        raise RunError(f"{folder / DATA}: does not fit {CONFIG}; {RESTORE}") from None
    if not (folder / MODEL).exists() and (folder / CHECKPOINT).exists():
        raise RunError(f"{folder}: no epoch is finished yet; go on with `minirank train --resume`")
    kind = Encoder if isinstance(config.data, FolderConfig) else TableEncoder
    values, encoder = read_model(folder, plan, config), kind.load(folder)
    if replace(encoder.inputs, tasks=inputs.tasks) != inputs:
        raise RunError(f"{folder}: the encoder makes other inputs than {DATA} says; {RESTORE}")
    return Run(folder, config, plan, values, encoder, fingerprint)

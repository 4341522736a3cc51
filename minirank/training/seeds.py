"""One run of several seeds: each is trained for itself, then their parameters lie side by side in the plan that predicts.

    seed.npz of each    embedding.city, expert.0.0.weight, ...
    model.npz           seed0.embedding.city, ..., seed1.embedding.city, ...; a layer of weights 1 / K takes the mean of the logits

So whoever reads the run finds a model like any other, an ensemble, and needs to know nothing of seeds.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..config.configuration import Config
from ..kernels.parameters import initial_values
from ..model.architectures import compile_plan
from ..run import folder as files
from ..run.load_run import load_run
from ..run.prediction import predict
from .checkpoint import Cursor
from .prepare import Prepared
from .validation import validation_metrics


def seeds_of(config: Config) -> range:
    """The seeds of a training, in their order."""
    return range(config.training.seed, config.training.seed + config.training.seeds)


def check_seeds(ready: Prepared, folder: Path, cursor: Cursor) -> None:
    """Refuse to go on where the model of a seed that is done, or the best one of the seed under way, is gone.

    Raises:
        RunError: one of them is missing or damaged.
    """
    seeds = seeds_of(ready.config)
    for seed in seeds[: cursor.seed + (cursor.best_epoch > 0)] if len(seeds) > 1 else ():
        files.read_model(folder, ready.plan, ready.config, files.of_seed(seed))


def join_seeds(ready: Prepared, folder: Path, facts: np.ndarray) -> None:
    """Write model.npz from the models of all seeds.

    Args:
        facts: as `trained_with` gives them.
    Raises:
        RunError: one of them is missing or damaged, or the model cannot be written.
    """
    config = ready.config
    plan = compile_plan(config.model, config.tasks, ready.dataset.inputs, ready.rates, config.training.seeds)
    values = initial_values(plan, 0, config.training.dtype)  # of the layer that takes the mean
    for number, seed in enumerate(seeds_of(config)):
        for name, trained in files.read_model(folder, ready.plan, config, files.of_seed(seed)).items():
            if f"seed{number}.{name}" in plan.parameters:  # learned task weights and the mean over members are of no use any more
                values[f"seed{number}.{name}"][...] = trained
    files.write_model(folder, values, facts)


def mean_of_seeds(ready: Prepared, folder: Path) -> str:
    """How good the mean of all seeds is on the validation rows, beside the seeds alone; a line.

    Args:
        folder: whose model.npz `join_seeds` wrote.
    """
    config, stopping = ready.config, ready.config.training.early_stopping
    text = f"the mean of {config.training.seeds} seeds is kept"
    if stopping is None or not len(ready.dataset.valid):
        return text
    run, data = load_run(folder), ready.dataset
    predictions = predict(run.executor, run.values, data.rows, config.model.position_field, rows=data.valid)
    together = validation_metrics(ready.dataset, config.tasks, ready.dataset.valid, predictions)[stopping.metric]
    kept = {line["seed"]: line["valid"][stopping.metric] for line in files.read_metrics(folder) if line["best"]}
    return f"{text}  valid {stopping.metric} {together:.4f}, of one alone {min(kept.values()):.4f} to {max(kept.values()):.4f}"

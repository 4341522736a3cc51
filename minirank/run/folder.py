"""The folder of a run: the files that training writes, each of them whole or not there.

config.yaml         the configuration, every default spelt out
data.json           fingerprint of the data, the inputs and label rates that the plan is compiled from, tasks that were left out,
                    what is left of each column once it is encoded
versions.json       format of the folder, and the versions that trained it
plan.txt            the plan, to read
embeddings.npz      vectors of the texts, with features.embeddings
encoder files       how a row becomes ids, bags and dense columns
metrics.jsonl       one line an epoch, see training/inside.py of its gates;  timing.jsonl: its seconds and rows per second
model.npz           parameters by name, of the best epoch so far; trained_with: checksums of config, data.json and encoder
seed7.npz           the same of one of several seeds; only until all are trained, for model.npz holds them all
curves.svg          learning curves, with `train --plot`
evaluation.json     metrics and gates of the finished model, see `measured`
checkpoint.npz      parameters, moments and trained_with; only while training is not finished
.minirank.lock      only while a process trains

In config.yaml the paths of the data, the score, the server and how it was trained may be changed after training; of anything else that
predictions depend on, the encoder and data.json included, a change is refused.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from .. import __version__
from ..config.configuration import Config, difference, load_config, to_yaml, without_paths
from ..config.dataclass_yaml import build
from ..data import Dataset
from ..errors import ConfigError, RunError
from ..kernels.batch import InputSpec
from ..kernels.parameters import Arena
from ..kernels.plan import Plan
from ..locking import LOCK
from ..model.label_rates import LabelRates
from ..storage import Parts, load_npz, make_folder, parse_json, read_json, remove, save_npz, sync_folder, write_json, write_text, writing
from ..terminal import printable
from .trained_with import NAME, RESTORE, checksums

MOST = 2**31  # ids of a field, and what a label is weighted by
FORMAT = 1
CONFIG, DATA, VERSIONS, PLAN, MODEL = "config.yaml", "data.json", "versions.json", "plan.txt", "model.npz"
METRICS, TIMING, CHECKPOINT, EVALUATION = "metrics.jsonl", "timing.jsonl", "checkpoint.npz", "evaluation.json"
CURVES = "curves.svg"
SEEDS = "seed[0-9]*.npz"
STAGED = ".new.part"  # holds the files of a run that is about to begin
OURS = {CONFIG, DATA, VERSIONS, PLAN, MODEL, METRICS, TIMING, CHECKPOINT, EVALUATION, CURVES}
OURS |= {"encoder.json", "encoder.npz", "embeddings.npz", "table_encoder.json"}
NO_RUN = "give the folder of a run, which `minirank train` makes"


def read_config(folder: Path) -> Config:
    """The configuration of a run.

    Raises:
        RunError: no run, damaged, or of another format.
    """
    if not (folder / CONFIG).exists():
        raise RunError(f"{folder}: no run ({CONFIG} is missing); {NO_RUN}")
    found = read_json(folder / VERSIONS, NO_RUN)
    if not isinstance(found, dict):
        raise RunError(f"{folder / VERSIONS}: damaged; {RESTORE}")
    version = found.get("format")
    if version != FORMAT:
        raise RunError(f"{folder}: run of format {version}, this minirank reads {FORMAT}; train again")
    try:
        return load_config(folder / CONFIG)
    except ConfigError as error:
        raise RunError(f"{error}; {RESTORE}") from None


@dataclass(frozen=True)
class DataFacts:
    """What a run keeps of the data that it was trained on; left_out: task -> why it is not trained."""

    inputs: InputSpec
    label_rates: LabelRates
    fingerprint: str
    left_out: dict[str, str] = field(default_factory=dict)


def read_data_facts(folder: Path) -> DataFacts:
    """What data.json says.

    Raises:
        RunError: missing or damaged.
    """
    facts = read_json(folder / DATA, NO_RUN)
    try:
        found = build(DataFacts, {each.name: facts[each.name] for each in fields(DataFacts) if each.name in facts})
        sizes = [size for _, size in found.inputs.categorical + found.inputs.bags]
    except (ConfigError, TypeError, ValueError):
        raise RunError(f"{folder / DATA}: damaged; {RESTORE}") from None
    rates = found.label_rates
    if rates.rows < 1 or not all(0 < rate < MOST for rate in rates.rates.values()) or not all(0 < size < MOST for size in sizes):
        raise RunError(f"{folder / DATA}: damaged; {RESTORE}")
    return found


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """One dict an epoch that is done, as metrics.jsonl has them.

    Raises:
        RunError: missing or damaged.
    """
    try:
        lines = [parse_json(line) for line in (folder / METRICS).read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError):
        lines = [None]
    if not all(map(_is_epoch, lines)):
        raise RunError(f"{folder / METRICS}: missing or damaged; {RESTORE}")
    return lines


def _is_epoch(line: Any) -> bool:
    kinds: dict[str, Any] = {"epoch": int, "loss": (int, float), "valid": dict, "best": bool}
    return isinstance(line, dict) and all(isinstance(line.get(key), kind) for key, kind in kinds.items())


def is_run(folder: Path) -> bool:
    """Whether config.yaml in a folder is that of a run, and not somebody's own."""
    return (folder / CONFIG).is_file() and (folder / VERSIONS).is_file()


def check_folder(folder: Path, resume: bool, force: bool) -> None:
    """Refuse a folder that training must not write to.

    Raises:
        RunError: it holds another run (unless `force`), or something that is no run.
    """
    try:
        names = sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        names = []
    except OSError as error:
        raise RunError(f"{folder}: cannot be used: {error.strerror}; choose another folder") from None
    names = [name for name in names if name != LOCK]
    foreign = [name for name in names if name not in OURS and not name.endswith(".part")]
    if CONFIG in names and not is_run(folder):
        raise RunError(f"{folder}: holds a {CONFIG} that is no run's, for {VERSIONS} is missing; choose another folder")
    if foreign and CONFIG not in names and not (folder / STAGED / CONFIG).exists():  # where a kill came as one run replaced another
        raise RunError(f"{folder}: holds {foreign[0]} but no run; choose another folder")
    if resume and not names:
        raise RunError(f"{folder}: nothing to resume; train without --resume")
    if resume or force:
        return
    if CHECKPOINT in names:
        raise RunError(f"{folder}: holds a run that is not finished; add --resume to go on, or --force to start again")
    if MODEL in names:
        raise RunError(f"{folder}: holds a finished run; choose another folder, or overwrite it with --force")
    if CONFIG in names:
        raise RunError(f"{folder}: holds a run whose {MODEL} is missing; restore it, or overwrite the run with --force")


@contextmanager
def new_run(folder: Path) -> Iterator[Path]:
    """A folder to write a new run's files to; once all are written they take the place of the run that `folder` holds.

    Whatever fails before that, the old run is as it was. config.yaml comes last, for without it there is no run.

    Raises:
        RunError: a file cannot be written.
    """
    staged = folder / STAGED
    shutil.rmtree(staged, ignore_errors=True)  # of a process that was killed
    make_folder(staged)
    try:
        with writing(folder):
            yield staged
            for name in sorted(OURS, key=lambda name: name != CONFIG):
                remove(folder / name)
            remove_seeds(folder)
            for path in sorted(staged.iterdir(), key=lambda path: path.name == CONFIG):
                os.replace(path, folder / path.name)
            staged.rmdir()
            sync_folder(folder)
    except (Exception, KeyboardInterrupt):
        shutil.rmtree(staged, ignore_errors=True)
        raise


def write_facts(folder: Path, config: Config, dataset: Dataset, rates: LabelRates, plan: Plan, left_out: dict[str, str]) -> None:
    """Write what does not change while training goes on.

    Args:
        left_out: task -> why it is not trained.

    Raises:
        RunError: a file cannot be written.
    """
    rows = {part: len(getattr(dataset, part)) for part in ("train", "valid", "test")}
    facts = {"fingerprint": dataset.fingerprint, "rows": rows, "inputs": asdict(dataset.inputs), "label_rates": asdict(rates)}
    facts |= {"left_out": left_out, "columns": {name: asdict(column) for name, column in dataset.columns.items()}}
    write_json(folder / DATA, facts)
    write_json(folder / VERSIONS, versions())
    write_text(folder / PLAN, printable(f"{plan}\n", keep="\n"))
    dataset.encoder.save(folder)
    write_text(folder / CONFIG, to_yaml(config))


def check_resume(folder: Path, config: Config, dataset: Dataset) -> None:
    """Refuse to go on with another configuration or other data. What no byte of the model depends on may change.

    Raises:
        RunError: names the first key that differs, or says that the data do.
    """
    old, new = without_paths(read_config(folder)), without_paths(config)
    for key in ("checkpoint_seconds", "memory", "split_tables"):
        old["training"][key] = new["training"][key]
    changed = difference(old, new)
    if changed is not None:
        key, old, new = changed
        raise RunError(f"{folder}: {key} was {old!r} and is now {new!r}; set it back to resume, or start again with --force")
    if read_data_facts(folder).fingerprint != dataset.fingerprint:
        raise RunError(f"{folder}: the data are not those that the run began with; restore them, or start again with --force")
    with TemporaryDirectory() as fresh:
        dataset.encoder.save(Path(fresh))
        found, wanted = checksums(Path(fresh)), checksums(folder)
    for name, checksum in found.items():
        if checksum != wanted.get(name):
            problem = "is not the encoder that this version fits to the data"
            raise RunError(f"{folder / name}: {problem}; restore it, go on with the version in {VERSIONS}, or start again with --force")


def versions() -> dict[str, Any]:
    """Format of the folder, and versions of what computes."""
    import numba
    import scipy

    ours = {"format": FORMAT, "minirank": __version__, "python": platform.python_version()}
    theirs = {package.__name__: package.__version__ for package in (np, numba, scipy)}
    return ours | theirs | {"machine": platform.machine()}


def of_seed(seed: int) -> str:
    """The name of the file of one of several seeds."""
    return f"seed{seed}.npz"


def remove_seeds(folder: Path) -> None:
    """Remove the files of all seeds, as far as that is possible."""
    for path in folder.glob(SEEDS):
        if path.stem.removeprefix("seed").isdecimal():  # and is not somebody's own
            remove(path)


def write_model(folder: Path, values: Arena | Mapping[str, np.ndarray | Parts], facts: np.ndarray, name: str = MODEL) -> None:
    """Write model.npz: every parameter under its name, and what it was trained with.

    Args:
        facts: as `trained_with` gives them. name: of the file.
    Raises:
        RunError: it cannot be written.
    """
    save_npz(folder / name, dict(values.items()) | {NAME: facts})


def read_model(folder: Path, plan: Plan, config: Config, name: str = MODEL) -> Arena:
    """The parameters of the best epoch so far.

    Args:
        name: of the file.
    Raises:
        RunError: missing, damaged, or of another plan.
    """
    path = folder / name
    dtype = config.training.dtype
    arrays = load_npz(path, NO_RUN, {name: (parameter.shape, dtype) for name, parameter in plan.parameters.items()})
    values = Arena(plan, dtype)
    for name, view in values.items():
        view[...] = arrays.pop(name)
    return values.freeze()

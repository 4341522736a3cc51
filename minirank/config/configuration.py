"""The whole configuration of a run, from one YAML file, as frozen dataclasses.

data:       a folder of jobs, resumes and impressions, or a table      FolderConfig, TableConfig
features:   which features are made of a folder                        FeatureConfig
tasks:      labels and their losses                                    list of TaskConfig
model:      architecture and sizes                                     ModelConfig
training:   epochs, optimiser, early stopping, backend                 TrainingConfig
score:      how predictions become one ranking score                   ScoreConfig
llm:        the server whose model reads texts and grades pairs        LLMConfig
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml

from ..errors import ConfigError
from ..kernels.adam import Adam
from .byte_sizes import Size, bytes_of
from .dataclass_yaml import build
from .embeddings import EmbeddingConfig
from .features import FeatureConfig
from .llm import LLMConfig, read_server
from .model import ModelConfig, TaskConfig
from .table import TableConfig
from .yaml_files import read_yaml, with_override

MOST_DAYS = 36_525  # a century
MOST_THREADS = 1024
MOST_SEEDS = 100
MOST_BATCH_ROWS = 2**30


@dataclass(frozen=True)
class SplitConfig:
    """How impressions are split in time.

    Args:
        valid, test: shares of the rows.
        maturity_days: days after which a missing conversion counts as none.
    """

    valid: float = 0.15
    test: float = 0.15
    maturity_days: float = 7.0

    def __post_init__(self):
        if not (0 <= self.valid < 1 and 0 <= self.test < 1 and self.valid + self.test < 1):
            raise ValueError(f"valid and test must be shares 0 .. 1 with a sum below 1, got {self.valid} and {self.test}")
        if not 0 <= self.maturity_days <= MOST_DAYS:
            raise ValueError(f"maturity_days must be 0 or more and at most {MOST_DAYS}, got {self.maturity_days}")


@dataclass(frozen=True)
class FolderConfig:
    """The `data:` part of a configuration that trains on a data folder.

    Args:
        folder: its path, relative to the YAML file.
        columns: file -> our name of a column -> its name in the file, null where there is none.
        split: training, validation and test rows.
        grades: take the relevance of training rows that have none from relevance_grades.csv (`minirank grade`).
        gazetteer: labels of skills that `minirank extract` looks up beside the lexicon, relative to the YAML file: one a
            line, or a skills CSV of ESCO; null = the lexicon alone.
    """

    folder: Path
    columns: dict[str, dict[str, str | None]] = field(default_factory=dict)
    split: SplitConfig = SplitConfig()
    grades: bool = False
    gazetteer: Path | None = None


@dataclass(frozen=True)
class EarlyStopping:
    """When training ends before the last epoch; the parameters of the best epoch are kept.

    Args:
        metric: measured on validation rows after each epoch: `ctr.auc`, `income.log_loss` ...; `mean.auc` is the
            mean over the tasks that have it. Whether more or less is better follows from its name. Null is
            mean.log_loss, or mean.mse where every task is a regression.
        patience: epochs without a new best value after which training ends.
    """

    metric: str | None = None
    patience: int = 2

    def __post_init__(self):
        if self.patience < 1:
            raise ValueError(f"patience must be 1 or more, got {self.patience}")


@dataclass(frozen=True)
class CudaConfig:
    """How the cuda backend computes; another backend has none of these.

    Args:
        deterministic: the same batches give the same bytes. False adds the gradients of embedding tables atomically,
            in no fixed order: faster, with other last bits each time.
        tf32: multiply matrices on tensor cores, of operands rounded to 10 bits of mantissa: an error of about 5e-4 a product.
        graph: record a step's launches once and replay them; false launches them one by one.
    """

    deterministic: bool = True
    tf32: bool = False
    graph: bool = True


@dataclass(frozen=True)
class TrainingConfig:
    """How the model is trained.

    Args:
        epochs: passes over the training rows.
        batch_rows: B, of all ranks together; whole searches stay together where a loss compares their rows.
        batches: of `rows` in any order, or of whole `searches`, whose job and recruiter are then computed once for all of their rows (not
            by the cuda backend, nor with products of bfloat16), and hidden in all or none of them. Faster, and the gradients of a batch
            are the same; but other batches are other models, and how good they are is in bench/ranking/RESULTS.md.
        accumulate: batches of B rows that make one step, whose gradients are added up: the step of one batch of as many rows, in the
            memory, and among ranks with the messages, of one of B rows.
        ranks: processes that train together, see minirank/parallel; as many as are launched (`mpirun -n 4 minirank train`), which sets it.
        split_tables: such as 256MB: an embedding table of more bytes is split by rows over the ranks, each of which holds Adam's moments of
            its rows alone; the same bytes come of it. null = every rank holds all tables. One process holds all in any case.
        optimiser: settings of Adam.
        schedule: of the learning rate: `constant`, or `cosine`, which falls to 0 at the end of the last epoch.
        warmup: share of all steps in which the learning rate rises from 0. With cosine and 0.3 this is the one-cycle schedule.
        average: decay of a moving average of the parameters, such as 0.999, which is validated and kept in their place; 0 = none.
        early_stopping: null trains all epochs and keeps the last parameters, and so do data without validation rows.
        seed: of the initial parameters, the order of rows, and what is hidden.
        seeds: K trainings one after the other, with the seeds seed .. seed + K - 1, each stopped for itself; the mean of their logits
            predicts, as one run. `model.members` are trained, and stopped, together.
        threads: of the cpu backend; null = the cores of this process. Another number gives other last bits.
        backend: `cpu` (compiled), `reference` (NumPy, to read and to check against) or `cuda` (a GPU, float32 only).
        precision: of parameters, activations and products; `bfloat16` rounds what is multiplied, and needs a processor with matrix tiles.
        cuda: settings of the cuda backend.
        task_cosines: note in metrics.jsonl, after each epoch, the cosines between the tasks' gradients on the parameters that they
            share; null where an epoch has at least 100 steps for each task, which makes that cheap; true always, false never.
        checkpoint_seconds: time between two checkpoints; there is one after each epoch as well.
        memory: what the process may take, such as 2GB, or 2000000000 (bytes); rows that would take more are read part by part from
            where they are kept beside the data, with the same bytes. null = all rows in memory.
    """

    epochs: int = 10
    batch_rows: int = 256
    batches: Literal["rows", "searches"] = "rows"
    accumulate: int = 1
    ranks: int = 1
    split_tables: Size | None = "256MB"
    optimiser: Adam = Adam(weight_decay=1.0)
    schedule: Literal["constant", "cosine"] = "constant"
    warmup: float = 0.0
    average: float = 0.0
    early_stopping: EarlyStopping | None = EarlyStopping()
    seed: int = 0
    seeds: int = 1
    threads: int | None = None
    backend: Literal["cpu", "reference", "cuda"] = "cpu"
    precision: Literal["float32", "float64", "bfloat16"] = "float32"
    cuda: CudaConfig = CudaConfig()
    task_cosines: bool | None = None
    checkpoint_seconds: float = 60.0
    memory: Size | None = None

    def __post_init__(self):
        for name in ("epochs", "batch_rows", "accumulate", "ranks"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, got {getattr(self, name)}")
        if self.batch_rows > MOST_BATCH_ROWS:
            raise ValueError(f"batch_rows must be at most {MOST_BATCH_ROWS}, got {self.batch_rows}")
        if self.step_rows > MOST_BATCH_ROWS:
            raise ValueError(f"accumulate times batch_rows must be at most {MOST_BATCH_ROWS}, got {self.step_rows}")
        if self.ranks > self.batch_rows:
            raise ValueError(f"ranks must be at most batch_rows, or some have no row; got {self.ranks} and {self.batch_rows}")
        if self.backend == "cuda" and (self.ranks > 1 or self.accumulate > 1):
            setting = "ranks" if self.ranks > 1 else "accumulate"
            raise ValueError(f"{setting} must be 1 on the cuda backend, got {getattr(self, setting)}; use backend: cpu")
        for name in ("warmup", "average"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be 0 or more and below 1, got {getattr(self, name)}")
        if self.threads is not None and not 1 <= self.threads <= MOST_THREADS:
            bound = "1 or more" if self.threads < 1 else f"at most {MOST_THREADS}"
            raise ValueError(f"threads must be {bound}, got {self.threads}; null takes all cores")
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"seed must be 0 or more, got {self.seed}")
        if not 1 <= self.seeds <= MOST_SEEDS:
            raise ValueError(f"seeds must be 1 or more and at most {MOST_SEEDS}, got {self.seeds}")
        if self.backend == "cuda" and self.precision != "float32":
            raise ValueError(f"precision must be float32 on the cuda backend, got {self.precision}")
        if self.backend != "cuda" and self.cuda != CudaConfig():
            key, value = next(each for each in vars(self.cuda).items() if each not in vars(CudaConfig()).items())
            setting = f"cuda.{key} {str(value).lower()}"
            raise ValueError(f"{setting} is for the cuda backend, backend is {self.backend}; leave it out, or use backend: cuda")
        if not self.checkpoint_seconds > 0:
            raise ValueError(f"checkpoint_seconds must be above 0, got {self.checkpoint_seconds}")
        for name in ("split_tables", "memory"):
            size = getattr(self, name)
            try:
                if size is not None:
                    bytes_of(size)
            except ValueError as error:
                raise ValueError(f"{name} {error}") from None

    @property
    def step_rows(self) -> int:
        """Rows of a step."""
        return self.accumulate * self.batch_rows

    @property
    def dtype(self) -> np.dtype:
        """The type of the parameters: with products of bfloat16 they are float32."""
        return np.dtype("float32" if self.precision == "bfloat16" else self.precision)


@dataclass(frozen=True)
class ScoreConfig:
    """Exponents of the ranking score pCTR^ctr pCVR^cvr relevance^relevance; finite, 0 or more, 0 leaves a task out."""

    ctr: float = 1.0
    cvr: float = 1.0
    relevance: float = 0.0

    def __post_init__(self):
        for name, exponent in vars(self).items():
            if not 0 <= exponent < math.inf:
                raise ValueError(f"{name} must be finite and 0 or more, got {exponent}")


@dataclass(frozen=True)
class Config:
    """A whole configuration.

    Args:
        data: a folder or a table, with absolute paths; None only where `load_config` was told that none are needed.
        tasks: empty = the default: ctr, cvr (given ctr) and relevance of a folder, as far as they have labels;
            every label of a table; each with its cross-entropy.
    """

    data: FolderConfig | TableConfig | None
    features: FeatureConfig = FeatureConfig()
    tasks: tuple[TaskConfig, ...] = ()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()
    score: ScoreConfig = ScoreConfig()
    llm: LLMConfig = LLMConfig()

    def __post_init__(self):
        names = [task.name for task in self.tasks]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"tasks: {twice} is there twice; give each task one entry, with all its losses")

    @property
    def networks(self) -> int:
        """How many networks predict by their mean logit."""
        return self.model.members * self.training.seeds


def load_config(path: str | Path, overrides: Iterable[str] = (), needs_data: bool = True) -> Config:
    """The configuration of a YAML file.

    Args:
        path: the file; paths in it are relative to its folder.
        overrides: `key.path=value` each, the value in YAML, put in place of what the file says.
        needs_data: refuse a file without `data`, which is enough for a command that is given its folder.
    Raises:
        ConfigError: names the file and the key: unknown (with the nearest known one), of a wrong type, out of range.
    """
    path = Path(path)
    mapping = read_yaml(path)
    try:
        for override in overrides:
            mapping = with_override(mapping, override)
        return _absolute(config_from_dict(mapping, needs_data), path.parent.resolve())
    except ConfigError as error:
        raise type(error)(f"{path}: {error}") from None


def config_from_dict(mapping: Any, needs_data: bool = True) -> Config:
    """The configuration that `mapping` describes; the inverse of `to_dict`.

    Raises:
        ConfigError: names the key.
    """
    if not isinstance(mapping, dict) or (mapping.get("data") is None and needs_data):
        raise ConfigError("data: missing; name a folder (data.folder) or a table (data.table)")
    data = mapping.get("data")
    if data is not None:
        data = build(TableConfig if isinstance(data, dict) and "table" in data else FolderConfig, data, "data")
    features = mapping.get("features")
    if isinstance(features, dict) and "embeddings" in features:
        found = read_server(features["embeddings"], EmbeddingConfig, "features.embeddings")
        features = features | {"embeddings": found}
    return build(Config, mapping | {"data": data, "features": features, "llm": read_server(mapping.get("llm"), LLMConfig)})


def to_dict(config: Config) -> dict[str, Any]:
    """The configuration as YAML and JSON can hold it, every default spelt out."""
    return _plain(asdict(config))


def to_yaml(config: Config) -> str:
    """The configuration as YAML, every default spelt out."""
    values = to_dict(config)
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    # NOTE: PyYAML writes U+0085 as it is, and reads it back as the end of a line.
    return yaml.safe_dump(values, sort_keys=False) if "\x85" in text else text


def without_paths(config: Config) -> dict[str, Any]:
    """`to_dict` without the paths of the data, which may move while their content stays, and the servers: what they gave is kept."""
    values = to_dict(replace(config, features=replace(config.features, embeddings=config.features.embeddings.identity)))
    del values["llm"]
    values["data"].pop("folder", None)
    values["data"].pop("gazetteer", None)
    for part in ("train", "valid", "test"):
        values["data"].get("table", {}).pop(part, None)
    return values


def data_paths(config: Config) -> dict[str, Path]:
    """Key of the configuration -> the folder or the file that it names as data."""
    if config.data is None:
        return {}
    paths: dict[str, Path | None]
    if isinstance(config.data, FolderConfig):
        paths = {"data.folder": config.data.folder, "data.gazetteer": config.data.gazetteer}
        paths |= {"features.embeddings.file": config.features.embeddings.file}
    else:
        paths = {f"data.table.{part}": getattr(config.data.table, part) for part in ("train", "valid", "test")}
    return {key: path for key, path in paths.items() if path is not None}


def check_paths(config: Config, file: str | Path) -> None:
    """Refuse a configuration that names data which are not there.

    Args:
        file: where the configuration stands.
    Raises:
        ConfigError: names what is missing, and the key that asks for it.
    """
    for key, path in data_paths(config).items():
        if not path.exists():
            raise ConfigError(f"{path}: not there; {key} of {file} asks for it: put it back, or write there where it is now")


def for_predictions(config: Config) -> Config:
    """What predictions depend on: paths, the score, the server and how the model was trained are at their defaults."""
    data: Any = config.data
    if isinstance(data, FolderConfig):
        data = replace(data, folder=Path(), gazetteer=None)
    elif data is not None:
        data = replace(data, table=replace(data.table, train=Path(), valid=None, test=None))
    features = replace(config.features, embeddings=config.features.embeddings.identity)
    training = TrainingConfig(seeds=config.training.seeds, precision=config.training.precision)
    return Config(data, features, config.tasks, config.model, training)


def difference(old: Any, new: Any, key: str = "") -> tuple[str, Any, Any] | None:
    """The first key path at which two configurations as nested dicts differ, and both values."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*old, *(name for name in new if name not in old)]:
            found = difference(old.get(name), new.get(name), f"{key}.{name}" if key else name)
            if found is not None:
                return found
        return None
    return None if old == new else (key or "configuration", old, new)


def _absolute(config: Config, base: Path) -> Config:
    """The configuration with its paths below `base`."""

    def below(part: Any, *names: str) -> Any:
        paths = {name: getattr(part, name) for name in names}
        return replace(part, **{name: None if path is None else base / path for name, path in paths.items()})

    if config.data is None:
        return config
    if isinstance(config.data, FolderConfig):
        config = replace(config, features=replace(config.features, embeddings=below(config.features.embeddings, "file")))
        return replace(config, data=below(config.data, "folder", "gazetteer"))
    return replace(config, data=replace(config.data, table=below(config.data.table, "train", "valid", "test")))


def _plain(value: Any) -> Any:
    """Tuples as lists, paths as texts."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value

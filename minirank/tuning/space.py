"""What a search draws, from one YAML file.

    config: ranker.yaml      the configuration that is varied, relative to this file
    trials: 20               configurations that are drawn; trial 0 is the configuration as it stands
    seeds: 3                 trainings of each, with the seeds training.seed, training.seed + 1, ...
    space:                   any dotted key of the configuration
      training.optimiser.learning_rate: {log_uniform: [1.0e-4, 1.0e-2]}
      model.dropout: {uniform: [0, 0.3]}
      model.experts: {integer: [2, 8]}
      model.expert_hidden: {choice: [[32], [64, 32]]}

Draws are independent and have four significant digits; of a small space none comes twice. More trials begin with the same ones.
Source: Bergstra and Bengio, Random search for hyper-parameter optimization, JMLR 2012.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..config.configuration import Config, load_config
from ..config.dataclass_yaml import build
from ..config.yaml_files import read_yaml
from ..errors import ConfigError, UnknownKey, suggestion

KINDS = ("choice", "uniform", "log_uniform", "integer")
MOST_TRIALS, MOST_SEEDS = 100_000, 1_000
MISSES = 1_000  # draws of what was drawn before, in a row, after which nothing else is looked for


@dataclass(frozen=True)
class SearchConfig:
    """A search.

    Args:
        config: the file of the configuration that is varied.
        space: dotted key -> {kind: values}; empty trains the configuration as it stands, which is for its seeds.
        trials: configurations that are drawn.
        seeds: trainings of each.
        seed: of the draws.
        metric: what validation rows are to say, such as `ctcvr.auc`; null = the metric that early stopping watches.
    """

    config: Path
    space: dict[str, Any] = field(default_factory=dict)
    trials: int = 20
    seeds: int = 1
    seed: int = 0
    metric: str | None = None

    def __post_init__(self):
        for name, least, most in (("trials", 0, MOST_TRIALS), ("seeds", 1, MOST_SEEDS), ("seed", 0, 2**63)):
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be {least} or more and at most {most}, got {getattr(self, name)}")
        for key, values in self.space.items():
            check_values(key, values)

    def configured(self, sets: Sequence[str], drawn: Mapping[str, Any], seed: int | None = None) -> Config:
        """The configuration of a trial.

        Args:
            sets: `key=value` each, for all trials. drawn: key -> value. seed: of the training; None = as it stands.
        Raises:
            ConfigError: there is no such configuration.
        """
        overrides = [*sets, *(f"{key}={json.dumps(value, default=str)}" for key, value in drawn.items())]
        return load_config(self.config, overrides if seed is None else [*overrides, f"training.seed={seed}"])

    def draws(self) -> list[dict[str, Any]]:
        """Key -> value of each trial; nothing in the first. Fewer than `trials` come after it where the space has no more."""
        generator, misses = np.random.default_rng(self.seed), 0
        found: list[dict[str, Any]] = [{}]
        while self.space and len(found) <= self.trials and misses < MISSES:
            drawn = {key: _draw(values, generator) for key, values in self.space.items()}
            misses = misses + 1 if drawn in found else 0
            if not misses:
                found.append(drawn)
        return found


def load_search(path: str | Path, sets: Sequence[str] = ()) -> SearchConfig:
    """The search of a YAML file; a configuration is one without a space, for its seeds.

    Args:
        sets: `key=value` of the configuration, as for `train`.
    Raises:
        ConfigError: names the file and the key.
    """
    path = Path(path)
    mapping = read_yaml(path)
    if isinstance(mapping, dict) and "data" in mapping and "config" not in mapping:
        mapping = {"config": path.name}
    try:
        settings = build(SearchConfig, mapping)
        settings = replace(settings, config=path.parent / settings.config)
        settings.configured(sets, {})
        for key, values in settings.space.items():
            if key == "training.seed":
                raise ConfigError("space.training.seed: is no setting; `seeds: 5` trains five seeds of each trial")
            try:
                settings.configured(sets, {key: _draw(values, np.random.default_rng(0))})
            except UnknownKey:
                raise
            except ConfigError:
                pass  # in other company it may be one; a trial that is none says why
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return settings


def check_values(key: str, values: Any) -> None:
    """Refuse what no value can be drawn from.

    Raises:
        ValueError: names the key.
    """
    where = f"space.{key}"
    if not isinstance(values, dict) or len(values) != 1:
        raise ValueError(f"{where}: expected one of {', '.join(KINDS)} with its values, such as {{uniform: [0, 0.3]}}, got {values!r}")
    ((kind, of),) = values.items()
    if kind not in KINDS:
        raise ValueError(f"{where}.{kind}: unknown; {suggestion(kind, KINDS)}")
    if kind == "choice":
        if not isinstance(of, list) or not of:
            raise ValueError(f"{where}.choice: expected a list of values, got {of!r}")
        try:
            json.dumps(of, default=str, allow_nan=False)
        except ValueError:
            raise ValueError(f"{where}.choice: numbers must be finite, got {of!r}") from None
        return
    bounds = _bounds(of)
    if bounds is None or (kind == "integer" and not all(bound == int(bound) for bound in bounds)):
        kinds = "whole numbers" if kind == "integer" else "numbers"
        raise ValueError(f"{where}.{kind}: expected [LOWEST, HIGHEST], two {kinds}, got {of!r}")
    if kind == "log_uniform" and not bounds[0] > 0:
        raise ValueError(f"{where}.log_uniform: the lowest must be above 0, got {of!r}")


def _bounds(of: Any) -> tuple[float, float] | None:
    """Two finite numbers, the lower one first; None where they are none."""
    try:
        low, high = (float(bound) for bound in of if not isinstance(bound, bool))  # YAML 1.1 reads `1e-3` as a text
    except (TypeError, ValueError):
        return None
    return (low, high) if math.isfinite(low) and math.isfinite(high) and low < high else None


def _draw(values: dict[str, Any], generator: np.random.Generator) -> Any:
    """A value of one key."""
    ((kind, of),) = values.items()
    if kind == "choice":
        return of[generator.integers(len(of))]
    low, high = _bounds(of) or (0.0, 0.0)
    if kind == "integer":
        return int(generator.integers(int(low), int(high), endpoint=True))
    drawn = generator.uniform(low, high) if kind == "uniform" else math.exp(generator.uniform(math.log(low), math.log(high)))
    return min(max(float(f"{drawn:.4g}"), low), high)

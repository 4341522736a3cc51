"""What computes a plan, as a configuration says."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, cast

import numpy as np

from ..config.configuration import Config, CudaConfig
from ..errors import ConfigError
from ..kernels.executor import Executor, Unavailable, check_available, make_executor
from ..kernels.plan import Plan


def executor_of(config: Config, plan: Plan) -> Executor:
    """The executor that a configuration asks for.

    Raises:
        ConfigError: its backend cannot run here.
    """
    training = config.training
    try:
        return make_executor(training.backend, plan, np.dtype(training.precision), training.threads, **asdict(training.cuda))
    except (Unavailable, ValueError) as error:
        raise ConfigError(f"training.backend {training.backend}: {error}") from None


def check_backend(config: Config) -> None:
    """Refuse a backend that cannot run here.

    Raises:
        ConfigError: why, and what helps.
    """
    try:
        check_available(config.training.backend)
    except Unavailable as error:
        raise ConfigError(f"training.backend {config.training.backend}: {error}") from None


def with_backend(config: Config, backend: str) -> Config:
    """The configuration with another backend.

    Raises:
        ConfigError: it cannot compute in the configuration's precision.
    """
    try:
        cuda = config.training.cuda if backend == "cuda" else CudaConfig()
        return replace(config, training=replace(config.training, backend=cast(Any, backend), cuda=cuda))
    except ValueError as error:
        raise ConfigError(f"{error}; choose another --backend") from None

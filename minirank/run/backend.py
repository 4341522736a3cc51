"""What computes a plan, as a configuration says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any, cast

from ..config.configuration import Config, CudaConfig
from ..errors import ConfigError
from ..kernels.executor import Executor, Unavailable, check_available, make_executor
from ..kernels.plan import Plan
from ..progress import Progress


def executor_of(config: Config, plan: Plan) -> Executor:
    """The executor that a configuration asks for.

    Raises:
        ConfigError: its backend cannot run here.
    """
    training = config.training
    try:
        return make_executor(training.backend, plan, training.dtype, training.threads, **asdict(training.cuda))
    except (Unavailable, ValueError) as error:
        raise ConfigError(f"training.backend {training.backend}: {error}") from None


def check_backend(config: Config) -> None:
    """Refuse a backend that cannot run here.

    Raises:
        ConfigError: why, and what helps.
    """
    reason = why_no_tiles(config)
    if reason:
        raise ConfigError(f"training.precision bfloat16: {reason}; use precision: float32, or backend: reference to see what it computes")
    try:
        check_available(config.training.backend)
    except Unavailable as error:
        raise ConfigError(f"training.backend {config.training.backend}: {error}") from None


def in_precision(config: Config, plan: Plan) -> Plan:
    """The plan with products as `training.precision` says."""
    return plan.in_bfloat16() if config.training.precision == "bfloat16" else plan


def why_no_tiles(config: Config, backend: str | None = None) -> str | None:
    """Why products of bfloat16, which a configuration asks for, cannot be had here; None where they can, or are not asked for.

    Args:
        backend: to use; None is that of the configuration.
    """
    backend = backend or config.training.backend
    if config.training.precision != "bfloat16" or backend == "reference":
        return None
    if backend == "cuda":
        return "the cuda backend computes in float32"
    from ..kernels.cpu.bfloat16 import why_not

    return why_not()


def without_tiles(config: Config, backend: str | None, say: Callable[[str], None]) -> Config:
    """The configuration to predict with: where products of bfloat16 cannot be had, with those of float32."""
    reason = why_no_tiles(config, backend)
    if reason is None:
        return config
    say(f"trained with products of bfloat16, predicts with those of float32, which differ in the third digit: {reason}")
    return replace(config, training=replace(config.training, precision="float32"))


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


@contextmanager
def compiled_meanwhile(config: Config, progress: Progress) -> Iterator[None]:
    """Let other processes compile the kernels for the first time while the data are prepared."""
    if config.training.backend != "cpu" or config.training.precision == "float64":
        yield
        return
    from ..kernels.cpu.compile import BESIDE, OWN_KERNELS, compiling, wait_for

    with compiling(*OWN_KERNELS, say=lambda why: progress.say(BESIDE.format(why))) as processes:
        yield
        wait_for(processes)

"""The part of bench/gpu/measure.py that asks whether the kernels are right on the GPU that is there."""

import subprocess

import numpy as np

from bench.speed import workloads
from minirank.kernels.adam import Adam
from minirank.kernels.executor import make_executor
from minirank.kernels.parameters import TrainState

GATE = "full"
STRICT_ROWS = 33  # beyond so many a ReLU whose input is next to 0 flips in float32: the cpu backend differs by up to 2e-3 then
PATIENCE = 900  # seconds for a program beside this one


def checked(workload: workloads.Workload, rows: int, settings: dict) -> float:
    """The larger of two fresh inputs' errors.

    Raises:
        AssertionError: it is more than round-off, in float32 or, with settings for it, in TF32.
    """
    worst = max(error_of(workload, rows, seed, settings) for seed in (0, 1))
    allowed = 1e-1 if settings else 1e-5 if rows <= STRICT_ROWS else 2e-2
    if not worst <= allowed:
        raise AssertionError(f"relative error {worst:.1e} against float64, {allowed:.0e} is allowed")
    return worst


def error_of(workload: workloads.Workload, rows: int, seed: int, settings: dict) -> float:
    """The largest of the relative errors of loss, dense gradient and table gradients, against the float64 reference."""
    plan = workloads.plan_of(workload, GATE)
    values, batch = workloads.parameters(plan), workloads.random_batch(workload, rows, seed)
    expected = make_executor("reference", plan, np.float64).gradients(values.copy(np.float64), batch)
    found = make_executor("cuda", plan, **settings).gradients(values, batch)
    errors = [abs(found.total / expected.total - 1), distance(found.dense, expected.dense)]
    for name, (ids, gradients) in expected.tables.items():
        if not np.array_equal(ids, found.tables[name][0]):
            raise AssertionError(f"table {name}: other rows than the reference")
        errors.append(distance(found.tables[name][1], gradients))
    return float(max(errors))


def distance(found: np.ndarray, expected: np.ndarray) -> float:
    """Norm of the difference, divided by that of what is expected."""
    return float(np.linalg.norm(found - expected) / max(np.linalg.norm(expected), 1e-12))


def trained(workload: workloads.Workload, rows: int, settings: dict) -> TrainState:
    """A state after six steps on batches whose sizes differ."""
    compiled = workloads.plan_of(workload, GATE)
    executor, state = make_executor("cuda", compiled, **settings), TrainState(workloads.parameters(compiled))
    with executor.resident(state):
        for seed in range(6):
            executor.step(state, workloads.random_batch(workload, rows - seed % 3, seed), Adam())
    return state


def same_bytes(workload: workloads.Workload, rows: int) -> bool:
    """Whether six steps give the same bytes twice, with graph replay and without."""
    ends = [trained(workload, rows, {"graph": graph}).values for graph in (True, True, False)]
    if len({end.dense.tobytes() + end.tables.tobytes() for end in ends}) > 1:
        raise AssertionError("the deterministic mode gave different bytes")
    return True


def sanitized(workload: workloads.Workload) -> int:
    """Gradients and steps of every kind, for compute-sanitizer to look at; the exit status."""
    worst = error_of(workload, 70, 0, {})
    for settings in ({}, {"deterministic": False}, {"tf32": True}):
        trained(workload, 140, settings | {"graph": False})
    print(f"error {worst:.1e}")
    return int(not worst <= 2e-2)


def ran(command: list[str]) -> str:
    """The last line of what a program prints to its standard output.

    Raises:
        RuntimeError: it failed.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    printed = done.stdout.strip().splitlines()
    if done.returncode:
        raise RuntimeError(f"exit status {done.returncode}: {(printed + done.stderr.strip().splitlines() or [''])[-1]}")
    return printed[-1] if printed else ""

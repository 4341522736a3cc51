"""A step recorded once and replayed: one call in place of ten launches with six array arguments each (kernels/cuda/graph.py)."""

from bench.gpu.ladder.rungs import Rung, Step
from bench.speed.workloads import Workload


def rung(workload: Workload) -> Rung:
    """Before: launch by launch. After: replayed. Both are whole steps with atomic tables."""
    launched, replayed = Step(workload, deterministic=False, graph=False), Step(workload, deterministic=False)
    return replayed.rung("the whole step replayed as a graph", 1.2, launched, by_host=True)

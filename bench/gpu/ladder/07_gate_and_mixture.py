"""A walk in place of a launch an operation: gates; mixtures, towers, losses and their backward passes (kernels/cuda/walk.py)."""

from bench.gpu.ladder.rungs import Rung, Step
from bench.speed.workloads import Workload


def rung(workload: Workload) -> Rung:
    """Before: every operation is a launch. After: the fused schedule. Both are whole steps."""
    apart, fused = Step(workload, fuse=False, graph=False), Step(workload, graph=False)
    return fused.rung("gates, mixtures, towers and losses fused", 3.0, apart, by_host=True)

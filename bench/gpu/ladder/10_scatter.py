"""Table gradients: uses sorted and summed in a fixed order (kernels/cuda/sort.py); or added atomically (kernels/cuda/tables.py)."""

from bench.gpu.ladder.rungs import Rung, Step
from bench.speed.workloads import Workload


def rung(workload: Workload) -> Rung:
    """Before: sorted. After: atomic. Both are whole steps."""
    ordered, atomic = Step(workload, graph=False), Step(workload, deterministic=False, graph=False)
    return atomic.rung("table gradients added atomically", 1.1, ordered)

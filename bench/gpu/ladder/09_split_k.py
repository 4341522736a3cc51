"""Weight gradients: the rows of the batch split over blocks, partial sums added in a second stage (kernels/cuda/weight_gradients.py)."""

from bench.gpu.ladder.rungs import Rung, Step
from bench.speed.workloads import Workload


def rung(workload: Workload) -> Rung:
    """Before: one block a tile sums over all rows. After: four slices. Both are whole steps."""
    whole, split = Step(workload, slices=1, graph=False), Step(workload, slices=4, graph=False)
    return split.rung("weight gradients in four slices", 1.15, whole)

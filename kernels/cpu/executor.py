"""The `cpu` executor: threads walk the plan tile by tile, so that activations stay in their caches.

A step has four parts, split over threads in a fixed way, so that the same number of threads
gives the same bytes however they are scheduled. Threads are woken for 2, for 3 and 4 together, and for 1 if it is long:

    1. weights are packed into panels (`matmul.py`);
    2. tiles of rows: forward, losses, backward; each thread adds to its own gradient accumulator;
    3. the accumulators are summed in the order of threads, and Adam steps on the dense arena;
    4. tables, each by one thread: gradients of repeated ids are summed in row order, and row-lazy
       Adam steps on the rows that occurred.

The compiled drivers release the interpreter's lock, so plain Python threads run them side by side;
nothing global (thread counts, affinity) is touched, and several executors may run at once.
"""

from __future__ import annotations

import numpy as np

from ..adam import Adam
from ..batch import Batch, Inputs
from ..executor import Executor, Gradients
from ..parameters import Arena, TrainState
from ..plan import Plan
from .bags import FlatBags
from .plans import EncodedPlans
from .predict import Predictor
from .train import StepRunner
from .workers import Workers, available_threads

TILE_ROWS = 192  # SPEED: 96 to 384 differ by a few per cent


class CpuExecutor(Executor):
    """Runs a plan on compiled kernels. Several threads may predict at once; steps are for one at a time.

    Args:
        plan: the plan. dtype: float32 or float64. threads: parts that a batch is split into,
            by default the cores of this process. tile_rows: rows of a tile.
    """

    def __init__(self, plan: Plan, dtype=np.float32, threads: int | None = None, tile_rows: int = TILE_ROWS) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"threads must be at least 1, got {threads}")
        if tile_rows < 1:
            raise ValueError(f"tile_rows must be at least 1, got {tile_rows}")
        self.plan, self.dtype = plan, np.dtype(dtype)
        self.threads, self.tile_rows = threads or available_threads(), tile_rows
        plans, bags = EncodedPlans(plan, self.dtype, tile_rows), FlatBags(plan)
        self._workers = Workers(self.threads - 1)
        self._predictor = Predictor(plans, self.threads, self._workers, bags)
        self._steps = StepRunner(plans, self.threads, self._workers, bags)

    def logits(self, values: Arena, inputs: Inputs, shared: tuple[str, ...] = ()) -> np.ndarray:
        """(B, T) logits; what inputs of `shared` add to the first layers is computed once."""
        return self._predictor.predict(values, inputs, self.plan.logits, shared)

    def outputs(self, values: Arena, inputs: Inputs, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        """The named slots of `plan.outputs`, each (B, width)."""
        return {name: self._predictor.predict(values, inputs, self.plan.outputs[name]) for name in names}

    def gradients(self, values: Arena, batch: Batch) -> Gradients:
        """The gradient of one batch; see `Gradients`."""
        return self._steps.gradients(values, batch)

    def step(self, state: TrainState, batch: Batch, adam: Adam) -> tuple[float, np.ndarray]:
        """One training step in place: (total, losses) before the step."""
        return self._steps.step(state, batch, adam)

"""The `cpu` executor: threads walk the plan tile by tile, so that activations stay in their caches.

A step has four parts, split over threads in a fixed way, so that the same number of threads
gives the same bytes however they are scheduled. Threads wait for each other between 1, 2, and 3 with 4, without leaving
compiled code (`team.py`):

    1. weights are packed into panels (`matmul.py`), and ids are looked at;
    2. tiles of rows: forward, losses, backward; each thread adds to its own gradient accumulator; where the rows of a search share
       inputs (`split.py`), its searches' forward pass before that and their backward pass after it;
    3. the accumulators are summed in the order of threads, and Adam steps on the dense arena (where `Adam.clip_norm` asks for the
       length of the gradient, it is computed before, of what 3 and 4 sum);
    4. tables, each by one thread: gradients of repeated ids are summed in row order, and row-lazy
       Adam steps on the rows that occurred.

No two threads ever write the same memory at the same time, so nothing is locked within a step. Which thread writes what; a thread is
here a share of the work, which the thread of its number does unless it wakes too late:

    | part | memory                                                 | written by                                             |
    | ---- | ------------------------------------------------------ | ------------------------------------------------------ |
    | 1    | `panels`, `biases`: the packed weights                 | who updates them in 3: they are in its core's cache    |
    | 2    | `values`, `gradients`, `scratch` of a tile             | their own thread: each has its own (`buffers.py`)      |
    | 2    | `dense_gradients`, `losses`                            | likewise; then the calling thread adds the losses up,  |
    |      |                                                        | and the objective's gradients to the first thread's    |
    | 2    | `input_gradients`, for all rows of the batch           | the rows of a tile by the thread whose tile it is      |
    | 2    | `search_values`, `search_gradients`, where searches    | their own thread: a thread has whole searches          |
    |      | share something (`split.py`)                           |                                                        |
    | 3    | dense parameters, m, v                                 | elements `even(size, n)[t]` to `[t + 1]` by thread t   |
    | 4    | a table's parameters, m, v; its sums by id             | the one thread that `EmbeddingUpdate` gives it         |

In a prediction the calling thread packs weights, if they may have changed; each tile's rows of the result are written by the thread
that claimed the tile (`tiles_to_claim`), from `values` and `scratch` of its own, which it takes from a pool (`BufferPool`).

Compiled code runs without the interpreter's lock, so Python threads run it side by side;
nothing global (thread counts, affinity) is touched, and several executors may run at once.
"""

from __future__ import annotations

import numpy as np

from ..adam import Adam
from ..batch import Batch, Inputs
from ..executor import Executor, Gradients, Unavailable
from ..ops import KINDS
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
        kinds = {op.kind: KINDS[op.kind] for op in plan.operations}
        for name, kind in kinds.items():
            if kind.rounds and np.dtype(dtype) != np.float32:
                raise ValueError(f"{name} sums in float32, got {np.dtype(dtype)}")
            if reason := kind.why_not():
                raise Unavailable(reason)
        self.plan, self.dtype = plan, np.dtype(dtype)
        self.threads, self.tile_rows = threads or available_threads(), tile_rows
        plans, bags = EncodedPlans(plan, self.dtype, tile_rows), FlatBags(plan)
        self._workers = Workers(self.threads - 1)
        self._predictor = Predictor(plans, self.threads, self._workers, bags)
        self._steps = StepRunner(plans, self.threads, bags)

    def logits(self, values: Arena, inputs: Inputs, shared: tuple[str, ...] = ()) -> np.ndarray:
        """(B, T) logits; what inputs of `shared` add to the first layers is computed once."""
        return self._predictor.predict(values, inputs, (self.plan.logits,), shared)

    def outputs(self, values: Arena, inputs: Inputs, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        """The named slots of `plan.outputs`, each (B, width)."""
        slots = tuple(self.plan.outputs[name] for name in names)
        found = self._predictor.predict(values, inputs, slots)
        columns = np.cumsum([slot.width for slot in slots])[:-1]
        return {name: part.copy() for name, part in zip(names, np.split(found, columns, axis=1))}

    def gradients(self, values: Arena, batch: Batch, objective: bool = True) -> Gradients:
        """The gradient of one batch; see `Executor.gradients`."""
        return self._steps.gradients(values, batch, objective)

    def step(self, state: TrainState, batch: Batch, adam: Adam) -> tuple[float, np.ndarray]:
        """One training step in place: (total, losses) before the step."""
        return self._steps.step(state, batch, adam)

    def apply(self, state: TrainState, found: Gradients, adam: Adam) -> None:
        """One training step along a gradient that was put together elsewhere; see `Executor.apply`."""
        self._steps.apply(state, found, adam)

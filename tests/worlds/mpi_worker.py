"""What the ranks of tests/parallel/test_mpi.py do: started by mpirun, one process each; rank 0 prints what they found, as JSON."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "worlds")]

from random_rows import random_batch  # noqa: E402
from small_plans import plan_of, small  # noqa: E402

from minirank.kernels.adam import Adam  # noqa: E402
from minirank.kernels.executor import make_executor  # noqa: E402
from minirank.kernels.parameters import TrainState, initial_values  # noqa: E402
from minirank.parallel.executor import PartsExecutor  # noqa: E402
from minirank.parallel.launch import Launch  # noqa: E402


def sums(ranks):
    """Whether sums are in the order of ranks, of few numbers and of many, and how many bytes came."""
    found = {}
    for size in (5, 1024, 1025, 5003):
        parts = [np.random.default_rng(rank).normal(size=size).astype(np.float32) * 10.0**rank for rank in range(ranks.size)]
        expected = parts[0].copy()
        for part in parts[1:]:
            expected += part
        before = ranks.received
        same = ranks.add_up(parts[ranks.rank].copy()).tobytes() == expected.tobytes()
        found[size] = {"same": all(ranks.all_of(same)), "received": ranks.received - before}
    return found


def messages(ranks):
    rows = np.full((ranks.rank, 3), ranks.rank, np.int32)
    array = np.arange(4) + ranks.rank
    ranks.copy_first(array)
    gathered = ranks.to_first(ranks.rank)
    joined = [ranks.join(rows).tolist(), ranks.join(rows[:, 0], [*range(ranks.size)]).tolist()]
    return {
        "joined": joined, "most": [ranks.most(2 * (ranks.rank == 1)), ranks.most(0)], "of_first": ranks.of_first(ranks.rank + 5),
        "gathered": [gathered is None, gathered][ranks.is_first], "copied": array.tolist(), "threads": ranks.threads(8),
    }  # fmt: skip


def trained(executor, steps, dtype):
    state = TrainState(initial_values(executor.plan, 0, dtype))
    totals = [executor.step(state, replace(random_batch(60, step % 5), key=step), Adam(0.01))[0] for step in range(steps)]
    return totals, state.values.dense.tobytes() + state.values.tables.tobytes()


def main():
    ranks, plan = Launch.of().join("test", may_run=True), plan_of(small(dropout=0.3))
    found = {"size": ranks.size, "sums": sums(ranks), "messages": ranks.all_of(messages(ranks))}
    for backend, steps, dtype in (("reference", 100, np.float64), ("cpu", 20, np.float32)):
        alone, _ = trained(make_executor(backend, plan, dtype, 1), steps, dtype)
        totals, state = trained(PartsExecutor(make_executor(backend, plan, dtype, 1), ranks), steps, dtype)
        found[backend] = {"alone": alone, "ranks": totals, "same": len(set(ranks.all_of(state))) == 1}
    ranks.wait()
    if ranks.is_first:
        print(json.dumps(found))


if __name__ == "__main__":
    main()

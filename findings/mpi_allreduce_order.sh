#!/usr/bin/env bash
# MPICH 5.0.2 through mpi4py 4.1.2: Allreduce of 1e8, 1, -1e8, 1 on four ranks is 0, on two and three it is the sum in the order of ranks.
# One would guess: the numbers are added in the order of the ranks, ((1e8 + 1) - 1e8) + 1 = 1 in float32, as sum(gather(x)) adds them.
# Instead: four ranks add in pairs, (1e8 + 1) + (-1e8 + 1) = 0; of random float32 gradients 30 % get other last bits.
# Why it matters: a training on four processes is not that of one process which adds up the same four parts; who wants the same bytes, or
# those of another MPI, adds up in an order of its own. Allowed: MPI 4.1 promises neither this order nor any other.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 mpi4py==4.1.2 mpich==5.0.2
cd "$work"
cat >sums.py <<'PY'
import numpy as np
from mpi4py import MPI

world = MPI.COMM_WORLD


def both(mine):
    """(Allreduce, sum in the order of ranks) of float32 arrays."""
    reduced, in_order = np.empty_like(mine), None
    world.Allreduce(mine, reduced)
    for part in world.allgather(mine):
        in_order = part if in_order is None else in_order + part
    return reduced, in_order


reduced, in_order = both(np.full(1, [1e8, 1, -1e8, 1][world.rank], np.float32))
random, of_random = both(np.random.default_rng(world.rank).normal(size=100_000).astype(np.float32))
differ = float((random != of_random).mean())
if world.rank == 0:
    print(f"{world.size} ranks: Allreduce {reduced[0]:g}, in the order of ranks {in_order[0]:g}; of random numbers {differ:.0%} differ")
    assert (differ > 0.2 and (reduced[0], in_order[0]) == (0, 1)) if world.size == 4 else differ == 0
PY
for ranks in 2 3 4; do "$work/venv/bin/mpirun" -n "$ranks" "$work/venv/bin/python" sums.py; done

"""A step along a gradient that comes from the host, flat: the dense elements, then those of the rows of tables that a batch used.

dense 0 .. size | rows of the first table | rows of the next | ...        `places` says where an element of a row lies in the arenas
"""

from __future__ import annotations

import numpy as np

from ..executor import Gradients
from ..plan import Plan
from .adam import adam_element
from .jit import cuda, kernel
from .sizes import FLAT_THREADS


def pack_gradient(plan: Plan, size: int, found: Gradients) -> tuple[np.ndarray, np.ndarray]:
    """(the gradient, flat; (n,) int64 places of its elements behind the first `size`, which are the dense ones)."""
    dense = np.zeros(size, np.float32)
    dense[: len(found.dense)] = found.dense
    rows, places = [dense], [np.zeros(0, np.int64)]
    for name, (ids, gradients) in found.tables.items():
        table, width = plan.parameters[name], plan.parameters[name].shape[1]
        rows.append(gradients.ravel())
        places.append((size + table.offset + ids[:, None].astype(np.int64) * width + np.arange(width)).ravel())
    return np.concatenate(rows, dtype=np.float32), np.concatenate(places)


@kernel("void(float32[::1], float32[::1], float32[::1], int64)", threads=FLAT_THREADS)
def add_penalties(given, parameters, constants, size):
    """given_i += penalty_i / N w_i, for the dense elements."""
    for i in range(cuda.grid(1), size, cuda.gridsize(1)):
        given[i] += constants[size + i] * parameters[i]


@kernel(
    "void(float32[::1], float32[::1], float32[::1], float32[::1], int64[::1], float32[::1], float32[::1], int64, int64)",
    threads=FLAT_THREADS,
)
def adam_given(parameters, m, v, given, places, constants, settings, size, count):
    """One step on the `count` elements that have a gradient."""
    for i in range(cuda.grid(1), count, cuda.gridsize(1)):
        if i < size:
            parameters[i] -= settings[5] * constants[i] * parameters[i]
            adam_element(parameters, m, v, i, given[i], settings)
        else:
            adam_element(parameters, m, v, places[i - size], given[i], settings)

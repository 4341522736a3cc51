"""Adam on flat arenas. Dense parameters: the second stage of the weight gradients and the step in one launch.

    g_i = sum over copies and slices of partials + penalty_i w_i             and for a learned task weight
    ds_t = 1/2 - exp(-s_t) L_t                                    (../objective.py)

`settings` (8,) float32 on the device holds what changes from step to step, so that a recorded graph
can be replayed: 1 - beta1, 1 - beta2, lr / (1 - beta1^t), 1 / (1 - beta2^t), epsilon, lr * decay, and of
clip.py: FACTOR, what gradients are multiplied by, 1 without clipping; LENGTH, the most that theirs may be, then what it is.
"""

from __future__ import annotations

import math

import numpy as np

from .jit import cuda, device, kernel
from .layout import COPIES, MOST_SLICES, SLICES
from .sizes import FLAT_THREADS

FACTOR, LENGTH = 6, 7
ZERO, HALF = np.float32(0), np.float32(0.5)


@device
def adam_element(w, m, v, i, gradient, settings):
    """g *= factor, m += (1 - b1)(g - m), v += (1 - b2)(g^2 - v), w -= rate m / (sqrt(v correction) + eps), for element i."""
    gradient = gradient * settings[FACTOR]
    first = m[i] + settings[0] * (gradient - m[i])
    second = v[i] + settings[1] * (gradient * gradient - v[i])
    m[i], v[i] = first, second
    w[i] -= settings[2] * first / (np.float32(math.sqrt(second * settings[3])) + settings[4])


@device
def dense_gradient(i, parameters, partials, constants, ints, size, tasks, losses, results, learned):
    """g_i of the dense arena, see above.

    Args:
        constants: (2 * size,) float32: where weight decay applies, then penalty / N.
        ints: of the batch: how many copies and slices of partials there are, and from `tasks` on the task of each loss.
        results: where the losses lie in partials. learned: first element of the log variances, or -1.
    """
    total = ZERO
    for copy in range(ints[COPIES]):
        for slice in range(ints[SLICES]):
            total += partials[(copy * ints[MOST_SLICES] + slice) * size + i]
    total += constants[size + i] * parameters[i]
    if learned >= 0 and learned <= i:
        loss, known = ZERO, False
        for number in range(losses):
            if ints[tasks + number] == i - learned:
                loss, known = loss + partials[results + number], True
        if known:
            total += HALF - np.float32(math.exp(-parameters[i])) * loss
    return total


@kernel(
    "void(float32[::1], float32[::1], float32[::1], float32[::1], float32[::1], int32[::1], float32[::1], "
    "int64, int64, int64, int64, int64)",
    threads=FLAT_THREADS,
)
def adam_dense(parameters, m, v, partials, constants, ints, settings, size, tasks, losses, results, learned):
    """One step on the first `size` parameters."""
    i = cuda.blockIdx.x * FLAT_THREADS + cuda.threadIdx.x
    if i < size:
        gradient = dense_gradient(i, parameters, partials, constants, ints, size, tasks, losses, results, learned)
        parameters[i] -= settings[5] * constants[i] * parameters[i]
        adam_element(parameters, m, v, i, gradient, settings)


@kernel("void(float32[::1], float32[::1], float32, int64)", threads=FLAT_THREADS)
def move_average(average, parameters, gain, size):
    """average += gain (parameters - average)."""
    for i in range(cuda.grid(1), size, cuda.gridsize(1)):
        average[i] += gain * (parameters[i] - average[i])


@kernel("void(float32[::1], float32[::1], float32[::1], float32[::1], int32[::1], int64, int64, int64, int64, int64)", threads=FLAT_THREADS)
def write_dense_gradient(gradient, parameters, partials, constants, ints, size, tasks, losses, results, learned):
    """The dense gradient itself, for whoever asks for it instead of a step."""
    i = cuda.blockIdx.x * FLAT_THREADS + cuda.threadIdx.x
    if i < size:
        gradient[i] = dense_gradient(i, parameters, partials, constants, ints, size, tasks, losses, results, learned)

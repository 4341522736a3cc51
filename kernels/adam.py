"""Adam, dense and row-lazy.

    m = b1 m + (1 - b1) g,    v = b2 v + (1 - b2) g^2
    w -= lr * decay * w
    w -= lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)

Before that, where `clip_norm` asks for it, g <- g min(1, c / ||g||): the length is that of the gradient of all parameters, of which
rows that the batch did not use are 0; its direction stays.

Dense parameters take this step every time. A row of an embedding table takes it only in the steps
whose batch used the row ("row-lazy"): its m and v rest in between, t counts all steps, so a step
costs what the batch touches and not what the table holds.

Sources: Pascanu et al., ICML 2013 (clipping); Kingma & Ba, ICLR 2015; Loshchilov & Hutter, ICLR 2019 (decay apart from the gradient);
row-lazy as in TensorFlow's LazyAdam and PyTorch's SparseAdam.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .cpu.jit import kernel
from .cpu.vector import lanes, like, load, load_half, number, reduce_sum, splat, sqrt, store


@dataclass(frozen=True)
class Adam:
    """Settings of the optimiser.

    Args:
        learning_rate: lr > 0. beta1, beta2: in [0, 1). epsilon: > 0.
        weight_decay: >= 0, decay of weight matrices, apart from the gradient; never of embedding
            tables, biases, or what an id adds.
        clip_norm: c, the most that the length of the gradient may be; a longer one is scaled down to it. 0 = whatever it is.
    Raises:
        ValueError: a setting that is out of range, or not finite.
    """

    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    clip_norm: float = 0.0

    def __post_init__(self):
        for name in ("learning_rate", "epsilon"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be finite and above 0, got {getattr(self, name)}")
        for name in ("beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must lie in [0, 1), got {getattr(self, name)}")
        for name in ("weight_decay", "clip_norm"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be finite and 0 or more, got {getattr(self, name)}")

    def corrected(self, step: int) -> tuple[float, float]:
        """(lr / (1 - b1^t), 1 / (1 - b2^t)) of step t = 1, 2, ..."""
        return self.learning_rate / (1 - self.beta1**step), 1 / (1 - self.beta2**step)

    def clipped(self, norm: float) -> float:
        """min(1, c / norm): what a gradient of this length is multiplied by."""
        return 1.0 if norm <= self.clip_norm else self.clip_norm / norm


def adam_dense(w: np.ndarray, m: np.ndarray, v: np.ndarray, gradient: np.ndarray, decay: np.ndarray, settings: Adam, step: int) -> None:
    """One step on dense parameters, in place.

    Args:
        w, m, v, gradient: (P,) float. decay: (P,) float, 1 where weight decay applies, else 0.
        settings: Adam. step: t, from 1.
    """
    rate, correction = settings.corrected(step)
    m += (1 - settings.beta1) * (gradient - m)
    v += (1 - settings.beta2) * (gradient * gradient - v)
    w -= settings.learning_rate * settings.weight_decay * decay * w
    w -= rate * m / (np.sqrt(v * correction) + settings.epsilon)


def adam_rows(table: np.ndarray, m: np.ndarray, v: np.ndarray, ids: np.ndarray, gradients: np.ndarray, settings: Adam, step: int) -> None:
    """One row-lazy step on the rows `ids` of a table, in place.

    Args:
        table, m, v: (V, D). ids: (n,) unique. gradients: (n, D), the sparse gradient. step: t, from 1.
    """
    rate, correction = settings.corrected(step)
    m_rows = m[ids] + (1 - settings.beta1) * (gradients - m[ids])
    v_rows = v[ids] + (1 - settings.beta2) * (gradients * gradients - v[ids])
    m[ids], v[ids] = m_rows, v_rows
    table[ids] -= rate * m_rows / (np.sqrt(v_rows * correction) + settings.epsilon)


# --- Numba ---------------------------------------------------------------------------------


@kernel
def adam_update(w, m, v, g, gain1, gain2, rate, correction, epsilon):
    """(w, m, v) after one step: of numbers, or of vectors; gain = 1 - beta, (rate, correction) = `Adam.corrected`."""
    m = m + like(m, gain1) * (g - m)
    v = v + like(v, gain2) * (g * g - v)
    return w - like(w, rate) * m / (sqrt(v * like(v, correction)) + like(v, epsilon)), m, v


@kernel
def sum_of_squares(x, size):
    """sum x_i^2, in one number of each lane of a vector: for some thousand elements."""
    n, i, sums = lanes(x), 0, splat(number(x, 0))
    while i + n <= size:
        part = load(x, i)
        sums = sums + part * part
        i += n
    total = reduce_sum(sums)
    for k in range(i, size):
        total += x[k] * x[k]
    return total


@kernel
def scale(x, size, factor):
    """x *= factor."""
    for i in range(size):
        x[i] *= factor


@kernel
def adam_elements(w, m, v, gradient, size, gain1, gain2, rate, correction, epsilon):
    """One step on `size` elements: whole vectors, a half one, single numbers."""
    n, i = lanes(w), 0
    while i + n <= size:
        a, b, c = adam_update(load(w, i), load(m, i), load(v, i), load(gradient, i), gain1, gain2, rate, correction, epsilon)
        store(w, i, a)
        store(m, i, b)
        store(v, i, c)
        i += n
    if i + n // 2 <= size:
        old = load_half(w, i), load_half(m, i), load_half(v, i), load_half(gradient, i)
        a, b, c = adam_update(*old, gain1, gain2, rate, correction, epsilon)
        store(w, i, a)
        store(m, i, b)
        store(v, i, c)
        i += n // 2
    for k in range(i, size):
        w[k], m[k], v[k] = adam_update(w[k], m[k], v[k], gradient[k], gain1, gain2, rate, correction, epsilon)

"""Vectors of numbers: the exponential, against NumPy's in more digits."""

import numpy as np
import pytest

from minirank.kernels.cpu.jit import driver
from minirank.kernels.cpu.vector import exponential, lanes, load, pointer, store


@driver
def run_exponential(y, x):
    p, q = pointer(y), pointer(x)
    for i in range(0, len(x), lanes(q)):
        store(p, i, exponential(load(q, i)))


@pytest.mark.parametrize(("dtype", "lowest", "error"), ((np.float32, -87, 2e-7), (np.float64, -708, 1e-15)))
def test_exponential(dtype, lowest, error):
    rng = np.random.default_rng(0)
    x = np.concatenate((np.linspace(lowest, 0, 100_000), -np.exp(rng.uniform(-40, np.log(-lowest), 20_000)))).astype(dtype)
    y = np.empty_like(x)
    run_exponential(y, x)
    expected = np.exp(x.astype(np.longdouble))
    assert np.abs(y / expected - 1).max() <= error
    x = np.array([0, -0.0, lowest, 1.001 * lowest, -1e30, -np.inf, np.nan, -1e-30] * 2, dtype)
    y = np.empty_like(x)
    run_exponential(y, x)
    assert y[[0, 1, 7]].tolist() == [1, 1, 1] and y[2] > 0 and y[3:6].tolist() == [0, 0, 0] and np.isnan(y[6])
    np.testing.assert_array_equal(y[:8], y[8:])

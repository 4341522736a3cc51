"""Ids in their order are those of NumPy's own sort."""

import numpy as np
import pytest

from minirank.kernels.ranked import DIGIT, ranked

DRAW = np.random.default_rng(0)


@pytest.mark.parametrize(
    "numbers",
    [
        np.int32([]),
        np.int32([0, 0, 0]),
        np.int32([5, 0, 5, 2**31 - 1]),
        np.int64([2**40, 2**DIGIT, 2**DIGIT - 1, 2**40, 2**62, 0]),
        DRAW.integers(0, 5_000, 9_000),
        np.arange(3_000)[::-1],
        np.sort(DRAW.integers(0, 2**33, 1_000)),
        DRAW.integers(0, 2**20, (50, 3))[:, 1],
    ],
)
def test_it_is_what_numpy_finds(numbers):
    found = ranked(numbers)
    distinct, ranks = np.unique(numbers, return_inverse=True)
    np.testing.assert_array_equal(found.order, np.argsort(numbers, kind="stable"))
    np.testing.assert_array_equal(found.distinct, distinct)
    np.testing.assert_array_equal(found.ranks, ranks)

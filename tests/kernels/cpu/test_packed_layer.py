"""One layer in panels, beside the reference's."""

import numpy as np
import pytest

from minirank.kernels.cpu.bfloat16 import why_not
from minirank.kernels.cpu.packed_layer import PackedLayer
from minirank.kernels.ops.dense import dense_forward
from minirank.kernels.ops.dense_bfloat16 import round_to_bfloat16


@pytest.mark.parametrize("dtype", (np.float32, np.float64))
@pytest.mark.parametrize("relu", (False, True))
def test_it_is_the_references_layer(relu, dtype):
    rng = np.random.default_rng(0)
    for rows, depth, width in ((1, 1, 1), (7, 5, 3), (33, 17, 70), (12, 8, 64)):
        x, weight, bias = (rng.normal(size=size).astype(dtype) for size in ((rows, depth), (depth, width), width))
        y, expected = np.full((rows, width), np.nan, dtype), np.empty((rows, width))
        PackedLayer(weight, bias).forward(y=y, x=x, relu=relu)
        dense_forward(expected, *(array.astype(np.float64) for array in (x, weight, bias)), relu)
        assert np.linalg.norm(y - expected) <= 8 * np.finfo(dtype).eps * (np.linalg.norm(expected) + 1)


@pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
@pytest.mark.parametrize("relu", (False, True))
def test_on_matrix_tiles_it_is_the_layer_of_rounded_numbers(relu):
    rng = np.random.default_rng(0)
    for rows, depth, width in ((1, 1, 1), (7, 5, 3), (33, 17, 70), (12, 64, 64)):
        x, weight, bias = (rng.normal(size=size).astype(np.float32) for size in ((rows, depth), (depth, width), width))
        y, expected = np.full((rows, width), np.nan, np.float32), np.empty((rows, width))
        PackedLayer(weight, bias, bfloat16=True).forward(y=y, x=x, relu=relu)
        dense_forward(expected, *(array.astype(np.float64) for array in (round_to_bfloat16(x), round_to_bfloat16(weight), bias)), relu)
        assert np.linalg.norm(y - expected) <= 1e-6 * (np.linalg.norm(expected) + 1)


def test_a_column_of_weights_may_lie_anywhere():
    weight, y = np.arange(6.0).reshape(2, 3).T, np.empty((1, 2))
    PackedLayer(weight, np.zeros(2)).forward(y=y, x=np.ones((1, 3)), relu=False)
    np.testing.assert_array_equal(y, [[3, 12]])


def test_what_does_not_fit_is_refused():
    layer = PackedLayer(np.zeros((3, 2)), np.zeros(2))
    for y, x, said in (
        (np.empty((4, 2)), np.empty((4, 5)), r"x must be \(4, 3\) float64, got \(4, 5\) float64"),
        (np.empty((5, 2)), np.empty((4, 3)), r"y must be \(4, 2\)"),
        (np.empty((4, 2), np.float32), np.empty((4, 3)), "got .* float32"),
        (np.empty((4, 2)), np.empty((3, 4)).T, "x must be contiguous"),
        (np.empty((2, 4)).T, np.empty((4, 3)), "y must be contiguous"),
    ):
        with pytest.raises(ValueError, match=said):
            layer.forward(y=y, x=x, relu=False)
    with pytest.raises(ValueError, match="float32 or float64, got int64"):
        PackedLayer(np.zeros((3, 2), int), np.zeros(2))
    with pytest.raises(ValueError, match="must be float32, got float64"):
        PackedLayer(np.zeros((3, 2)), np.zeros(2), bfloat16=True)
    with pytest.raises(ValueError, match="bias must be"):
        PackedLayer(np.zeros((3, 2)), np.zeros(3))

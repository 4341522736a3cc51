"""A `Dataset` whose arrays do not belong together is refused where it is made."""

from dataclasses import replace

import numpy as np
import pytest

from minirank.data import Dataset
from minirank.kernels.batch import Batch, InputSpec


def dataset() -> Dataset:
    ids, dense = np.zeros((4, 0), np.int32), np.zeros((4, 1), np.float32)
    labels = np.zeros((4, 1), np.float32)
    rows = Batch(ids, (), dense, labels, np.ones_like(labels), np.arange(4, dtype=np.int32))
    codes = np.zeros(4, np.int32)
    return Dataset(
        inputs=InputSpec(dense=("x",), tasks=("y",)),
        rows=rows,
        train=np.array([0, 1]),
        valid=np.array([2]),
        test=np.array([], np.int64),
        search=codes,
        job=codes,
        role=None,
        role_names=(),
        truth={"click": np.zeros(4)},
        fingerprint="",
        encoder=None,
    )


def test_parts_may_be_empty_and_rows_left_out():
    assert len(dataset().rows) == 4


@pytest.mark.parametrize(
    "change, message",
    [
        ({"valid": np.array([1])}, "a row must not belong to two parts"),
        ({"valid": np.array([4])}, "train, valid and test must be rows 0 .. 3"),
        ({"search": np.zeros(3, np.int32)}, r"search must be \(4,\), got \(3,\)"),
        ({"truth": {"click": np.zeros(5)}}, r"truth\['click'\] must be \(4,\), got \(5,\)"),
        ({"inputs": InputSpec(tasks=("a", "b"))}, r"labels must be \(4, 2\), got \(4, 1\)"),
    ],
)
def test_arrays_that_do_not_belong_together(change, message):
    with pytest.raises(ValueError, match=message):
        replace(dataset(), **change)

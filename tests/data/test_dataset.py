"""A `Dataset` whose arrays do not belong together is refused where it is made."""

from dataclasses import replace

import numpy as np
import pytest
from evaluation_world import dataset

from minirank.kernels.batch import InputSpec


def small():
    """Four rows; all of them are test rows."""
    return dataset(np.zeros((4, 1)), ("y",), search=np.zeros(4), job=np.zeros(4), truth={"click": np.zeros(4)})


def test_parts_may_be_empty_and_rows_left_out():
    assert len(replace(small(), valid=np.array([0]), test=np.array([2, 3])).rows) == 4


MISFITS = [
    ({"valid": np.array([1])}, "a row must not belong to two parts"),
    ({"valid": np.array([4])}, "train, valid and test must be rows 0 .. 3"),
    ({"search": np.zeros(3, np.int32)}, r"search must be \(4,\), got \(3,\)"),
    ({"truth": {"click": np.zeros(5)}}, r"truth\['click'\] must be \(4,\), got \(5,\)"),
    ({"inputs": InputSpec(tasks=("a", "b"))}, r"labels must be \(4, 2\), got \(4, 1\)"),
]


@pytest.mark.parametrize("change, message", MISFITS)
def test_arrays_that_do_not_belong_together(change, message):
    with pytest.raises(ValueError, match=message):
        replace(small(), **change)

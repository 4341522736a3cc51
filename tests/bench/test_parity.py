"""Every architecture against the 100 steps that `python bench/ranking/parity.py --record` took with PyTorch, on the same rows."""

import json

import numpy as np
import pytest

from bench.ranking.parity import STEPS, TOLERANCE, TRAJECTORY, apart, drawn, our_losses, table
from minirank.model.architectures import ARCHITECTURES

RECORDED = json.loads(TRAJECTORY.read_text(encoding="utf-8"))["losses"]


def test_every_architecture_was_recorded():
    assert list(RECORDED) == list(ARCHITECTURES) and all(len(losses) == STEPS for losses in RECORDED.values())


@pytest.mark.parametrize("name", RECORDED)
def test_100_steps_are_those_of_pytorch(name):
    plan, _, values, batches = drawn(name)
    losses = our_losses(plan, values, batches)
    assert apart(losses, RECORDED[name]) < TOLERANCE
    np.testing.assert_allclose(our_losses(plan, values, batches[:10], backend="reference"), RECORDED[name][:10], rtol=TOLERANCE)


def test_trajectories_apart():
    assert apart([1.0, 2.0], [1.0, 4.0]) == 0.5
    found = {"float64": 1e-12, "float32": [3e-7, 3e-7, 1e-7], "itself": [2e-7, 1e-7, 1e-8]}
    told = table({"apart": {"mmoe": found, "ple": found | {"float32": [1e-7, 1e-7, 3e-7]}}, "machine": ""})
    assert "2 of 2 architectures agree to 1e-08, in float32 1 of 2 within" in told and "itself (not mmoe)." in told

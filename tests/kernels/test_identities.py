"""What gates and architectures must have in common, on both executors: sums, shifts, and one architecture as a special case of another."""

import dataclasses
import re

import numpy as np
import pytest
from random_rows import random_batch, randomise
from small_plans import BACKENDS, GATED, TASKS, choosing, plan_of, small

from minirank.kernels.executor import make_executor
from minirank.kernels.parameters import initial_values


@pytest.mark.parametrize("backend", BACKENDS)
def test_gates_sum_to_one_and_ignore_a_shift(backend):
    plan = plan_of(small(role="bias"))
    batch, executor = random_batch(33, 4), make_executor(backend, plan, np.float64)
    values = randomise(initial_values(plan, 0, np.float64))
    gates = executor.outputs(values, batch, ("gates",))["gates"]
    np.testing.assert_allclose(gates.reshape(33, 3, 3).sum(axis=2), 1, rtol=1e-12)
    values["gate.bias"][:] += np.repeat([5.0, -3.0, 100.0], 3)
    np.testing.assert_allclose(executor.outputs(values, batch, ("gates",))["gates"], gates, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_identities_between_architectures(backend):
    """One expert = shared bottom; equal gates = one gate; zero role weights = plain gates."""
    batch = random_batch(33, 6)

    def logits(config, copy=()):
        plan = plan_of(config)
        values = initial_values(plan, 0, np.float64)
        for ours, source in copy:
            values[ours][...] = source
        return make_executor(backend, plan, np.float64).logits(values, batch), values

    one, values = logits(small(experts=1))
    renamed = [(name.replace("expert.0", "bottom"), view) for name, view in values.items() if not name.startswith("gate")]
    bottom, _ = logits(small("shared_bottom", "none"), renamed)
    np.testing.assert_allclose(one, bottom, rtol=1e-12)
    shared, values = logits(small("omoe", "none"))
    rest = [(name, view) for name, view in values.items() if not name.startswith("gate")]
    tiled = [(name, np.tile(values[name], 3)) for name in ("gate.weight", "gate.bias")]
    multi, values = logits(small("mmoe", "none"), rest + tiled)
    np.testing.assert_allclose(multi, shared, rtol=1e-12)
    for role in ("bias", "full"):
        zero, _ = logits(small("mmoe", role), list(values.items()))
        np.testing.assert_array_equal(zero, multi)


@pytest.mark.parametrize("backend", BACKENDS)
def test_identities_of_what_is_transferred_scaled_and_steered(backend):
    """Nothing given: networks side by side. Logits of scale 0: the same. No role weights: a shared bottom. One level of PLE: CGC."""
    batch = random_batch(33, 6)

    def logits(config, values=None, tasks=TASKS):
        plan = plan_of(config, tasks)
        held = initial_values(plan, 0, np.float64)
        for name, view in held.items():
            if values is not None:
                view[...] = values.get(name, 0)
        return make_executor(backend, plan, np.float64).logits(held, batch), dict(held.items())

    apart = tuple(dataclasses.replace(task, given=None) for task in TASKS)
    plain, values = logits(small("esmm", "none"))
    np.testing.assert_array_equal(logits(small("aitm", "none"), values, apart)[0], plain)
    renamed = {re.sub(r"^(network\.\w+\.\d)", r"\1.0", name): view for name, view in values.items()}
    np.testing.assert_array_equal(logits(small("pepnet", "full"), renamed)[0], plain)
    bottom, values = logits(small("shared_bottom", "none"))
    np.testing.assert_allclose(logits(small("role_towers", "full"), values)[0], bottom, rtol=1e-12)
    one, values = logits(small("ple", "full", levels=1))
    np.testing.assert_array_equal(logits(small("cgc", "full", levels=3), values)[0], one)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("architecture", GATED)
def test_identities_of_gates_that_choose(architecture, backend):
    """All experts chosen: the plan of the full softmax. One: a weight of 1 for the expert of the largest logit, at any temperature."""
    full = plan_of(choosing(architecture, None))
    if architecture != "ple":  # whose shared gate sees more experts than the others
        assert str(plan_of(choosing(architecture, 4 if architecture == "cgc" else 3))) == str(full)
    plan, batch = plan_of(choosing(architecture, 1)), random_batch(9, 4)
    values = randomise(initial_values(plan, 0, np.float64))
    executor, names = make_executor(backend, plan, np.float64), tuple(name for name in plan.outputs if "gates" in name)
    hard = executor.outputs(values, batch, names)
    soft = make_executor(backend, full, np.float64).outputs(values, batch, names[:1])[names[0]]
    first = soft.reshape(9, -1, 3 if names == ("gates",) else 4)
    np.testing.assert_array_equal(hard[names[0]].reshape(first.shape), np.eye(first.shape[2])[first.argmax(axis=2)])
    for gates in hard.values():
        assert set(np.unique(gates)) == {0, 1}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("role", ("bias", "full"))
def test_unknown_role_gets_the_shared_gate(backend, role):
    plan = plan_of(small(role=role, role_in_x=False))
    values = randomise(initial_values(plan, 0, np.float64))
    batch = random_batch(33, 2)
    batch.ids[:, 0] = 0
    executor = make_executor(backend, plan, np.float64)
    known = executor.logits(values, dataclasses.replace(batch, ids=np.where(np.arange(4) == 0, 2, batch.ids).astype(np.int32)))
    unknown = executor.logits(values, batch)
    for name in ("gate.role_bias", "gate.role_weight"):
        if name in plan.parameters:
            values[name][...] = 0
    np.testing.assert_array_equal(unknown, executor.logits(values, batch))
    assert np.abs(known - unknown).max() > 1e-3

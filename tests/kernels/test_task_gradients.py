"""The gradient of each task, which parameters tasks share, and rules that weigh tasks: against numbers worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from random_rows import random_batch, randomise
from small_plans import ARCHITECTURES, BACKENDS, ENTIRE, TASKS, assert_close_gradients, plan_of, small

from minirank.config.model import TaskConfig
from minirank.kernels.adam import Adam
from minirank.kernels.executor import Gradients, make_executor
from minirank.kernels.gradcheck import projection_error
from minirank.kernels.parameters import TrainState, initial_values
from minirank.kernels.task_gradients import SharedParameters, cosines, task_gradients
from minirank.kernels.task_rules import dwa, gradnorm, pcgrad


def values_of(plan, seed=0):
    return randomise(initial_values(plan, seed, np.float64), seed)


def test_the_gradient_of_a_task_is_that_of_its_losses():
    plan = plan_of(small(role="bias"), ENTIRE)
    values, batch, executor = values_of(plan), random_batch(17), make_executor("reference", plan)
    found = task_gradients(executor, values, batch, SharedParameters(plan)).parts
    weight = np.exp(-values["task.log_variance"])
    for name in ("expert.0.1.weight", "tower.ctr.out.weight", "gate.role_bias"):
        parameter = plan.parameters[name]
        for task in range(3):

            def loss(task=task):
                losses = executor.gradients(values, batch).losses
                return weight[task] * sum(loss for op, loss in zip(plan.losses, losses) if op.attributes["task"] == task)

            gradient = found[task].dense[parameter.offset : parameter.offset + parameter.size].reshape(parameter.shape)
            errors = [projection_error(loss, gradient, values[name], 1.0, task, eps) for eps in (1e-5, 2e-6, 4e-7)]
            assert min(errors) < 1e-6, (name, task)


@pytest.mark.parametrize("backend", BACKENDS)
def test_gains_weigh_the_gradients_and_leave_the_losses(backend):
    """Tasks by themselves add up to what gains make of all; the objective's part (penalties, learned weights) comes once."""
    plan = plan_of(small())
    values, batch, executor = values_of(plan), random_batch(33), make_executor(backend, plan, np.float64)
    parts = task_gradients(executor, values, batch, SharedParameters(plan))
    plain, rows = (executor.gradients(values, batch, objective=objective) for objective in (True, False))
    weighed = executor.gradients(values, replace(batch, gains=(0.5, 2.0, 3.0)))
    assert weighed.total == parts.total == plain.total and (weighed.losses == plain.losses).all() and (parts.losses == plain.losses).all()
    assert_close_gradients(parts.combined(np.ones((2, 3))), rows, rtol=1e-8, atol=1e-12)
    expected = parts.combined(np.tile([0.5, 2.0, 3.0], (2, 1)))
    expected.dense[:] += plain.dense - rows.dense
    assert_close_gradients(weighed, expected, rtol=1e-8, atol=1e-12)
    assert np.abs(plain.dense - rows.dense).max() > 1e-3
    with pytest.raises(ValueError, match="gains must be 3 numbers, or none, got 2"):
        executor.gradients(values, replace(batch, gains=(1.0, 2.0)))


@pytest.mark.parametrize("clip", (0.0, 0.2))
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_step_along_a_given_gradient(backend, clip):
    """Along the gradient of the batch it is the step that the executor takes."""
    plan = plan_of(small(task_weights="fixed"))
    states = [TrainState(values_of(plan)) for _ in range(2)]
    executor, adam = make_executor(backend, plan, np.float64), Adam(1e-2, weight_decay=0.1, clip_norm=clip)
    for seed in range(3):
        batch = random_batch(33, seed)
        executor.step(states[0], batch, adam)
        executor.apply(states[1], executor.gradients(states[1].values, batch, objective=False), adam)
    assert states[1].step == 3 and states[1].norm == pytest.approx(states[0].norm, rel=1e-9) and (states[0].norm > clip) == (clip > 0)
    for ours, theirs in ((states[1].values, states[0].values), (states[1].v, states[0].v)):
        np.testing.assert_allclose(ours.dense, theirs.dense, rtol=1e-7, atol=1e-10)
        np.testing.assert_allclose(ours.tables, theirs.tables, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("members", (1, 2))
@pytest.mark.parametrize("architecture, role", ARCHITECTURES)
def test_shared_is_what_more_than_one_task_has_a_gradient_for(architecture, role, members):
    plan = plan_of(small(architecture, role, members=members), ENTIRE if architecture == "esmm" else TASKS)
    shared = SharedParameters(plan)
    parts = task_gradients(make_executor("reference", plan), values_of(plan), random_batch(200, 1), shared).parts
    several = sum((part.dense != 0).astype(int) for part in parts) > 1
    here = shared.dense < shared.networks
    assert not several[~here].any() and several[here].sum() >= 0.8 * here.sum()  # some ReLUs are never on
    for name, places in shared.tables.items():
        rows = sum(part.tables[name][1].any(axis=0).astype(int) for part in parts) > 1
        assert ((places < shared.networks) == rows).all(), name
    assert shared.networks == (0 if architecture == "single_task" else members)


def test_what_tasks_share_in_words():
    """Gates lie in one matrix, a column block for each task; a conversion over all rows goes through the click's tower."""
    plan = plan_of(small("mmoe", "full", members=2))
    shared = SharedParameters(plan)

    def networks(name):
        parameter = plan.parameters[name]
        return set(shared.dense[parameter.offset : parameter.offset + parameter.size])

    assert networks("member0.expert.0.0.weight") == {0} and networks("member1.expert.0.0.weight") == {1}
    for own in ("member0.gate.weight", "member1.gate.role_weight", "member0.tower.ctr.0.weight", "task.log_variance", "members.weight"):
        assert networks(own) == {2}, own
    assert {name: set(places) for name, places in shared.tables.items()} == {
        f"member{k}.embedding.{name}": {k} for k in range(2) for name in ("role", "title", "seniority", "skills", "words")
    }
    plan = plan_of(small("esmm", "none"), ENTIRE)
    shared = SharedParameters(plan)
    assert networks("tower.ctr.0.weight") == {0} and networks("tower.cvr.0.weight") == {1}


def two_tasks(labels):
    """(plan, values, batch) of two tasks over one network, with the same tower, whose logits are 0 whatever the rows are."""
    tasks = tuple(TaskConfig(name) for name in ("ctr", "cvr", "relevance"))
    plan = plan_of(small("shared_bottom", "none", task_weights="fixed", tower_hidden=(), position_bias=None), tasks)
    values = values_of(plan)
    values["bottom.1.weight"][:, 1], values["bottom.1.bias"][1] = values["bottom.1.weight"][:, 0], values["bottom.1.bias"][0]
    for task in tasks:
        values[f"tower.{task.name}.out.weight"][:, 0] = 1, -1, 0, 0, 0
        values[f"tower.{task.name}.out.bias"][:] = 0
    batch = random_batch(40)
    return plan, values, replace(batch, labels=np.stack(labels, 1).astype(np.float32), weights=np.ones_like(batch.weights))


@pytest.mark.parametrize("backend", BACKENDS)
def test_cosines(backend):
    """Identical tasks 1, opposite labels -1, a task without labels has none."""
    y = np.arange(40) % 3 == 0
    plan, values, batch = two_tasks([y, y, 1 - y])
    executor, shared = make_executor(backend, plan, np.float64), SharedParameters(plan)
    found = cosines(task_gradients(executor, values, batch, shared).products())
    np.testing.assert_allclose(found, [[1, 1, -1], [1, 1, -1], [-1, -1, 1]], rtol=1e-12)
    masked = replace(batch, labels=np.stack([y, np.full(40, np.nan), y], 1).astype(np.float32))
    found = cosines(task_gradients(executor, values, masked, shared).products())
    np.testing.assert_allclose(found, [[1, np.nan, 1], [np.nan] * 3, [1, np.nan, 1]], rtol=1e-12)


def test_dwa_by_hand():
    """r = (1, 1/2): 2 exp(.5) / (exp(.5) + exp(.25)) = 1.124353; without a loss r is 1."""
    np.testing.assert_allclose(dwa(np.array([1.0, 0.5]), np.ones(2)), [1.124353, 0.875647], rtol=1e-6)
    np.testing.assert_allclose(dwa(np.array([0.3, 0.3, 0.6]), np.array([0.6, 0.6, 0.6])), 3 * np.array([0.3045, 0.3045, 0.3910]), rtol=1e-3)
    np.testing.assert_allclose(dwa(np.array([2.0, 0.0]), np.array([2.0, 1.0])), [1, 1])


def descend(scales, first, steps=2000):
    """Weights of tasks with losses a_t / 2 x^2 at x = 0.7, whose gradients are a_t x."""
    weights, x = np.ones(len(scales)), 0.7
    for _ in range(steps):
        weights = gradnorm(weights, scales * x, scales / 2 * x * x, first)
    return weights


def test_gradnorm_rests_where_quadratic_tasks_pull_alike():
    """w_t a_t x the same for all: w = T (1 / a) / sum(1 / a); a task that has come less far pulls harder, by r^1.5."""
    scales = np.array([1.0, 10.0])
    np.testing.assert_allclose(descend(scales, scales / 2), [20 / 11, 2 / 11], rtol=0.05)  # within two steps of 0.025
    scales = np.array([3.0, 0.02, 0.5])
    np.testing.assert_allclose(descend(scales, scales), 3 / scales / (1 / scales).sum(), rtol=0.05)
    found = descend(np.ones(2), 0.245 / np.array([0.75, 0.25]))  # L / L(0) = (3/4, 1/4): r = (3/2, 1/2), c = (1.837, 0.354) with n = w
    np.testing.assert_allclose(found, [1.5**1.5, 2 - 1.5**1.5], atol=0.05)  # the slow task meets its goal, the other gets what is left


def test_gradnorm_at_rest_and_without_a_task():
    at_rest = np.array([1.6, 0.4])
    np.testing.assert_array_equal(gradnorm(at_rest, np.array([1.0, 4.0]), np.ones(2), np.ones(2)), at_rest)
    np.testing.assert_array_equal(gradnorm(np.array([1.5, 0.5]), np.array([2.0, 0.0]), np.array([1.0, 0.0]), np.ones(2)), [1.5, 0.5])


def test_pcgrad_by_hand():
    """g_1 = (1, 0) and g_2 = (-1, 1) give (1/2, 3/2); without a conflict a = 1."""
    order = np.array([[0, 1], [0, 1]])
    vectors = np.array([[1.0, 0.0], [-1.0, 1.0]])
    np.testing.assert_allclose(pcgrad(vectors @ vectors.T, order), [2, 1.5])
    np.testing.assert_allclose(pcgrad(vectors @ vectors.T, order) @ vectors, [0.5, 1.5])
    np.testing.assert_array_equal(pcgrad(np.array([[1.0, 0.2], [0.2, 1.0]]), order), [1, 1])
    np.testing.assert_array_equal(pcgrad(np.zeros((2, 2)), order), [1, 1])


def test_pcgrad_is_the_published_procedure():
    """Vectors, projected one after the other."""
    draw = np.random.default_rng(0)
    for count in (2, 3, 5):
        vectors, orders = draw.normal(size=(count, 4)), np.array([draw.permutation(count) for _ in range(count)])
        total = np.zeros(4)
        for task, order in enumerate(orders):
            own = vectors[task].copy()
            for other in order[order != task]:
                own -= min(own @ vectors[other], 0) / (vectors[other] @ vectors[other]) * vectors[other]
            total += own
        np.testing.assert_allclose(pcgrad(vectors @ vectors.T, orders) @ vectors, total, rtol=1e-10)


def test_a_combination_treats_shared_parameters_apart():
    plan = plan_of(small("shared_bottom", "none", task_weights="fixed"))
    found = task_gradients(make_executor("reference", plan), values_of(plan), random_batch(20), SharedParameters(plan))
    combined = found.combined(np.array([[2.0, 3.0, 4.0], [1.0, 1.0, 1.0]]))
    assert isinstance(combined, Gradients)
    for name, factors in (("bottom.0.weight", (2, 3, 4)), ("tower.cvr.0.weight", (1, 1, 1))):
        p = plan.parameters[name]
        expected = sum(factor * part.dense[p.offset : p.offset + p.size] for factor, part in zip(factors, found.parts))
        np.testing.assert_allclose(combined.dense[p.offset : p.offset + p.size], expected)
    rows = sum(factor * part.tables["embedding.title"][1] for factor, part in zip((2, 3, 4), found.parts))
    np.testing.assert_allclose(combined.tables["embedding.title"][1], rows)

"""Plans built by hand: what a builder refuses, and shapes that no configuration compiles to."""

import numpy as np
import pytest
from random_rows import SPEC, random_batch, randomise
from small_plans import BACKENDS, assert_close_gradients, finish, inputs, layer, plan_with

from minirank.kernels.executor import make_executor
from minirank.kernels.parameters import initial_values
from minirank.kernels.plan import PlanBuilder


def test_a_plan_counts_its_operations_and_an_embedding_needs_a_gradient():
    assert plan_with("dense_by_id").flops() - plan_with("bias_by_id").flops() == 2 * 11 * 6
    build = PlanBuilder(SPEC)
    with pytest.raises(ValueError, match="a gather needs a gradient for all its columns, but x has one for 2"):
        build.add("gather", build.block("x", 4, 2), (), (build.parameter("t", (50, 4), "embedding", table=True),), field=2)


@pytest.mark.parametrize("threads", (1, 2))
def test_a_mixture_may_list_an_expert_twice_and_a_layer_read_a_part(threads):
    build = PlanBuilder(SPEC)
    x, gates, m, logits = inputs(build), build.block("gates", 3), build.block("m", 5), build.block("logits", 3)
    h = layer(build, "h", x.columns(2, 7), 5, relu=1)
    build.add("softmax", gates, (layer(build, "z", x, 3),), experts=3, temperature=1.0)
    build.add("mixture", m, (gates, h, layer(build, "k", h, 5), h))
    for task in range(3):
        layer(build, f"out{task}", m.columns(task, 2), 1, out=logits.columns(task, 1))
        build.add("bce", None, (logits.columns(task, 1),), task=task, factor=1.0)
    plan, batch = finish(build, logits), random_batch(33, 1)
    values = randomise(initial_values(plan, 0, np.float64))
    expected, found = (make_executor(name, plan, np.float64, threads=threads).gradients(values, batch) for name in BACKENDS)
    assert_close_gradients(found, expected)


def test_what_an_id_adds_to_an_input_is_not_shared():
    build = PlanBuilder(SPEC)
    x, logits = build.block("x", 4), build.block("logits", 3)
    build.add("gather", x, (), (build.parameter("table", (7, 4), "embedding", table=True),), field=3)
    build.add("bias_by_id", x, (), (build.parameter("by_id", (4, 4), "zero"),), field=0)
    layer(build, "out", x, 3, out=logits)
    plan, batch = finish(build, logits), random_batch(33, 1)
    batch.ids[:, 3] = 2
    values = randomise(initial_values(plan, 0, np.float64))
    expected, found = (make_executor(name, plan, np.float64) for name in BACKENDS)
    np.testing.assert_allclose(found.logits(values, batch, ("seniority",)), expected.logits(values, batch), rtol=1e-10)


def test_a_relu_and_a_mixture_work_on_whole_blocks():
    build = PlanBuilder(SPEC)
    x, y, g = build.block("x", 3), build.block("y", 2), build.block("g", 2)
    weights = build.parameter("w", (3, 1), "he"), build.parameter("b", (1,), "zero")
    build.add("dense", y.columns(0, 1), (x,), weights, relu=0)
    for refused in (
        lambda: build.add("dense", y.columns(0, 1), (x,), weights, relu=1),
        lambda: build.add("mixture", y.columns(0, 1), (g, x.columns(0, 1), x.columns(1, 1))),
        lambda: build.add("mixture", build.block("m", 1), (g, x.columns(0, 1), x.columns(1, 1))),
    ):
        with pytest.raises(ValueError, match="whole blocks, but .* is a part of one"):
            refused()


def test_a_plan_without_more_words_predicts_independent_probabilities():
    build = PlanBuilder(SPEC)
    plan = build.build(layer(build, "logits", inputs(build), len(SPEC.tasks)))
    assert plan.given == (-1,) * len(SPEC.tasks) and plan.links == ("sigmoid",) * len(SPEC.tasks) and plan.log_variance is None
    batch, values = random_batch(7, 1), initial_values(plan, 0, np.float64)
    expected, found = (make_executor(name, plan, np.float64).logits(values, batch) for name in BACKENDS)
    np.testing.assert_allclose(found, expected, rtol=1e-10)

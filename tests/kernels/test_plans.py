"""Whole plans, on both executors: gradients, independent versions, identities, determinism, refusals."""

import dataclasses
import re

import independent
import numpy as np
import pytest
from case_table import cases
from random_rows import SPEC, random_batch, randomise
from small_plans import ARCHITECTURES, BACKENDS, CHOOSING, ENTIRE, TASKS, assert_close_gradients, choosing, one_task, plan_of, small

from minirank.config.model import GateConfig, TaskConfig
from minirank.errors import ConfigError
from minirank.kernels.adam import Adam
from minirank.kernels.executor import make_executor, probabilities
from minirank.kernels.gradcheck import projection_error
from minirank.kernels.ops import KINDS
from minirank.kernels.parameters import TrainState, initial_values
from minirank.kernels.reference import PassState
from minirank.model.architectures import ARCHITECTURES as BUILT
from minirank.model.architectures import compile_plan

WIDTHS = (1e-5, 2e-6, 4e-7)  # NOTE: a kink between the two calls of a difference spoils one of them; a wrong gradient spoils all


def test_architectures_with_gates_are_those_that_an_mlp_of_the_role_may_steer():
    for name, one in BUILT.items():
        assert any("gates" in slot for slot in plan_of(small(name, role="none")).outputs) == ("mlp" in one.roles)


def arena_gradient(gradients, values):
    """The gradient in the shape of `values`, sparse tables written out."""
    out = values.copy()
    out.dense[:], out.tables[:] = gradients.dense, 0
    for name, (ids, rows) in gradients.tables.items():
        out[name][ids] = rows
    return out


@pytest.mark.parametrize(
    "architecture, role, seed",
    [(*each, 0) for each in ARCHITECTURES] + [("mmoe", "full", 1), ("mmoe", "full", 2), ("esmm", "none", 1), ("esmm", "none", 2)],
)
def test_gradient_of_every_parameter(architecture, role, seed):
    plan = plan_of(small(architecture, role), ENTIRE if architecture == "esmm" else TASKS)
    batch = random_batch(17, seed)
    values = randomise(initial_values(plan, seed, np.float64), seed)
    executor = make_executor("reference", plan, np.float64)
    gradient = arena_gradient(executor.gradients(values, batch), values)
    for name, view in values.items():

        def error(eps):
            return projection_error(lambda: executor.gradients(values, batch).total, gradient[name], view, 1.0, seed, eps)

        assert any(error(eps) < 1e-6 for eps in WIDTHS), f"{name}: {error(1e-5)}"


@pytest.mark.parametrize("rows", (1, 7, 33, 300))
@pytest.mark.parametrize("architecture, role", ARCHITECTURES)
def test_cpu_equals_reference(architecture, role, rows):
    plan = plan_of(small(architecture, role), ENTIRE if architecture == "esmm" else TASKS)
    batch = random_batch(rows, seed=rows)
    values = randomise(initial_values(plan, 3, np.float64))
    expected = make_executor("reference", plan, np.float64).gradients(values, batch)
    for dtype, tolerance in ((np.float64, 1e-12), (np.float32, 2e-5)):
        found = make_executor("cpu", plan, dtype, threads=2).gradients(values.copy(dtype), batch)
        assert found.total == pytest.approx(expected.total, rel=tolerance)
        np.testing.assert_allclose(found.losses, expected.losses, rtol=1e-4 if dtype == np.float32 else 1e-10, atol=1e-12)
        assert np.linalg.norm(found.dense - expected.dense) <= tolerance * np.linalg.norm(expected.dense)
        assert found.tables.keys() == expected.tables.keys()
        for name, (ids, rows_found) in found.tables.items():
            np.testing.assert_array_equal(ids, expected.tables[name][0])
            assert np.linalg.norm(rows_found - expected.tables[name][1]) <= tolerance * max(np.linalg.norm(expected.tables[name][1]), 1e-3)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("architecture, role", ARCHITECTURES)
def test_logits_equal_an_independent_version(architecture, role, backend):
    config = small(architecture, role, levels=2)
    plan = plan_of(config)
    batch = random_batch(7, seed=5)
    values = randomise(initial_values(plan, 1, np.float64))
    found = make_executor(backend, plan, np.float64).logits(values, batch)
    np.testing.assert_allclose(found, independent.logits(config, dict(values.items()), batch, SPEC), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("architecture, top_k", CHOOSING)
def test_gates_that_choose(architecture, top_k, backend):
    """Predictions are those of an independent version; in training, where experts are lost as well, gradients those of the reference."""
    config = choosing(architecture, top_k, expert_dropout=0.3)
    plan, batch = plan_of(config), dataclasses.replace(random_batch(9, seed=5), key=2**40 + 7)
    values = randomise(initial_values(plan, 1, np.float64))
    executor, reference = (make_executor(name, plan, np.float64) for name in (backend, "reference"))
    expected = independent.logits(config, dict(values.items()), batch, SPEC)
    np.testing.assert_allclose(executor.logits(values, batch), expected, rtol=1e-9, atol=1e-12)
    found = reference.gradients(values, batch)
    assert_close_gradients(executor.gradients(values, batch), found, rtol=1e-7, atol=1e-12)
    gradient = arena_gradient(found, values)
    for view, of_view in ((values.dense, gradient.dense), (values.tables, gradient.tables)):
        total = lambda: reference.gradients(values, batch).total  # noqa: E731
        assert any(projection_error(total, of_view, view, 1.0, 0, eps) < 1e-6 for eps in WIDTHS)
    gates = [name for name in plan.parameters if "gate" in name and "role" not in name]
    assert len(gates) > 1
    assert any(gradient[name].any() for name in gates) == (top_k > 1)  # a hard gate cannot be moved


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("weights", ("fixed", "uncertainty"))
def test_balanced_gates(weights, backend):
    """What balance adds to the total of a whole plan is CV^2 of the gates' mean weights, whatever the task weights; its gradients agree."""
    found = {}
    batch = random_batch(9, seed=5)
    for factor in (0.0, 0.7):
        gate = GateConfig("bias", balance=factor, top_k=2, expert_dropout=0.3)
        plan = plan_of(small("ple" if weights == "fixed" else "mmoe", gate=gate, task_weights=weights))
        values = randomise(initial_values(plan, 1, np.float64))
        found[factor] = make_executor(backend, plan, np.float64, threads=2).gradients(values, batch)
    reference = make_executor("reference", plan, np.float64)
    assert_close_gradients(found[0.7], reference.gradients(values, batch), rtol=1e-7, atol=1e-12)
    total = lambda: reference.gradients(values, batch).total  # noqa: E731
    gradient = reference.gradients(values, batch).dense
    assert any(projection_error(total, gradient, values.dense, 1.0, 0, eps) < 1e-6 for eps in WIDTHS)
    state = PassState(plan, values, batch)
    for op in plan.operations:
        KINDS[op.kind].forward(op, state)
    gates = [state.value(op.inputs[0]).reshape(9, -1, op.attributes["experts"]) for op in plan.losses if op.kind == "balance"]
    assert len(gates) == (7 if weights == "fixed" else 1)  # two levels of three tasks, and the shared gate
    shares = [shares for each in gates for shares in each.mean(axis=0)]
    expected = 0.7 * sum(shares.var() / shares.mean() ** 2 for shares in shares)
    assert found[0.7].total - found[0.0].total == pytest.approx(expected, rel=1e-4)
    assert plan.loss_names[-1] == "gates.balance" and "cvr.bce" in plan.loss_names


@pytest.mark.parametrize("clip", (0.0, 0.2))
@pytest.mark.parametrize("backend", BACKENDS)
def test_training_steps_agree(backend, clip):
    plan = plan_of(small())
    batches = [random_batch(64, seed) for seed in range(3)]
    states = {}
    for name in ("reference", backend):
        states[name] = TrainState(randomise(initial_values(plan, 0, np.float64)))
        executor = make_executor(name, plan, np.float64, threads=2)
        for batch in batches:
            executor.step(states[name], batch, Adam(1e-2, weight_decay=0.1, clip_norm=clip))
            assert not clip or states[name].norm > 2 * clip
    assert states[backend].norm == pytest.approx(states["reference"].norm, rel=1e-5)
    for name, view in states[backend].values.items():
        np.testing.assert_allclose(view, states["reference"].values[name], rtol=1e-7, atol=1e-9, err_msg=name)


def test_joint_probability_is_never_above_its_first():
    plan = plan_of(small())
    logits = make_executor("cpu", plan, np.float32).logits(initial_values(plan, 0), random_batch(300))
    p = probabilities(plan, logits * 30)
    assert (p[:, 0] * p[:, 1] <= p[:, 0]).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_hostile_rows(backend):
    """A task without labels, huge features, repeated ids, empty bags: finite, and no gradient from the masked task."""
    plan = plan_of(small())
    batch = random_batch(33, 1, masked=("cvr",))
    batch = dataclasses.replace(batch, dense=batch.dense * np.float32(1e4), ids=np.ones_like(batch.ids))
    values = randomise(initial_values(plan, 0, np.float64))
    found = make_executor(backend, plan, np.float64).gradients(values, batch)
    assert np.isfinite(found.total) and np.isfinite(found.dense).all()
    tower = plan.parameters["tower.cvr.out.weight"]
    assert not found.dense[tower.offset : tower.offset + tower.size].any()


@pytest.mark.parametrize("backend", BACKENDS)
def test_penalty_counts_once_a_data_set(backend):
    """The gradient of the penalty is lambda / N w, by hand, whatever the size of the batch."""
    rows = random_batch(200, seed=9)
    for size in (7, 33):
        found = []
        for penalty in (0.0, 50.0):
            plan = plan_of(small(role="bias", gate=GateConfig("bias", penalty=penalty)), rows=rows)
            values = randomise(initial_values(plan, 0, np.float64))
            p = plan.parameters["gate.role_bias"]
            dense = make_executor(backend, plan, np.float64).gradients(values, random_batch(size)).dense
            found.append(dense[p.offset : p.offset + p.size])
        np.testing.assert_allclose(found[1] - found[0], 50.0 / 200 * values["gate.role_bias"].ravel(), rtol=1e-9)


def test_masked_mean_divides_by_the_rate_of_the_training_rows():
    rows = random_batch(200, seed=9)
    plan = plan_of(small(task_weights="fixed"), rows=rows)
    there = ~np.isnan(rows.labels[:, 1])
    rate = float(rows.weights[there, 1].sum(dtype=float) / 200)
    factor = [op.attributes["factor"] for op in plan.losses if op.kind == "bce" and op.attributes["task"] == 1]
    assert factor == [pytest.approx(1 / rate, rel=1e-6)]


def test_any_number_of_tasks_and_no_role():
    spec, batch = one_task()
    for loss, link in (("bce", "sigmoid"), ("mse", "identity")):
        plan = compile_plan(small("mmoe", "none"), (TaskConfig("income", {loss: 1.0}),), spec, batch)
        values = randomise(initial_values(plan, 0, np.float64))
        expected, found = (make_executor(b, plan, np.float64).gradients(values, batch) for b in BACKENDS)
        np.testing.assert_allclose(found.dense, expected.dense, rtol=1e-9, atol=1e-14)
        assert plan.links == (link,)


def test_plan_prints_every_operation():
    plan = plan_of(small())
    text = str(plan)
    assert all(op.kind in text for op in plan.operations)
    assert "gate.role_weight 4x18x9 @ d" in text and f"{plan.size(False):,} dense parameters" in text


@cases("""
    changes= | words
    {"architecture": "shared_bottom"} | has no gates
    {"role_field": "rank"} | model.role_field: no categorical field 'rank'; there are role, position, title
    {"role": "none", "role_field": "rol"} | model.role_field: no categorical field 'rol'; did you mean role?
    {"position_field": "positon"} | model.position_field: no categorical field 'positon'; did you mean position?
    {"position_bias": "ctrr"} | model.position_bias: no task 'ctrr'; did you mean ctr?
    {"role_field": "position"} | model.role_field is the position field 'position'
    {"role_field": "position", "position_field": None} | model.role_field is the position field
    {"role_field": "title", "position_field": "title"} | model.role_field is the position field 'title'
    {"gate": {"role": "full", "top_k": 4}} | model.gate.top_k must be at most 3, the experts that a gate sees, got 4
    {"architecture": "cgc", "gate": {"top_k": 5}} | model.gate.top_k must be at most 4, the experts that a gate sees, got 5
    {"architecture": "pepnet", "gate": {"expert_dropout": 0.1}} | model.gate.expert_dropout: pepnet has no gates over experts; leave it out
    {"experts": 0} | model.experts must be above 0
    {"members": 0} | model.members must be above 0
    {"members_share": True} | model.members_share needs members; set model.members: 8, or model.members_share: false
    {"experts": 100000000000000000000} | the model has more than 10000 layers; lower model.members, experts
    {"architecture": "ple", "levels": 200, "task_experts": 200} | the model has more than 10000 layers; lower model.members
    {"embedding": 1048577} | model.embedding must be at most 1048576, got 1048577
    {"expert_hidden": [4, 2000000]} | model.expert_hidden must be at most 1048576, got 2000000
    {"expert_hidden": ()} | at least one layer
    {"role_unknown_share": 1.0} | must lie in [0, 1)
""")
def test_a_model_that_does_not_fit_is_refused(changes, words):
    changes = changes | ({"gate": GateConfig(**changes["gate"])} if "gate" in changes else {})
    with pytest.raises(ConfigError, match=re.escape(words)):
        plan_of(small(**changes))


@cases("""
    changes= | words
    {"cvr": {"loss": {"entire": 1.0}}} | no `given`
    {"cvr": {"loss": {}}} | has no loss
    {"cvr": {"given": "sale"}} | is given 'sale'
    {"ctr": {"given": "cvr"}} | in a circle (ctr given cvr given ctr)
    {"ctr": {"given": "cvr"}, "cvr": {"given": "relevance"}, "relevance": {"given": "cvr"}} | in a circle (cvr given relevance given cvr)
""")
def test_tasks_that_do_not_fit_are_refused(changes, words):
    tasks = tuple(TaskConfig(task.name, **changes[task.name]) if task.name in changes else task for task in TASKS)
    with pytest.raises(ConfigError, match=re.escape(words)):
        plan_of(small(), tasks)


def test_tasks_are_those_of_the_data():
    with pytest.raises(ConfigError, match="the data have the labels"):
        plan_of(small(), TASKS[:2])


@pytest.mark.parametrize("architecture, role", ARCHITECTURES)
@pytest.mark.parametrize("position_field", ("position", None, "title"))
def test_a_position_never_enters_the_input_vector(architecture, role, position_field):
    plan = plan_of(small(architecture, role, position_field=position_field))
    assert not [name for name in plan.parameters if name.endswith("embedding.position")]
    if position_field is None:
        values, batch = randomise(initial_values(plan, 0, np.float64)), random_batch(33)
        executor = make_executor("reference", plan, np.float64)
        logits = executor.logits(values, batch)
        batch.ids[:, 1] = 7
        np.testing.assert_array_equal(executor.logits(values, batch), logits)


def test_the_role_steers_the_gates_where_the_data_have_some_roles():
    def steered(architecture="mmoe", roles=4):
        spec = dataclasses.replace(SPEC, categorical=(("role", roles + 1), *SPEC.categorical[1:]))
        return "gate.role_weight" in plan_of(small(architecture, None), spec=spec).parameters

    assert SPEC.categorical[0][0] == "role"
    assert steered() and steered("omoe") and steered(roles=2) and steered(roles=32)
    assert not (steered(roles=1) or steered(roles=33) or steered("shared_bottom"))
    plan = compile_plan(small("mmoe", None), (TaskConfig("income"),), *one_task())  # there is no role
    assert not any(op.kind == "dense_by_id" for op in plan.operations)


def test_the_default_fields_may_be_missing():
    plan = compile_plan(small("mmoe", "none"), (TaskConfig("income"),), *one_task())
    assert "position_bias" not in plan.parameters and "embedding.a" in plan.parameters


def test_the_only_task_that_is_given_another_is_refused():
    rows = random_batch(50)
    rows = dataclasses.replace(rows, labels=rows.labels[:, 1:2], weights=rows.weights[:, 1:2])
    spec = dataclasses.replace(SPEC, tasks=("cvr",))
    for given in ("ctr", "cvr"):
        with pytest.raises(ConfigError, match=f"task cvr is given '{given}'; there is no other task; "):
            compile_plan(small(), (TaskConfig("cvr", given=given),), spec, rows)


def test_a_task_without_any_label_is_refused():
    with pytest.raises(ConfigError, match="task cvr: no training row has a label"):
        plan_of(small(), rows=random_batch(50, masked=("cvr",)))


OUT_OF_BOUNDS = [
    (lambda b: dataclasses.replace(b, ids=b.ids + 4), "ids of role must lie in 0..4"),
    (lambda b: dataclasses.replace(b, dense=b.dense[:, :2]), r"dense must be \(33, 3\)"),
    (lambda b: dataclasses.replace(b, bags=b.bags[:1]), "bags must be 2"),
    (lambda b: dataclasses.replace(b, bags=(dataclasses.replace(b.bags[0], ids=b.bags[0].ids + 30), b.bags[1])), "ids of bag skills"),
    (lambda b: b.take(np.zeros(0, int)), "at least one row"),
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("change, words", OUT_OF_BOUNDS)
def test_a_batch_out_of_bounds_is_refused(backend, change, words):
    plan = plan_of(small())
    with pytest.raises(ValueError, match=words):
        make_executor(backend, plan, np.float64).gradients(initial_values(plan, 0, np.float64), change(random_batch(33)))


# --- ensembles -------------------------------------------------------------------------------------


def member_of(values, number, plan):
    """The parameters of one member as those of a plan of one network."""
    own = initial_values(plan, 0, np.float64)
    for name, view in own.items():
        view[...] = values[name if name == "task.log_variance" else f"member{number}.{name}"]
    return own


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("architecture, role", [("mmoe", "full"), ("single_task", "none"), ("ple", "bias")])
def test_an_ensemble_is_its_members_side_by_side(architecture, role, backend):
    single, plan = plan_of(small(architecture, role)), plan_of(small(architecture, role, members=4))
    batch = random_batch(33, seed=2)
    values = initial_values(plan, 5, np.float64)
    kept = {name: values[f"members.{name}"].copy() for name in ("weight", "bias")}
    randomise(values)
    values["members.bias"][:] = 0
    executor, alone = make_executor(backend, plan, np.float64), make_executor(backend, single, np.float64)
    members = [member_of(values, number, single) for number in range(4)]
    logits = [alone.logits(member, batch) for member in members]
    assert np.abs(logits[0] - logits[1]).max() > 0.01
    np.testing.assert_allclose(executor.logits(values, batch), np.mean(logits, axis=0), rtol=1e-9)
    assert not plan.outputs
    found, each = executor.gradients(values, batch), [alone.gradients(member, batch) for member in members]
    assert found.total == pytest.approx(np.mean([one.total for one in each]))
    arena = arena_gradient(found, values)
    for number, one in enumerate(each):
        of_member = arena_gradient(one, members[number])
        for name, view in of_member.items():
            if name != "task.log_variance":
                np.testing.assert_allclose(4 * arena[f"member{number}.{name}"], view, rtol=1e-7, atol=1e-12)
    state = TrainState(values)
    for _ in range(3):
        executor.step(state, batch, Adam(learning_rate=0.1, weight_decay=0.5))
    for name, before in kept.items():
        np.testing.assert_array_equal(state.values[f"members.{name}"], before)


@pytest.mark.parametrize("backend", BACKENDS)
def test_members_that_share_their_weights_scale_what_reads_x(backend):
    """x diag(r) W = x (diag(r) W): each member is one network whose matrices behind x have scaled rows."""
    single, plan = plan_of(small()), plan_of(small(members=3, members_share=True))
    values, batch = randomise(initial_values(plan, 5, np.float64)), random_batch(33, seed=2)
    values["members.bias"][:] = 0
    assert set(np.unique(values["member1.x.scale"])) == {-1, 1} and plan.size(True) == single.size(True)
    executor, alone, logits = make_executor(backend, plan, np.float64), make_executor(backend, single, np.float64), []
    for number in range(3):
        scale, own = values[f"member{number}.x.scale"], initial_values(single, 0, np.float64)
        for name, view in own.items():
            view[...] = values[f"member{number}.{name}" if name.startswith(("tower", "position")) else name]
            if name in ("gate.weight", "gate.role_weight", *(f"expert.{e}.0.weight" for e in range(3))):
                view *= scale[:, None]
        logits.append(alone.logits(own, batch))
    assert np.abs(logits[0] - logits[1]).max() > 0.01
    np.testing.assert_allclose(executor.logits(values, batch), np.mean(logits, axis=0), rtol=1e-9, atol=1e-12)
    reference = make_executor("reference", plan, np.float64)
    expected = reference.gradients(values, batch)
    assert_close_gradients(executor.gradients(values, batch), expected, rtol=1e-7, atol=1e-12)
    total = lambda: reference.gradients(values, batch).total  # noqa: E731
    assert min(projection_error(total, expected.dense, values.dense, 1.0, 0, width) for width in (1e-5, 2e-6, 4e-7)) < 1e-6

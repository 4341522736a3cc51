"""Trainings whose tasks are weighed by a rule: what a rule does to steps, what is noted, stopped and refused."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from training_world import small_config

from minirank.errors import ConfigError, RunError
from minirank.kernels.parameters import initial_values
from minirank.run.folder import read_metrics
from minirank.run.load_run import load_run
from minirank.training import train, trainer
from minirank.training.checkpoint import Cursor
from minirank.training.prepare import prepare
from minirank.training.weighing import Weighing

RULES = ("dwa", "gradnorm", "pcgrad")
SMALL = (
    "training.task_cosines=true",
    "training.seeds=2",
    "training.epochs=3",
    "training.batch_rows=128",
    "model.dropout=0.2",
    "training.optimiser.clip_norm=0.15",
)


@pytest.mark.parametrize("rule", RULES)
def test_a_training_that_was_stopped_goes_on_byte_for_byte(rule, tmp_path):
    """With members, several seeds, dropout, clipping and an average; what the rule remembers lies in the checkpoint."""
    config = small_config(tmp_path, *SMALL, f"model.task_weights={rule}", "model.members=2", "training.average=0.9", "training.threads=1")
    train(config, tmp_path / "whole")
    for after in (5, 22):
        folder, left = tmp_path / f"stopped{after}", iter(range(after))
        assert not train(config, folder, stop=lambda left=left: next(left, None) is None).finished
        train(replace(config, training=replace(config.training, checkpoint_seconds=1e-9)), folder, resume=True)
        for name in ("model.npz", "metrics.jsonl"):
            assert (folder / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), (name, after)
    lines = read_metrics(tmp_path / "whole")
    assert all(-1 < line["task_cosines"]["ctr"]["cvr"] < 1 for line in lines) and 0 < lines[-1]["clipped"] < 1
    weights = [line.get("task_weights") for line in lines]
    if rule == "pcgrad":
        assert weights == [None] * 6
    else:
        assert all(sum(each.values()) == pytest.approx(2) for each in weights) and weights[2] != weights[5]
        assert (weights[0] == weights[3] == {"ctr": 1, "cvr": 1}) == (rule == "dwa")


@pytest.mark.parametrize("rule", RULES)
def test_the_backends_agree(rule, tmp_path):
    config = small_config(tmp_path, f"model.task_weights={rule}", "training.precision=float64", "training.epochs=3")
    found = {}
    for backend in ("cpu", "reference"):
        threads = 2 if backend == "cpu" else None
        train(replace(config, training=replace(config.training, backend=backend, threads=threads)), tmp_path / backend)
        found[backend] = load_run(tmp_path / backend).values
    np.testing.assert_allclose(found["cpu"].dense, found["reference"].dense, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(found["cpu"].tables, found["reference"].tables, rtol=1e-5, atol=1e-8)
    if rule == "dwa":
        first, second, third = read_metrics(tmp_path / "cpu")
        ratios = [second["losses"][name] / first["losses"][name] for name in ("ctr.bce", "cvr.bce")]
        powers = np.exp(np.array(ratios) / 2)
        np.testing.assert_allclose([*third["task_weights"].values()], 2 * powers / powers.sum(), rtol=1e-9)


def test_pcgrad_without_a_conflict_is_the_plain_step(tmp_path, monkeypatch):
    """Projections that never apply leave a training as it is with fixed weights."""
    config = small_config(tmp_path, "training.backend=reference", "training.precision=float64", "training.epochs=1")
    train(config, tmp_path / "fixed")
    monkeypatch.setattr("minirank.training.weighing.pcgrad", lambda products, orders: np.ones(len(orders)))
    train(replace(config, model=replace(config.model, task_weights="pcgrad")), tmp_path / "run")
    found, expected = load_run(tmp_path / "run").values, load_run(tmp_path / "fixed").values
    np.testing.assert_allclose(found.dense, expected.dense, rtol=1e-6, atol=1e-9)


def test_members_of_an_ensemble_are_projected_each_for_itself(tmp_path):
    """A member gets the step that it would get alone, half as long, for the loss is the mean over two."""
    ready = prepare(small_config(tmp_path, "model.members=2", "training.backend=reference", "training.precision=float64"))
    steps = {}
    for members in (1, 2):
        config = replace(ready.config, model=replace(ready.config.model, members=members, task_weights="pcgrad", dropout=0.0))
        alone = prepare(config)
        weighing = Weighing(config, alone.plan, trainer.executor_of(config, alone.plan))
        values = initial_values(alone.plan, 0, np.float64)
        if members == 2:
            for name, view in values.items():
                view[...] = steps[1][0][name.removeprefix("member1.")] if name.startswith("member1.") else view
        taken = []
        weighing.executor.apply = lambda state, found, adam, taken=taken: taken.append(found)
        state = trainer.TrainState(values)
        weighing.step(state, ready.dataset.rows.take(np.arange(200)), config.training.optimiser, Cursor(), 0)
        steps[members] = values, alone.plan, taken[0].dense
    for name, parameter in steps[1][1].parameters.items():
        if not parameter.table and not parameter.penalty:
            same = steps[2][1].parameters[f"member1.{name}"]
            alone, found = (g[p.offset : p.offset + p.size] for g, p in ((steps[1][2], parameter), (steps[2][2], same)))
            np.testing.assert_allclose(found, alone / 2, rtol=1e-9, atol=1e-12, err_msg=name)


def test_cosines_are_noted_where_they_cost_little(tmp_path):
    """Unasked where an epoch has 100 steps for each task."""
    config = small_config(tmp_path, "training.backend=reference")
    ready = prepare(config)
    weighing, state = (
        Weighing(config, ready.plan, trainer.executor_of(config, ready.plan)),
        trainer.TrainState(initial_values(ready.plan, 0)),
    )
    for steps, asked, there in ((199, None, False), (200, None, True), (200, False, False), (6, True, True)):
        weighing.config = replace(config, training=replace(config.training, task_cosines=asked))
        dataset = SimpleNamespace(rows=ready.dataset.rows, train=np.resize(ready.dataset.train, steps * 64), to_come=None)
        found = weighing.look(state, dataset, 1, 0)
        assert (found != {}) == there, (steps, asked)
        assert not there or -1 < found["task_cosines"]["ctr"]["cvr"] < 1
        assert found == weighing.look(state, dataset, 1, 0)


def test_what_cannot_be_weighed_is_refused(tmp_path):
    for rule in RULES:
        config = small_config(tmp_path, f"model.task_weights={rule}", "tasks=[{name: ctr}]")
        with pytest.raises(ConfigError, match=f"task_weights is {rule} but ctr is the only task; set it to fixed, or add a task"):
            train(config, tmp_path / "run")
    config = small_config(tmp_path, "model.task_weights=pcgrad", "model.architecture=single_task", "model.gate.role=none")
    with pytest.raises(ConfigError, match="pcgrad but in single_task tasks share no parameters; set it to fixed or dwa"):
        train(config, tmp_path / "run")
    assert not (tmp_path / "run" / "config.yaml").exists()


def test_layers_are_counted_over_all_seeds(tmp_path):
    """54 members of 2 gates, 2 experts, 2 towers of 2 layers: one network would do, not 25 trained one after the other."""
    config = small_config(tmp_path, "model.members=54", "training.seeds=20")
    prepare(config)
    with pytest.raises(ConfigError, match="more than 10000 layers; lower .* or training.seeds"):
        prepare(replace(config, training=replace(config.training, seeds=27)))


@pytest.mark.parametrize("damage", ("gone", "cut"))
def test_a_seed_whose_model_is_lost_is_missed_at_once(damage, tmp_path):
    config, folder = small_config(tmp_path, "training.seeds=3", "training.epochs=1"), tmp_path / "run"
    assert not train(config, folder, stop=lambda: (folder / "seed1.npz").exists()).finished
    lost = folder / "seed0.npz"
    if damage == "gone":
        lost.unlink()
    else:
        lost.write_bytes(lost.read_bytes()[:300])
    before = (folder / "checkpoint.npz").read_bytes()
    with pytest.raises(RunError, match="seed0.npz") as caught:
        train(config, folder, resume=True)
    assert "\n" not in str(caught.value) and (folder / "checkpoint.npz").read_bytes() == before

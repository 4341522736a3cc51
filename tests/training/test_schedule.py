"""What a training does beside its steps: learning rates, the moving average, what it makes of labels and ids."""

import json
from dataclasses import replace

import numpy as np
import pytest
from training_world import small_config

from minirank.config.configuration import TrainingConfig
from minirank.config.model import TaskConfig
from minirank.errors import ConfigError
from minirank.kernels.adam import Adam
from minirank.kernels.batch import Batch, InputSpec
from minirank.run.folder import read_metrics
from minirank.run.load_data import load_dataset
from minirank.run.load_run import load_run
from minirank.training import train
from minirank.training.batches import HIDDEN, generator, hide_inputs, with_targets
from minirank.training.schedule import learning_rate


@pytest.mark.parametrize(
    ("schedule", "warmup", "rates"),
    [
        ("constant", 0.0, [4, 4, 4, 4, 4]),
        ("constant", 0.5, [0, 2, 4, 4, 4]),
        ("cosine", 0.0, [4, 2 + 2**0.5, 2, 2 - 2**0.5, 0]),
        ("cosine", 0.5, [0, 2, 4, 2, 0]),
    ],
)
def test_learning_rates_by_hand(schedule, warmup, rates):
    settings = TrainingConfig(optimiser=Adam(learning_rate=4.0), schedule=schedule, warmup=warmup)
    np.testing.assert_allclose([learning_rate(settings, p) for p in (0, 0.25, 0.5, 0.75, 1)], rates, atol=1e-12)


def test_a_training_follows_its_schedule(tmp_path):
    config = small_config(tmp_path, "training.epochs=4", "training.schedule=cosine", "training.warmup=0.25", "training.early_stopping=null")
    train(config, tmp_path / "run")
    rates = [line["learning_rate"] for line in read_metrics(tmp_path / "run")]
    np.testing.assert_allclose(rates, [0.01, 0.0075, 0.0025, 0], atol=1e-12)
    constant = replace(config, training=replace(config.training, schedule="constant", warmup=0.0))
    train(constant, tmp_path / "constant")
    first, second = (load_run(tmp_path / name).values.dense for name in ("run", "constant"))
    assert np.abs(first - second).max() > 1e-3


def test_the_average_of_the_parameters_by_hand(tmp_path, monkeypatch):
    """The parameters after every eighth step, averaged again."""
    steps = []
    from minirank.training import trainer

    whole = trainer.average_gain

    def spy(state, decay):
        steps.append(state.values.copy())
        return whole(state, decay)

    config = small_config(tmp_path, "training.epochs=6", "training.average=0.9", "training.early_stopping=null")
    monkeypatch.setattr(trainer, "average_gain", spy)
    train(config, tmp_path / "run")
    assert len(steps) == 42 // 8
    from minirank.kernels.parameters import initial_values

    run = load_run(tmp_path / "run")
    expected = initial_values(run.plan, config.training.seed)
    for number, values in enumerate(steps, 1):
        decay = min(0.9**8, (1 + number) / (10 + number))
        expected.dense[:] = decay * expected.dense + (1 - decay) * values.dense
        expected.tables[:] = decay * expected.tables + (1 - decay) * values.tables
    np.testing.assert_allclose(run.values.dense, expected.dense, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(run.values.tables, expected.tables, rtol=1e-4, atol=1e-6)


def test_a_training_of_few_steps_keeps_what_it_learned(tmp_path):
    """The average moves every eighth step; until then the parameters themselves are validated and kept."""
    config = small_config(tmp_path, "training.epochs=1", "training.average=0.9")  # 7 steps
    train(config, tmp_path / "run")
    train(replace(config, training=replace(config.training, average=0.0)), tmp_path / "plain")
    assert (load_run(tmp_path / "run").values.dense == load_run(tmp_path / "plain").values.dense).all()


ALL = ("schedule=cosine", "warmup=0.3", "average=0.9", "epochs=3", "threads=1")


def test_a_training_that_was_stopped_goes_on_byte_for_byte(tmp_path):
    overrides = [f"training.{each}" for each in ALL] + ["model.field_unknown_share=0.2", "model.members=2"]
    overrides += ["model.dropout=0.3", "training.optimiser.clip_norm=0.15"]
    overrides += ["tasks=[{name: ctr, label_smoothing: 0.1}, {name: cvr, given: ctr, positive_weight: 2}]"]
    config = small_config(tmp_path, *overrides)
    whole = train(config, tmp_path / "whole")
    for after in (3, 9, 14):
        folder, left = tmp_path / f"stopped{after}", iter(range(after))
        assert not train(config, folder, stop=lambda left=left: next(left, None) is None).finished
        assert train(config, folder, resume=True).best_epoch == whole.best_epoch
        for name in ("model.npz", "metrics.jsonl"):
            assert (folder / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert 0 < read_metrics(tmp_path / "whole")[-1]["clipped"] < 1


def test_dropout_is_another_one_in_each_step_and_none_in_a_prediction(tmp_path):
    """One step an epoch, and a learning rate of almost nothing: two epochs differ by what was dropped."""
    overrides = ("training.batch_rows=500", "training.optimiser.learning_rate=1e-12", "training.epochs=2", "model.role_unknown_share=0")
    logits, change = {}, {}
    for share in (0.0, 0.5):
        config, folder = small_config(tmp_path, f"model.dropout={share}", *overrides), tmp_path / f"run{share}"
        train(config, folder)
        first, second = (line["losses"]["ctr.bce"] for line in read_metrics(folder))
        run = load_run(folder)
        logits[share], change[share] = run.executor.logits(run.values, load_dataset(config).rows), abs(first - second)
    assert change[0.0] < 1e-6 and 1e-4 < change[0.5] < 0.1
    np.testing.assert_allclose(logits[0.0], logits[0.5], atol=1e-6)


def test_an_ensemble_is_a_run_like_any_other(tmp_path):
    config = small_config(tmp_path, "model.members=3", "training.epochs=6")
    train(config, tmp_path / "run")
    train(replace(config, model=replace(config.model, members=1)), tmp_path / "single")
    run, lines = load_run(tmp_path / "run"), [read_metrics(tmp_path / name)[-1] for name in ("run", "single")]
    assert lines[0]["losses"].keys() == lines[1]["losses"].keys() == {"ctr.bce", "cvr.bce"}
    assert lines[0]["loss"] == pytest.approx(sum(lines[0]["losses"].values()), rel=0.05)  # the penalty is the rest
    assert abs(lines[0]["loss"] - lines[1]["loss"]) < 0.1
    rows = load_dataset(config).rows
    members = run.executor.logits(run.values, rows)
    assert members.shape == (500, 2) and run.plan.outputs == {} and "member2.embedding.who" in run.plan.parameters


def test_labels_as_training_sees_them():
    labels, weights = np.float32([[1, 0], [0, np.nan], [0.5, 1]]), np.float32([[1, 2], [3, 4], [1, 5]])
    rows = Batch(np.zeros((3, 0), np.int32), (), np.zeros((3, 0), np.float32), labels, weights, np.arange(3, dtype=np.int32))
    tasks = (TaskConfig("a", label_smoothing=0.2), TaskConfig("b", positive_weight=3))
    seen = with_targets(rows, tasks)
    np.testing.assert_allclose(seen.labels, [[0.9, 0], [0.1, np.nan], [0.5, 1]], rtol=1e-6)
    np.testing.assert_allclose(seen.weights, [[1, 2], [3, 4], [1, 15]], rtol=1e-6)
    assert with_targets(rows, (TaskConfig("a"), TaskConfig("b"))) is rows


def test_a_positive_weight_moves_predictions_up_and_smoothing_towards_the_middle(tmp_path):
    mean = {}
    for name, setting in (("plain", ""), ("weighted", ", positive_weight: 5"), ("smooth", ", label_smoothing: 0.8")):
        config = small_config(tmp_path, f"tasks=[{{name: ctr{setting}}}]", "training.epochs=8", "training.early_stopping=null")
        train(config, tmp_path / name)
        run, dataset = load_run(tmp_path / name), load_dataset(config)
        logits = run.executor.logits(run.values, dataset.rows)
        mean[name] = 1 / (1 + np.exp(-logits[:, 0]))
    assert mean["weighted"].mean() > mean["plain"].mean() + 0.15
    assert np.abs(mean["smooth"] - 0.5).mean() < np.abs(mean["plain"] - 0.5).mean() / 2


def test_ids_without_a_share_of_their_own_are_hidden_one_by_one():
    spec = InputSpec((("role", 4), ("city", 9), ("age:bins", 9)))
    nothing = np.zeros((4000, 0), np.float32)
    batch = Batch(np.full((4000, 3), 3, np.int32), (), nothing, nothing, nothing, np.zeros(4000))
    hide_inputs(batch, spec, {"role": 0.0}, generator(0, HIDDEN, 1, 7), fields=0.3)
    role, city, age = batch.ids.T == 0
    assert not role.any() and 0.27 < city.mean() < 0.33 and 0.27 < age.mean() < 0.33 and 0.07 < (city & age).mean() < 0.11


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["training.schedule=one_cycle"], "training.schedule: expected one of constant, cosine, got 'one_cycle'"),
        (["training.warmup=1"], "training: warmup must be 0 or more and below 1, got 1"),
        (["training.average=-0.1"], "training: average must be 0 or more and below 1, got -0.1"),
        (["tasks=[{name: ctr, label_smoothing: 1}]"], r"tasks\[0\]: label_smoothing must be 0 or more and below 1, got 1"),
        (["tasks=[{name: ctr, positive_weight: 0}]"], r"tasks\[0\]: positive_weight must lie in \[1e-06, 1e\+06\], got 0"),
        (["tasks=[{name: ctr, positive_weight: 1.0e+300}]"], r"tasks\[0\]: positive_weight must lie in \[1e-06, 1e\+06\], got 1e\+300"),
        (
            ["tasks=[{name: ctr, loss: {mse: 1}, positive_weight: 2}]"],
            "task ctr has positive_weight, which is for the loss bce or focal alone",
        ),
        (
            ["tasks=[{name: ctr, label_smoothing: 0.1}, {name: cvr, given: ctr, loss: {entire: 1}}]"],
            "task ctr has label_smoothing, which is for the loss bce or focal alone; remove it, or change the losses",
        ),
        (["model.field_unknown_share=1"], r"model.field_unknown_share must lie in \[0, 1\), got 1"),
        (["model.dropout=1"], r"model.dropout must lie in \[0, 1\), got 1"),
        (["training.optimiser.clip_norm=-1"], "training.optimiser: clip_norm must be finite and 0 or more, got -1"),
    ],
)
def test_settings_that_make_no_sense(tmp_path, overrides, message):
    with pytest.raises(ConfigError, match=message):
        train(small_config(tmp_path, *overrides), tmp_path / "run")


def test_a_checkpoint_without_the_average_that_is_asked_for(tmp_path):
    """config.yaml was changed under a training that had stopped: `--resume` names the key."""
    config = small_config(tmp_path)
    left = iter(range(3))
    train(config, tmp_path / "run", stop=lambda: next(left, None) is None)
    with pytest.raises(Exception, match=r"training.average was 0.0 and is now 0.5") as error:
        train(replace(config, training=replace(config.training, average=0.5)), tmp_path / "run", resume=True)
    assert json.dumps(str(error.value)).count("\\n") == 0

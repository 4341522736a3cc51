"""Several seeds as one run: what predicts is the mean of trainings that know nothing of each other."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from training_world import small_config

from minirank.errors import ConfigError, RunError
from minirank.progress import Progress
from minirank.report.collect import collect
from minirank.run.folder import read_metrics
from minirank.run.load_data import load_dataset
from minirank.run.load_run import load_run
from minirank.training import memory, train
from minirank.training.prepare import prepare


def test_the_mean_of_trainings_by_themselves(tmp_path):
    more = "model.members=2", "model.members_share=true", "model.task_weights=uncertainty", "training.average=0.9"
    config = small_config(tmp_path, "training.seeds=2", "training.seed=3", *more)
    said = io.StringIO()
    ended = train(config, tmp_path / "run", progress=Progress(said))
    rows, alone, lines = load_dataset(config).rows, [], []
    for seed in (3, 4):
        folder = tmp_path / f"alone{seed}"
        train(replace(config, training=replace(config.training, seeds=1, seed=seed)), folder)
        run = load_run(folder)
        alone.append(run.executor.logits(run.values, rows))
        lines += [{"seed": seed} | line for line in read_metrics(folder)]
    run = load_run(tmp_path / "run")
    np.testing.assert_allclose(run.executor.logits(run.values, rows), np.mean(alone, axis=0), rtol=1e-4, atol=1e-5)
    assert json.dumps(read_metrics(tmp_path / "run")) == json.dumps(lines)
    assert "seed 2 of 2, epoch 3  loss" in said.getvalue() and "the mean of 2 seeds is kept  valid mean.log_loss 0." in said.getvalue()
    measured, own = tmp_path / "run" / "evaluation.json", tmp_path / "run" / "seed1_of_mine.npz"
    before = measured.read_bytes()
    measured.unlink()  # as after a kill while it measured
    own.touch()
    assert train(config, tmp_path / "run", resume=True) == ended and ended.epoch == 3
    assert measured.read_bytes() == before and own.exists()


def test_memory_for_the_models_of_all_seeds(tmp_path, monkeypatch):
    config = small_config(tmp_path, "training.seeds=50")
    plan = prepare(config).plan
    monkeypatch.setattr(memory, "_physical_memory", lambda: 50 * 4 * (plan.size(table=False) + plan.size(table=True)))
    with pytest.raises(ConfigError, match=r"lower training.seeds \(it is 50\), model.embedding"):
        train(config, tmp_path / "run")
    assert not (tmp_path / "run" / "config.yaml").exists()


def test_each_seed_is_stopped_for_itself_and_is_no_model_before_all_are_trained(tmp_path):
    overrides = ("training.seeds=3", "training.epochs=9", "training.early_stopping={metric: mean.auc, patience: 1}")
    config, asked = small_config(tmp_path, *overrides, "training.optimiser.learning_rate=0.05"), []
    folder = tmp_path / "run"

    def in_the_second_seed():
        asked.append(None)
        return (folder / "seed1.npz").exists()

    assert not train(config, folder, stop=in_the_second_seed).finished
    with pytest.raises(RunError, match="run: not all seeds are trained yet; go on with `minirank train --resume`"):
        load_run(folder)
    contents = collect(folder)
    assert contents.unreadable == () and "it is in the 2. of 3 seeds, whose mean will be the model" in contents.overview.state
    train(config, folder, resume=True)
    done = [[line["best"] for line in read_metrics(folder) if line["seed"] == seed] for seed in range(3)]
    assert len({len(each) for each in done}) > 1 and all(not each[-1] and each[-2] for each in done)
    contents = collect(folder)
    assert contents.overview.state == "Finished: the mean of 3 seeds is kept." and contents.curves.epochs == tuple(
        range(1, len(done[0]) + 1)
    )
    assert contents.gates.why.startswith("Each of the 3 networks of the ensemble")
    with pytest.raises(RunError, match="training.seeds was 3 and is now 2; set it back to resume"):
        train(replace(config, training=replace(config.training, seeds=2)), folder, resume=True)

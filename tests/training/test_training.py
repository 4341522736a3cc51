"""Mini-batches, early stopping, what is told, and what is refused."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from case_table import cases
from training_world import predictions_for, small_config

from minirank.config.configuration import ScoreConfig
from minirank.errors import ConfigError, RunError
from minirank.kernels.batch import Bag, Batch, InputSpec, forget
from minirank.kernels.cpu import bfloat16, compile, walk
from minirank.kernels.ops import KINDS
from minirank.progress import Progress
from minirank.run.load_data import load_dataset
from minirank.run.load_run import load_run
from minirank.run.prediction import joint_name, ranking_score
from minirank.run.scoring import evaluate_run
from minirank.training import prepare, train, trainer
from minirank.training.batches import FORGOTTEN, HIDDEN, epoch_steps, generator, hide_inputs

REFERENCE = ("training.backend=reference", "training.precision=float64")


def metrics(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_an_epoch_holds_every_row_once_in_an_order_of_its_own():
    rows = np.arange(100, 133)
    first = epoch_steps(rows, None, 8, seed=1, epoch=1)
    assert [len(step) for step in first] == [8, 8, 8, 8, 1]
    assert sorted(np.concatenate(first)) == rows.tolist()
    again, second = epoch_steps(rows, None, 8, seed=1, epoch=1), epoch_steps(rows, None, 8, seed=1, epoch=2)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert (np.concatenate(first) != np.concatenate(second)).any()
    assert (np.concatenate(first) != np.concatenate(epoch_steps(rows, None, 8, seed=2, epoch=1))).any()


def test_searches_stay_whole_where_a_loss_compares_their_rows():
    groups = np.repeat(np.array([5, 9, 2, 7, 1], np.int32), [3, 4, 1, 9, 2])
    rows = np.arange(50, 50 + len(groups))
    steps = epoch_steps(rows, groups, 5, seed=0, epoch=1)
    assert sorted(np.concatenate(steps)) == rows.tolist()
    of_step = [set(groups[step - 50]) for step in steps]
    assert sum(len(searches) for searches in of_step) == 5  # no search in two steps
    assert all(len(step) >= 5 for step in steps[:-1])
    for step in steps:
        assert (np.diff(step)[np.diff(groups[step - 50]) == 0] == 1).all()  # rows of a search are neighbours, in order


def test_ids_are_hidden_by_place_and_share():
    spec = InputSpec(categorical=(("role", 4), ("city", 9)))
    batch = Batch(np.full((4000, 2), 3, np.int32), (), np.zeros((4000, 0)), np.zeros((4000, 0)), np.zeros((4000, 0)), np.zeros(4000))
    hidden = batch.take(np.arange(4000))
    hide_inputs(hidden, spec, {"role": 0.2}, generator(0, HIDDEN, 1, 7))
    assert 0.17 < (hidden.ids[:, 0] == 0).mean() < 0.23
    assert (hidden.ids[:, 1] == 3).all() and (batch.ids == 3).all()
    same, other = batch.take(np.arange(4000)), batch.take(np.arange(4000))
    hide_inputs(same, spec, {"role": 0.2}, generator(0, HIDDEN, 1, 7))
    hide_inputs(other, spec, {"role": 0.2}, generator(0, HIDDEN, 1, 8))
    assert (same.ids == hidden.ids).all() and (other.ids != hidden.ids).any()


def test_what_was_read_is_hidden_together_and_group_by_group():
    spec = InputSpec(
        (("role", 4), ("title", 9)), (("skills", 9),), ("years", "years_unknown", "similarity"), read=(("title", "years"), ("skills",))
    )
    n = 4000
    bag = Bag(np.zeros(n, np.int32), np.array([0, 2, 2]), np.array([1, 2], np.int32))
    nothing = np.zeros((n, 0), np.float32)
    batch = Batch(np.full((n, 2), 3, np.int32), (bag,), np.full((n, 3), 0.5, np.float32), nothing, nothing, np.zeros(n))
    hidden = batch.take(np.arange(n))
    hide_inputs(hidden, spec, {"role": 0.0}, generator(0, HIDDEN, 1, 7), read=0.2)
    titles, skills = hidden.ids[:, 1] == 0, hidden.bags[0].entity == 1
    assert (hidden.ids[:, 0] == 3).all() and (hidden.dense[:, 2] == 0.5).all()
    assert (hidden.dense[titles, 0] == 0).all() and (hidden.dense[titles, 1] == 1).all() and (hidden.dense[~titles, :2] == 0.5).all()
    for alone in (titles, skills):
        assert 0.25 < alone.mean() < 0.31  # 1 - 0.8 * 0.9
    assert 0.17 < (titles & skills).mean() < 0.24  # 0.2 + 0.8 * 0.1 * 0.1
    plain = batch.take(np.arange(n))
    hide_inputs(plain, spec, {"role": 0.0}, generator(0, HIDDEN, 1, 7))
    assert plain.ids.tobytes() == batch.ids.tobytes() and plain.dense.tobytes() == batch.dense.tobytes()


def test_names_are_forgotten_wherever_they_stand():
    spec = InputSpec((("asked", 400), ("level", 6), ("held", 400)), (("skills", 400),), vocabularies=(("asked", "held"), ("skills",)))
    n = 399
    names, nothing = np.arange(1, 400, dtype=np.int32), np.zeros((n, 0), np.float32)
    bag = Bag(np.arange(n, dtype=np.int32), np.arange(n + 1), names)
    batch = Batch(np.stack([names, np.full(n, 5, np.int32), names], axis=1), (bag,), nothing, nothing, nothing, np.zeros(n))
    less = forget(batch, spec, 0.25, generator(0, FORGOTTEN, 1))
    asked, level, held = less.ids.T
    assert (asked == held).all() and (level == 5).all() and set((asked == names) | (asked == 0)) == {True}
    for ids in (asked, less.bags[0].ids):
        assert 0.18 < (ids == 0).mean() < 0.32
    assert ((asked == 0) != (less.bags[0].ids == 0)).any()  # another vocabulary
    assert (batch.ids[:, 0] == names).all() and (bag.ids == names).all()
    assert (forget(batch, spec, 0.25, generator(0, FORGOTTEN, 2)).ids != less.ids).any()
    assert forget(batch, spec, 0.0, generator(0, FORGOTTEN, 1)) is batch


def test_what_an_unknown_name_means_is_trained(tmp_path, monkeypatch):
    """No row of this table has an unknown city; that of a later one gets an embedding that training moved."""
    config = small_config(tmp_path, "training.epochs=1")
    moved = {}
    for share in (0.0, 0.4):
        ready = load_dataset(config)
        dataset = replace(ready, inputs=replace(ready.inputs, vocabularies=(("city",),)))
        chosen = replace(config, model=replace(config.model, name_unknown_share=share))
        monkeypatch.setattr(type(dataset.encoder), "inputs", dataset.inputs)
        assert (dataset.rows.ids[:, dataset.inputs.column("city")] > 0).all()
        train(chosen, tmp_path / f"run{share}", dataset=dataset)
        run = load_run(tmp_path / f"run{share}")
        moved[share] = run.values["embedding.city"][0]
    assert np.abs(moved[0.0] - moved[0.4]).max() > 0.001


@pytest.mark.parametrize("options", [REFERENCE, ()], ids=["reference", "cpu"])
def test_training_learns_and_notes_every_epoch(tmp_path, options):
    config = small_config(tmp_path, "training.epochs=6", *options)
    ended = train(config, tmp_path / "run")
    lines = metrics(tmp_path / "run")
    assert ended.finished and ended.epoch == len(lines) == 6
    assert [line["step"] for line in lines] == [7, 14, 21, 28, 35, 42]
    assert set(lines[0]["losses"]) == {"ctr.bce", "cvr.bce"}
    assert lines[-1]["loss"] < lines[0]["loss"] - 0.05
    assert lines[-1]["valid"]["ctr.auc"] > 0.65
    valid = lines[-1]["valid"]
    assert valid["mean.log_loss"] == pytest.approx((valid["ctr.log_loss"] + valid["cvr.log_loss"]) / 2, rel=1e-12)
    timing = [json.loads(line) for line in (tmp_path / "run" / "timing.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in timing] == [1, 2, 3, 4, 5, 6] and timing[0]["rows_per_second"] > 0
    assert not (tmp_path / "run" / "checkpoint.npz").exists()


def test_both_backends_train_the_same_model(tmp_path):
    config = small_config(tmp_path, "training.precision=float64", "training.epochs=2")
    train(config, tmp_path / "cpu")
    train(replace(config, training=replace(config.training, backend="reference")), tmp_path / "reference")
    one, other = load_run(tmp_path / "cpu"), load_run(tmp_path / "reference")
    for name, values in one.values.items():
        np.testing.assert_allclose(values, other.values[name], rtol=1e-6, atol=1e-9, err_msg=name)


def test_products_of_bfloat16_train_and_predict(tmp_path, monkeypatch):
    """Tiles where the processor has them, NumPy's twin everywhere; without tiles nothing is trained, and a run predicts in float32."""
    config = small_config(tmp_path, "training.precision=bfloat16", "training.epochs=2", "model.expert_hidden=[40, 33]")
    reference = replace(config, training=replace(config.training, backend="reference"))
    train(reference, tmp_path / "reference")
    exact = load_run(tmp_path / "reference", backend="reference")
    assert {op.kind for op in exact.plan.operations} >= {"dense_bfloat16", "dense"} and exact.values.dense.dtype == np.float32
    assert "dense_bfloat16" in (tmp_path / "reference" / "plan.txt").read_text()
    if bfloat16.why_not() is None:
        train(config, tmp_path / "tiles")
        found, expected = (evaluate_run(load_run(tmp_path / name), "valid", bootstrap=0) for name in ("tiles", "reference"))
        losses = [each["overall"]["tasks"]["ctr"]["metrics"]["log_loss"]["value"] for each in (found, expected)]
        assert losses[0] == pytest.approx(losses[1], rel=0.02)
    monkeypatch.setattr(KINDS["dense_bfloat16"], "why_not", lambda: "no tiles")
    monkeypatch.setattr(bfloat16, "why_not", lambda: "no tiles")
    with pytest.raises(ConfigError, match="training.precision bfloat16: no tiles; use precision: float32, or backend: reference"):
        train(config, tmp_path / "without")
    assert not (tmp_path / "without").exists()
    said = []
    elsewhere = load_run(tmp_path / "reference", backend="cpu", say=said.append)
    assert "predicts with those of float32" in said[0] and "no tiles" in said[0]
    rows = load_dataset(config).rows.take(np.arange(50))
    ours, theirs = (run.executor.logits(run.values, rows) for run in (elsewhere, exact))
    assert 0 < np.linalg.norm(ours - theirs) < 0.02 * np.linalg.norm(theirs)


def test_the_best_epoch_is_kept_and_patience_ends_training(tmp_path, monkeypatch):
    values = iter([0.5, 0.4, 0.45, 0.41, 0.1])
    monkeypatch.setattr(trainer, "validation_metrics", lambda *_: {"mean.log_loss": next(values)})
    config = small_config(tmp_path, "training.epochs=9", *REFERENCE)
    ended = train(config, tmp_path / "run")
    assert (ended.finished, ended.epoch, ended.best_epoch) == (True, 4, 2)
    assert [line["best"] for line in metrics(tmp_path / "run")] == [True, True, False, False]
    shorter = replace(config, training=replace(config.training, epochs=2, early_stopping=None))
    monkeypatch.setattr(trainer, "validation_metrics", lambda *_: {})
    train(shorter, tmp_path / "shorter")
    assert (tmp_path / "run" / "model.npz").read_bytes() == (tmp_path / "shorter" / "model.npz").read_bytes()


def test_a_metric_to_be_raised(tmp_path, monkeypatch):
    values = iter([0.5, 0.6, 0.55])
    config = small_config(tmp_path, "training.epochs=9", "training.early_stopping={metric: mean.auc, patience: 1}", *REFERENCE)
    ready = prepare(config)
    monkeypatch.setattr(trainer, "prepare", lambda *_: ready)
    monkeypatch.setattr(trainer, "validation_metrics", lambda *_: {"mean.auc": next(values)})
    assert train(config, tmp_path / "run").best_epoch == 2


def test_without_validation_rows_the_last_parameters_are_kept(tmp_path):
    config = small_config(tmp_path, "data.table.valid_share=0", "training.epochs=2", *REFERENCE)
    ended = train(config, tmp_path / "run")
    assert (ended.epoch, ended.best_epoch) == (2, 2)
    assert metrics(tmp_path / "run")[0]["valid"] == {}


@cases("""
    overrides | message
    training.early_stopping={metric: ctr.aux} | ctr.aux is unknown; choose one of ctr.auc
    training.early_stopping={metric: ctr.gauc} | ctr.gauc is unknown
    training.early_stopping={metric: ctr.observed_over_predicted} | choose one of
    tasks=[{name: clicks}] | task clicks: the data have no such label; there are ctr, cvr
    tasks=[{name: ctr, loss: {pairwise: 1.0}}] | name their column in data.columns.group
    data.columns.tasks=[{name: ctr, column: age}]; data.columns.dense=[]; tasks=[{name: ctr}] | set its loss to {mse: 1.0}
    tasks=[{name: cvr, loss: {entire: 1.0}}] | has the loss 'entire' but no `given`
""")
def test_what_does_not_fit_the_data_is_refused_before_training(tmp_path, overrides, message):
    with pytest.raises(ConfigError) as caught:
        train(small_config(tmp_path, *overrides.split("; ")), tmp_path / "run")
    assert message in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_a_regression_stops_on_its_squared_error(tmp_path):
    overrides = ("data.columns.tasks=[{name: age, column: age}]", "data.columns.dense=[]", "tasks=[{name: age, loss: {mse: 1.0}}]")
    ready = prepare(small_config(tmp_path, *overrides))
    assert ready.config.training.early_stopping.metric == "mean.mse"


def test_a_loss_within_searches_trains_on_whole_searches(tmp_path):
    overrides = ("data.columns.group=search", "tasks=[{name: ctr, loss: {bce: 1.0, pairwise: 0.5}}]", "training.epochs=2")
    train(small_config(tmp_path, *overrides), tmp_path / "run")
    assert set(metrics(tmp_path / "run")[0]["losses"]) == {"ctr.bce", "ctr.pairwise"}


def test_what_a_training_can_stop_on(tmp_path):
    """NDCG of the searches, and the joint probability of a task and the one that it is given."""
    (tmp_path / "graded").mkdir()
    rank = ("data.columns.group=search", "data.columns.tasks=[{name: grade, column: y}]", "tasks=[{name: grade, loss: {listwise: 1}}]")
    config = small_config(tmp_path / "graded", *rank, "training.early_stopping.metric=grade.ndcg@10")
    train(config, tmp_path / "ranked")
    assert 0 < metrics(tmp_path / "ranked")[0]["valid"]["grade.ndcg@10"] < 1
    both = "data.columns.tasks=[{name: seen, column: y}, {name: bought, column: z}]", "tasks=[{name: seen}, {name: bought, given: seen}]"
    config = small_config(tmp_path, *both, "training.early_stopping.metric=seen_bought.auc")
    train(config, tmp_path / "joint")
    valid = metrics(tmp_path / "joint")[-1]["valid"]
    assert 0.5 < valid["seen_bought.auc"] < 1
    assert valid["mean.auc"] == pytest.approx((valid["seen.auc"] + valid["bought.auc"]) / 2)
    run, dataset = load_run(tmp_path / "joint"), load_dataset(config)
    found = evaluate_run(run, "valid", dataset=dataset, bootstrap=0)["overall"]["tasks"]["seen_bought"]
    best = max(line["valid"]["seen_bought.auc"] for line in metrics(tmp_path / "joint"))
    assert found["metrics"]["auc"]["value"] == pytest.approx(best, abs=1e-9)


def test_tasks_select_and_order_the_labels(tmp_path):
    config = small_config(tmp_path, "tasks=[{name: cvr}]")
    dataset = load_dataset(config)
    assert dataset.inputs.tasks == ("cvr",) and dataset.rows.labels.shape[1] == 1
    assert np.isnan(dataset.rows.labels).any()  # the label of rows without a click


def test_every_label_is_a_task_by_default_and_a_conversion_follows_a_click(tmp_path):
    tasks = prepare(small_config(tmp_path, "tasks=[]")).config.tasks
    assert [(task.name, task.given) for task in tasks] == [("ctr", None), ("cvr", "ctr")]


def test_a_loss_that_is_no_number_says_what_to_do(tmp_path):
    config = small_config(tmp_path, "training.optimiser.learning_rate=1e30")
    with pytest.raises(RunError, match="step .*lower training.optimiser.learning_rate .it is 1e.30"):
        train(config, tmp_path / "run")


def test_a_model_that_does_not_fit_into_the_memory(tmp_path, monkeypatch):
    def refuse(*_):
        raise MemoryError

    monkeypatch.setattr("minirank.parallel.shards.initial_values", refuse)
    with pytest.raises(ConfigError, match="out of memory: training needs [0-9,.]+ GiB for parameters alone; lower model.embedding"):
        train(small_config(tmp_path, "model.embedding=1000000", *REFERENCE), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_joint_probabilities_have_names_and_multiply(tmp_path):
    assert joint_name("cvr", "ctr") == "ctcvr" and joint_name("hired", "invited") == "invited_hired"
    config = small_config(tmp_path, "training.epochs=1", *REFERENCE)
    train(config, tmp_path / "run")
    run = load_run(tmp_path / "run")
    found = predictions_for(run, load_dataset(config).rows)
    assert list(found) == ["ctr", "cvr", "ctcvr"]
    np.testing.assert_allclose(found["ctcvr"], found["ctr"] * found["cvr"], rtol=1e-15)


@pytest.mark.parametrize(
    ("names", "given", "message"),
    [
        (("a", "b", "a_b"), {"b": "a"}, "a task cannot be called a_b, as the joint probability of a and b is; rename it under data.colum"),
        (("a_b", "c", "a", "b_c"), {"c": "a_b", "b_c": "a"}, "the joint probability of a_b and c and the joint probability of a and b_c"),
        (("mean", "b"), {}, "a task cannot be called mean, as the mean over all tasks is"),
        (("ctr", "score"), {}, "a task cannot be called score, as the ranking score is"),
        (("ctr", "cvr", "ctcvr"), {"cvr": "ctr"}, "a task cannot be called ctcvr, as the joint probability of ctr and cvr is"),
    ],
)
def test_no_two_predictions_have_one_name(tmp_path, names, given, message):
    columns = ", ".join(f"{{name: {name}, column: {'yz'[place % 2]}}}" for place, name in enumerate(names))
    tasks = ", ".join(f"{{name: {name}, given: {given.get(name, 'null')}}}" for name in names)
    with pytest.raises(ConfigError) as error:
        train(small_config(tmp_path, f"data.columns.tasks=[{columns}]", f"tasks=[{tasks}]"), tmp_path / "run")
    assert message in str(error.value)


def test_predictions_do_not_see_the_position(tmp_path):
    overrides = ("data.columns.categorical=[who, city]", "model.position_field=city", "training.epochs=1", *REFERENCE)
    config = small_config(tmp_path, *overrides)
    train(config, tmp_path / "run")
    rows, run = load_dataset(config).rows, load_run(tmp_path / "run")
    hidden = replace(rows, ids=rows.ids.copy())
    hidden.ids[:, run.plan.spec.column("city")] = 0
    assert (predictions_for(run, rows)["ctr"] == predictions_for(run, hidden)["ctr"]).all()
    assert (run.executor.logits(run.values, rows)[:, 0] != run.executor.logits(run.values, hidden)[:, 0]).any()


def test_the_ranking_score_by_hand():
    predictions = {"ctr": np.array([0.5, 0.2]), "cvr": np.array([0.1, 0.5]), "relevance": np.array([0.25, 0.09])}
    np.testing.assert_allclose(ranking_score(predictions, ScoreConfig()), [0.05, 0.1])
    np.testing.assert_allclose(ranking_score(predictions, ScoreConfig(1, 0, 0.5)), [0.25, 0.06])
    assert ranking_score({"income": np.array([0.5])}, ScoreConfig()) is None


def test_a_cold_start_says_what_takes_so_long(tmp_path, monkeypatch):
    config = small_config(tmp_path, "training.epochs=1")
    for cached, count in ((True, 0), (False, 1)):
        said = io.StringIO()
        monkeypatch.setattr(compile, "is_missing", lambda driver: not cached)
        train(config, tmp_path / f"{cached}", progress=Progress(said))
        assert said.getvalue().count("compiling the kernels beside the next steps, once; they are cached afterwards ...") == count


def test_processes_compile_what_is_missing_and_fill_the_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compile, "is_missing", lambda driver: driver is walk.pack_weights.of(compile.FLOAT32))
    with compile.compiling() as processes:
        assert len(processes) == 1
        compile.wait_for(processes)
    assert processes[0].returncode == 0 and list(tmp_path.rglob("walk.pack_weights*.nbc"))

"""What training keeps of how good its model is: the figures of `evaluate`, of this very model, and nothing that training depends on."""

import json

import pytest
from training_world import small_config, write_table

from minirank.errors import RunError
from minirank.progress import Progress
from minirank.run.gates import gate_statistics
from minirank.run.load_run import load_run
from minirank.run.measured import kept
from minirank.run.scoring import data_of, evaluate_run
from minirank.training import train

REFERENCE = ("training.backend=reference", "training.precision=float64", "training.epochs=2")


def trained(folder, *overrides):
    """A run on a table with a validation and a test part."""
    (folder / "later").mkdir(exist_ok=True)
    (folder / "test.csv").write_bytes(write_table(folder / "later", rows=40, seed=9).with_name("rows.csv").read_bytes())
    return train(small_config(folder, *REFERENCE, "data.table.test=test.csv", *overrides, rows=200), folder / f"run{len(overrides)}").folder


@pytest.fixture
def run(tmp_path):
    return load_run(trained(tmp_path))


def test_it_is_what_evaluate_says(run):
    found, dataset = kept(run.folder, run.config), data_of(run)
    assert found["part"] == "test" and found["results"] == json.loads(json.dumps(evaluate_run(run)))
    assert found["gates"] == gate_statistics(run, dataset, dataset.test)
    assert {name: part["rows"] for name, part in found["parts"].items()} == {"train": 160, "valid": 40, "test": 40}
    labels = dataset.rows.labels[dataset.train, 0]
    assert found["parts"]["train"]["tasks"]["ctr"] == {"labelled": 160, "mean": pytest.approx(labels.mean(dtype=float))}


def test_the_validation_rows_do_where_there_are_no_others(tmp_path):
    train(small_config(tmp_path, *REFERENCE, rows=120), tmp_path / "run")
    assert kept(tmp_path / "run", load_run(tmp_path / "run").config)["part"] == "valid"
    train(small_config(tmp_path, *REFERENCE, "data.table.valid_share=0", rows=120), tmp_path / "all")
    assert not (tmp_path / "all" / "evaluation.json").exists()


@pytest.mark.parametrize("change", ["model", "score", "figure", "text", "gone"])
def test_what_is_of_another_model_or_score_or_was_changed_is_not_taken(run, change, tmp_path):
    config, path = run.config, run.folder / "evaluation.json"
    assert kept(run.folder, config) is not None
    if change == "model":
        (run.folder / "model.npz").write_bytes((trained(tmp_path, "training.seed=1") / "model.npz").read_bytes())
    elif change == "score":
        (run.folder / "config.yaml").write_text((run.folder / "config.yaml").read_text().replace("  relevance: 0.0", "  relevance: 1.0"))
        config = load_run(run.folder).config
    elif change == "figure":
        value = json.loads(path.read_text())
        value["results"]["overall"]["rows"] += 1
        path.write_text(json.dumps(value))
    elif change == "text":
        path.write_text("[1")
    else:
        path.unlink()
    assert kept(run.folder, config) is None


def test_a_model_that_cannot_be_measured_is_kept(tmp_path, monkeypatch):
    said = []

    def refuse(*_, **__):
        raise RunError("ctr is NaN or infinite for 1 of 24 rows")

    progress = Progress()
    monkeypatch.setattr(progress, "say", said.append)
    monkeypatch.setattr("minirank.run.measured.evaluate_run", refuse)
    assert train(small_config(tmp_path, *REFERENCE, rows=120), tmp_path / "run", progress=progress).finished
    assert said[-1] == "the model is kept, but was not measured: ctr is NaN or infinite for 1 of 24 rows"
    assert load_run(tmp_path / "run").left_out == {} and not (tmp_path / "run" / "evaluation.json").exists()

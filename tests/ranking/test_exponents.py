"""The exponents of the ranking score, chosen on validation rows."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import yaml
from training_world import small_config

from minirank.cli import main
from minirank.config.configuration import ScoreConfig
from minirank.errors import ConfigError
from minirank.evaluation import evaluate
from minirank.ranking.exponents import choose_exponents, tune_exponents
from minirank.run.load_run import load_run
from minirank.run.scoring import evaluate_run, predictions_of
from minirank.training import train


def ndcg_of(dataset, rows, predictions) -> float:
    return evaluate(dataset, rows, predictions, bootstrap=0)["overall"]["tasks"]["ranking"]["metrics"]["ndcg@10"]["value"]


def test_exponents_are_the_best_of_the_grid_on_the_given_rows(ranker, dataset):
    predictions = predictions_of(ranker.run, dataset, dataset.valid)
    exponents, reached = tune_exponents(dataset, dataset.valid, predictions)
    default = ndcg_of(dataset, dataset.valid, predictions)
    p = [predictions[name] ** getattr(exponents, name) for name in ("ctr", "cvr", "relevance")]
    tuned = {name: predictions[name] for name in ("ctr", "cvr")} | {"score": p[0] * p[1] * p[2]}
    assert reached == pytest.approx(ndcg_of(dataset, dataset.valid, tuned), rel=1e-12) and reached >= default
    same = {name: np.full(len(dataset.valid), 0.5) for name in ("ctr", "cvr", "relevance")}
    assert tune_exponents(dataset, dataset.valid, same)[0] == ScoreConfig()  # of equal ones the default
    asked = ScoreConfig(1.0, 3.0, 0.0)
    assert tune_exponents(dataset, dataset.valid, same, asked)[0] == asked  # or what is configured


def test_evaluate_names_the_best_exponents_and_they_do_what_it_says(ranker, dataset, tmp_path, capsys):
    folder = shutil.copytree(ranker.run.folder, tmp_path / "run")
    settings = yaml.safe_load((folder / "config.yaml").read_text())
    configured = {"ctr": 1.0, "cvr": 0.0, "relevance": 2.0}  # not the best
    (folder / "config.yaml").write_text(yaml.safe_dump(settings | {"score": configured}))
    assert main(["evaluate", str(folder), "--choose-exponents"]) == 0
    text = capsys.readouterr().out
    assert main(["evaluate", str(folder), "--choose-exponents", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["metric"] == "ndcg@10" and found["configured"]["score"] == configured
    assert found["best"]["valid"] > found["configured"]["valid"]
    assert text.splitlines()[2].split()[:3] == ["configured", "pCTR", "relevance^2"]
    assert f"set this in {folder}/config.yaml" in text
    (folder / "config.yaml").write_text(yaml.safe_dump(settings | yaml.safe_load(text.splitlines()[-1])))
    run = load_run(folder)
    assert vars(run.config.score) == found["best"]["score"]
    for part in ("valid", "test"):
        rows = getattr(dataset, part)
        assert found["best"][part] == pytest.approx(ndcg_of(dataset, rows, predictions_of(run, dataset, rows)), rel=1e-12)
    assert main(["evaluate", str(folder), "--choose-exponents"]) == 0
    assert "The configured exponents are the best" in capsys.readouterr().out


def test_exponents_that_cannot_be_chosen_are_one_line(ranker, dataset, tmp_path, capsys):
    none = np.zeros(0, np.int64)
    with pytest.raises(ConfigError, match="no exponents can be chosen: the data have no validation rows; configure"):
        choose_exponents(ranker.run, replace(dataset, valid=none))
    unclicked = replace(dataset.rows, labels=np.zeros_like(dataset.rows.labels))
    with pytest.raises(ConfigError, match="no search of two candidates or more among the validation rows has a click"):
        choose_exponents(ranker.run, replace(dataset, rows=unclicked))
    assert choose_exponents(ranker.run, replace(dataset, test=none))["best"]["test"] is None
    zero = replace(ranker.run, config=replace(ranker.run.config, score=ScoreConfig(0.0, 0.0, 0.0)))
    found = choose_exponents(zero, dataset)
    assert found["configured"]["valid"] is None and found["best"]["valid"] > 0
    train(small_config(tmp_path, "training.epochs=1"), tmp_path / "run")
    assert main(["evaluate", str(tmp_path / "run"), "--choose-exponents"]) == 2
    said = capsys.readouterr().err
    assert "a ranking needs the tasks ctr and cvr, and searches" in said and said.count("\n") == 1


def test_a_run_whose_score_is_off_is_evaluated_by_pctcvr(ranker, dataset):
    off = replace(ranker.run, config=replace(ranker.run.config, score=ScoreConfig(0.0, 0.0, 0.0)))
    one, other = (evaluate_run(run, dataset=dataset, bootstrap=0) for run in (ranker.run, off))
    assert one["overall"]["tasks"]["ctcvr"] == other["overall"]["tasks"]["ctcvr"]

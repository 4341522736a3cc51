"""A run whose tasks are some of the three labels of a data folder ranks and scores like any other."""

import numpy as np
import pytest
from ranking_world import GATED, write_market

from minirank.config.configuration import Config, FolderConfig, ScoreConfig, TrainingConfig
from minirank.config.model import TaskConfig
from minirank.ranking import Ranker
from minirank.run.load_run import load_run
from minirank.run.prediction import ranking_score
from minirank.run.scoring import evaluate_run, score_data
from minirank.training import train


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A small market on disk."""
    path = tmp_path_factory.mktemp("market") / "data"
    write_market(path, impressions=1000)
    return path


@pytest.mark.parametrize("names", [("ctr",), ("ctr", "cvr"), ("cvr", "ctr")])
def test_a_run_with_fewer_tasks_ranks_and_scores(data, tmp_path, names):
    tasks = tuple(TaskConfig(name, given="ctr" if name == "cvr" else None) for name in names)
    settings = TrainingConfig(epochs=1, batch_rows=128, threads=2)
    train(Config(data=FolderConfig(data), tasks=tasks, model=GATED, training=settings), tmp_path / "run")
    run = load_run(tmp_path / "run")
    joint = {"ctcvr"} if "cvr" in names else set()
    scored = score_data(run, data)
    assert set(scored) == {"search_id", "job_id", "resume_id", "score", *names, *joint}
    np.testing.assert_array_equal(scored["score"], scored["ctcvr"] if joint else scored["ctr"])
    ranker = Ranker.load(run)
    shown = ranker.folder.impressions
    found = ranker.rank(ranker.folder.jobs[0]["job_id"], ["r000000", "r000001"], ranker.folder.roles[0], now=int(shown.time[0]))
    assert len(found.candidates) == 2
    for candidate in found.candidates:
        assert set(candidate.probabilities) == ({"pCTR", "pCVR", "pCTCVR"} if joint else {"pCTR"})
        assert set(candidate.gates) == set(names)


def test_a_regression_of_grades_trains_and_is_evaluated_whatever_it_predicts(data, tmp_path):
    tasks = (TaskConfig("ctr"), TaskConfig("cvr", given="ctr"), TaskConfig("relevance", loss={"mse": 1.0}))
    settings = TrainingConfig(epochs=1, batch_rows=128, threads=2)
    train(Config(data=FolderConfig(data), tasks=tasks, model=GATED, training=settings), tmp_path / "run")
    run = load_run(tmp_path / "run")
    predicted = score_data(run, data)["relevance"]
    assert predicted.min() < 0 or predicted.max() > 1
    found = evaluate_run(run, bootstrap=20)["overall"]["tasks"]
    assert list(found["relevance"]["metrics"]) == ["concordance", "ndcg@10", "mse"] and found["relevance"]["calibration"] is None
    assert "log_loss" in found["ctr"]["metrics"]
    alone = Config(data=FolderConfig(data), tasks=tasks[2:], model=GATED, training=settings)
    train(alone, tmp_path / "alone")  # stops on mean.mse, for there is no log loss
    assert load_run(tmp_path / "alone").config.training.early_stopping.metric == "mean.mse"


def test_a_regression_below_zero_leaves_the_score_a_number():
    values = {"ctr": np.array([0.5, 0.25]), "relevance": np.array([-0.1, 0.04])}
    np.testing.assert_allclose(ranking_score(values, ScoreConfig(ctr=1, relevance=0.5)), [0, 0.05])

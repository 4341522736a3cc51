"""Batches of whole searches: what they share is hidden for all of their rows or none, and a training is the same run after run."""

import numpy as np
import pytest
from ranking_world import write_market
from training_world import small_config

from minirank.config.configuration import Config, FolderConfig, config_from_dict, to_dict
from minirank.config.model import POSITION
from minirank.errors import ConfigError
from minirank.kernels.batch import same_in_searches, searches
from minirank.run.folder import read_metrics
from minirank.run.load_data import load_dataset
from minirank.training import feed, prepare, train
from minirank.training.checkpoint import Cursor

MODEL = {"role_unknown_share": 0.3, "position_unknown_share": 0.3, "field_unknown_share": 0.2, "dropout": 0.2, "expert_hidden": [16, 8]}
TRAINING = {"epochs": 2, "batch_rows": 64, "threads": 2, "batches": "searches", "early_stopping": None}


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    """(configuration, data set) of a market of 700 impressions."""
    path = tmp_path_factory.mktemp("searches").resolve()
    write_market(path, impressions=700)
    config = config_from_dict(to_dict(Config(FolderConfig(path))) | {"training": TRAINING, "model": MODEL})
    return config, load_dataset(config)


def test_what_a_search_shares_is_hidden_for_all_of_it(market, monkeypatch):
    ready = prepare(market[0], dataset=market[1])
    assert {"role", "job_title", "must_have", "min_years", "hires"} <= {*ready.shared}
    assert not {*ready.shared} & {POSITION, "resume_title", "text_similarity"}
    monkeypatch.setattr(feed, "PART_ROWS", 100)
    assert feed.shared_in_searches(ready.dataset) == ready.shared  # in parts
    made = feed.epoch_batches(ready.config, ready.plan, ready.dataset, ready.shared, 0, Cursor(0), ready.dataset.encoder)
    hidden, of_rows, taken = [], [], []
    for _, batch in made:
        assert batch.shared == ready.shared and {*batch.shared} <= {*same_in_searches(batch, ready.plan.spec)}
        first, _ = searches(batch.groups)
        taken += batch.groups[first].tolist()
        hidden += (batch.ids[first, ready.plan.spec.column("role")] == 0).tolist()
        of_rows.append(batch.ids[:, ready.plan.spec.column(POSITION)] == 0)
    assert len(taken) == len(set(taken)) and 0.1 < np.mean(hidden) < 0.5
    assert 0.25 < np.concatenate(of_rows).mean() < 0.35  # a position is hidden row by row


def files(folder):
    return [(folder / name).read_bytes() for name in ("model.npz", "metrics.jsonl")]


def test_a_training_has_the_same_bytes_again_and_when_it_was_stopped(market, tmp_path):
    config, dataset = market
    steps = iter(range(10**9))
    train(config, tmp_path / "whole", dataset=dataset)
    assert not train(config, tmp_path / "stopped", dataset=dataset, stop=lambda: next(steps) == 7).finished
    train(config, tmp_path / "stopped", dataset=dataset, resume=True)
    assert files(tmp_path / "whole") == files(tmp_path / "stopped")


def test_what_is_shared_changes_no_step(market, tmp_path, monkeypatch):
    """The same batches, whose rows are computed one by one: the same losses but for rounding."""
    config, dataset = market
    train(config, tmp_path / "once", dataset=dataset)
    hide, shared = feed.hide_inputs, []

    def hide_and_forget(batch, *arguments):
        hide(batch, *arguments)
        shared.append(batch.shared)
        object.__setattr__(batch, "shared", ())

    monkeypatch.setattr(feed, "hide_inputs", hide_and_forget)
    train(config, tmp_path / "each", dataset=dataset)
    assert all(shared) and files(tmp_path / "once") != files(tmp_path / "each")
    once, each = (read_metrics(tmp_path / name) for name in ("once", "each"))
    for one, other in zip(once, each, strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-4)


def test_rows_without_searches_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="training.batches is searches, but rows have none; name their column in data.columns.group"):
        train(small_config(tmp_path, "training.batches=searches"), tmp_path / "run")

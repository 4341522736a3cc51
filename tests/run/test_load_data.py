"""Which tasks a data set has labels for."""

from dataclasses import replace

import numpy as np
import pytest
from ranking_world import write_market

from minirank.config.configuration import Config, FolderConfig
from minirank.config.model import TaskConfig
from minirank.errors import ConfigError
from minirank.run.load_data import check_labels, load_dataset, resolve_tasks, select_tasks


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    """(configuration, data set) of a small market."""
    path = tmp_path_factory.mktemp("market").resolve()
    write_market(path, impressions=600)
    config = Config(data=FolderConfig(path))
    return config, load_dataset(config)


def tasks_of(market, labels=1.0, weights=1.0) -> list[str]:
    """The tasks where labels and weights are multiplied by those given, (3,) each."""
    config, dataset = market
    rows = dataset.rows
    rows = replace(rows, labels=np.float32(rows.labels * labels), weights=np.float32(rows.weights * weights))
    return [task.name for task in resolve_tasks(config, replace(dataset, rows=rows))]


def test_a_task_needs_a_label_with_a_weight(market):
    assert tasks_of(market) == ["ctr", "cvr", "relevance"]
    assert tasks_of(market, labels=np.array([1, 1, np.nan])) == ["ctr", "cvr"]
    assert tasks_of(market, weights=np.array([1, 1, 0])) == ["ctr", "cvr"]


@pytest.mark.parametrize("nothing", [{"labels": np.nan}, {"weights": 0}])
def test_data_without_a_label_are_one_line(market, nothing):
    with pytest.raises(ConfigError, match="no training row has a label .*data.columns.impressions.clicked: NAME, .* null for"):
        tasks_of(market, **nothing)


@pytest.mark.parametrize("loss", [{"bce": 1.0}, {"mse": 1.0}])
def test_clicks_between_0_and_1_are_refused(market, loss):
    _, dataset = market
    tasks = (TaskConfig("ctr", loss=loss), TaskConfig("cvr"))
    dataset = select_tasks(dataset, tasks)
    check_labels(dataset, tasks)
    halves = replace(dataset, rows=replace(dataset.rows, labels=dataset.rows.labels / 2))
    said = "task ctr: labels must be 0 or 1, for ctr and cvr mean clicks and conversions; give the tasks other"
    with pytest.raises(ConfigError, match=said):
        check_labels(halves, tasks)
    check_labels(select_tasks(halves, tasks[:1]), tasks[:1])  # one alone is any label

"""Labels that do not fit their tasks."""

from dataclasses import replace

import pytest
from ranking_world import write_market

from minirank.config.configuration import Config, FolderConfig
from minirank.config.model import TaskConfig
from minirank.errors import ConfigError
from minirank.run.load_data import check_labels, load_dataset, select_tasks


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    """(configuration, data set) of a small market."""
    path = tmp_path_factory.mktemp("market").resolve()
    write_market(path, impressions=600)
    config = Config(data=FolderConfig(path))
    return config, load_dataset(config)


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

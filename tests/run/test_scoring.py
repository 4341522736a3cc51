"""Scores in parts: no more than a part of them is made at a time, and the files have the bytes of whole columns."""

import io

import numpy as np
import pytest
from ranking_world import write_market

from minirank.config.configuration import Config, FolderConfig, config_from_dict, to_dict
from minirank.data import csv_cells
from minirank.data.csv_cells import write_csv
from minirank.data.read_files import Column
from minirank.run import scoring
from minirank.run.load_run import load_run
from minirank.run.prediction import NotFinite, check_finite
from minirank.run.scoring import LazyColumn, score_data, scores_of, write_predictions
from minirank.training.trainer import train

IDS = ["plain", "=1+1", "a,b", 'say "x"', "\u5c71\u7530", "a longer id than the others", "not used"]


def lazy(values, most):
    """A column that gives at most so many values at a time."""

    def part(first, last):
        assert last - first <= most
        return Column(values.codes[first:last], values.values) if isinstance(values, Column) else values[first:last]

    return LazyColumn(len(values.codes if isinstance(values, Column) else values), part)


@pytest.mark.parametrize("rows", [0, 1, 50])
@pytest.mark.parametrize("few", [1, 1_000])
def test_files_have_the_bytes_of_whole_columns(tmp_path, monkeypatch, rows, few):
    random = np.random.default_rng(rows)
    codes = random.integers(0, 6, rows).astype(np.int32)
    texts, numbers = np.array(IDS, object)[codes], random.random((rows, 2))[:, 0]
    whole = io.BytesIO()
    write_csv(whole, ["id", "ctr"], [texts, numbers])
    np.savez(tmp_path / "whole.npz", id=texts.astype(str), ctr=numbers)
    for module in (csv_cells, scoring):
        monkeypatch.setattr(module, "ROWS", 8)
    monkeypatch.setattr(csv_cells, "FEW", few)
    columns = {"id": lazy(Column(codes, IDS), 8), "ctr": lazy(numbers, 8)}
    write_predictions(tmp_path / "parts.csv", columns)
    assert (tmp_path / "parts.csv").read_bytes() == whole.getvalue()
    write_predictions(tmp_path / "parts.npz", columns)
    with np.load(tmp_path / "parts.npz") as ours, np.load(tmp_path / "whole.npz") as theirs:
        assert list(ours) == ["id", "ctr"] and all(ours[name].dtype == theirs[name].dtype for name in ours)
        assert all(ours[name].tobytes() == theirs[name].tobytes() for name in ours)


def test_scores_of_a_folder_are_those_of_its_whole_columns(tmp_path, monkeypatch):
    write_market(tmp_path / "data", impressions=200)
    training = {"epochs": 1, "backend": "reference"}
    train(config_from_dict(to_dict(Config(FolderConfig(tmp_path / "data"))) | {"training": training}), tmp_path / "run")
    run = load_run(tmp_path / "run")
    whole, lazily = score_data(run, tmp_path / "data"), scores_of(run, tmp_path / "data")
    assert list(lazily) == list(whole) and {"search_id", "job_id", "resume_id", "ctcvr", "score"} <= set(whole)
    for name, column in lazily.items():
        parts = [column[first : first + 7] for first in range(0, len(column), 7)]
        if whole[name].dtype == object:
            assert [part.values[code] for part in parts for code in part.codes] == whole[name].tolist()
        else:
            assert np.concatenate(parts).tobytes() == whole[name].tobytes()


def test_predictions_that_are_no_numbers_are_counted_over_all_parts():
    good, bad = {"ctr": np.zeros(3), "cvr": np.ones(3)}, {"ctr": np.ones(2), "cvr": np.array([np.nan, np.inf])}
    check_finite([good, good])
    with pytest.raises(NotFinite, match="cvr is NaN or infinite for 4 of 7 rows"):
        check_finite([bad, good, bad])

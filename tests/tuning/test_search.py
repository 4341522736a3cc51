"""A search: what is trained, kept, said and chosen; stopped anywhere it goes on to the same bytes; test rows are never seen."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import yaml
from command_line import refused, run
from training_world import write_table

from minirank.config.configuration import load_config
from minirank.errors import ConfigError
from minirank.run.folder import read_metrics
from minirank.run.load_data import load_dataset
from minirank.tuning import load_search, random_search, search
from minirank.tuning.random_search import FILES, Encoded, Searched
from minirank.tuning.table import Trial, best_of, difference, format_trials

SPACE = """
config: config.yaml
trials: 2
seeds: 2
space:
  training.optimiser.learning_rate: {choice: [0.02, 1.0e+30]}
"""
SETS = ["training.backend=reference", "training.epochs=2", "training.batch_rows=32"]


@pytest.fixture
def space(tmp_path):
    write_table(tmp_path, rows=60)
    (tmp_path / "space.yaml").write_text(SPACE)
    return tmp_path / "space.yaml"


def contents(folder):
    """File -> bytes, but for seconds."""
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "timing.jsonl"
    }


def test_a_stopped_search_goes_on_to_the_same_bytes(space, tmp_path):
    settings, whole = replace(load_search(space, SETS), trials=1), tmp_path / "whole"
    assert search(settings, whole, sets=SETS).finished
    for stops in (6, 9):
        folder, steps = tmp_path / f"stopped{stops}", iter([False] * (stops - 1) + [True])
        assert not search(settings, folder, sets=SETS, stop=lambda: next(steps)).finished
        with (folder / "trials.jsonl").open("a") as file:
            file.write('{"trial": 9, "se')  # of a line that a kill cut off
        assert search(settings, folder, sets=SETS, resume=True).finished
        found, wanted = contents(folder), contents(whole)
        assert found.keys() == wanted.keys() and all(found[name] == wanted[name] for name in wanted)


def test_lines_table_and_the_best_configuration(space, tmp_path, capsys):
    folder = tmp_path / "found"
    words = [word for each in SETS for word in ("--set", each)]
    status, said, progress = run(capsys, "tune", space, "--run", folder, *words)
    assert status == 0 and said.startswith((folder / "table.md").read_text())
    assert said.rstrip().endswith(f"next: minirank train {folder}/ranker.yaml") and progress.count("reading rows.csv") == 1
    lines = [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]
    assert [(line["trial"], line["seed"]) for line in lines] == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]
    good, bad = ([line for line in lines if (name in line)] for name in ("value", "failed"))
    assert {line["set"].get("training.optimiser.learning_rate") for line in bad} == {1e30}
    assert all(line["failed"].startswith("the loss is ") or "NaN" in line["failed"] for line in bad)
    for line in good:  # what the run itself noted of its best epoch
        noted = read_metrics(folder / f"trial{line['trial']:03d}" / f"seed{line['seed']}")[line["best_epoch"] - 1]["valid"]
        assert line["valid"] == noted and line["value"] == noted["mean.log_loss"]
    text = (folder / "table.md").read_text()
    assert "No test row was looked at" in text and re.search(r"(?m)^- trial \d \(training.optimiser.learning_rate 1e\+30\) failed", text)
    mean = {number: np.mean([line["value"] for line in good if line["trial"] == number]) for number in {line["trial"] for line in good}}
    best = min(mean, key=mean.get)
    assert text.split("---: |\n")[1].startswith(f"| {best}")
    rate = load_config(folder / "ranker.yaml").training.optimiser.learning_rate
    assert rate == (0.02 if best else 0.01) and yaml.safe_load((folder / "ranker.yaml").read_text())["training"]["epochs"] == 2
    assert run(capsys, "train", folder / "ranker.yaml", "--run", tmp_path / "best")[0] == 0


def test_more_seeds_and_trials_of_a_search(space, tmp_path, capsys):
    words = ["tune", space, "--run", tmp_path / "found", "--trials", "0", *(word for each in SETS for word in ("--set", each))]
    assert run(capsys, *words, "--seeds", "1")[0] == 0
    first = (tmp_path / "found" / "trials.jsonl").read_text()
    assert "add --resume to go on" in refused(capsys, *words)
    assert "training.epochs was 2 and is now 3" in refused(capsys, *words, "--resume", "--set", "training.epochs=3")
    status, said, _ = run(capsys, *words, "--resume")
    assert status == 0 and "over 2 seeds" in said and (tmp_path / "found" / "trials.jsonl").read_text().startswith(first)
    assert run(capsys, *words, "--force", "--seeds", "1")[0] == 0 and (tmp_path / "found" / "trials.jsonl").read_text() == first


def test_test_rows_are_taken_out(space, tmp_path):
    config = load_config(space.parent / "config.yaml", [f"data.table.test={space.parent / 'rows.csv'}"])
    assert len(load_dataset(config).test) == 60 and len(Encoded().of(config).test) == 0


def test_data_are_read_again_only_for_other_data(space, tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(random_search, "load_dataset", lambda config, say, kept: read.append(config) or load_dataset(config))
    data, path = Encoded(), space.parent / "config.yaml"
    for override in ("model.experts=1", "training.epochs=1", "data.columns.min_count=3", "model.dropout=0.1"):
        data.of(load_config(path, [override]))
    assert len(read) == 3


def test_trials_that_cannot_be_compared_say_so(space, tmp_path):
    space.write_text("config: config.yaml\ntrials: 1\nspace: {data.table.valid_share: {uniform: [0.3, 0.4]}}")
    text = search(load_search(space), tmp_path / "found", sets=[*SETS, "training.epochs=1"]).text
    assert "trial 1 (data.table.valid_share 0." in text and "other validation rows" in text


@pytest.mark.parametrize(
    ("line", "words"),
    [("metric: ctr.acu", "metric: ctr.acu is unknown; choose one of"), ("trials: 0", "the first that failed: the loss is")],
)
def test_searches_that_come_to_nothing(space, tmp_path, line, words):
    space.write_text(f"config: config.yaml\n{line}")
    with pytest.raises(ConfigError, match=words):
        search(load_search(space), tmp_path / "found", sets=[*SETS, "training.optimiser.learning_rate=1e30"])


def test_folders_and_files_that_are_not_to_be_used(space, tmp_path, capsys):
    assert "holds config.yaml but no search" in refused(capsys, "tune", space, "--run", tmp_path)
    assert "nothing to resume" in refused(capsys, "tune", space, "--run", tmp_path / "new", "--resume")
    (tmp_path / "ranker.yaml").write_bytes((tmp_path / "config.yaml").read_bytes())
    assert "would overwrite" in refused(capsys, "tune", tmp_path / "ranker.yaml", "--run", tmp_path)
    folder = tmp_path / "found"
    settings = replace(load_search(space), trials=0, seeds=1)
    assert search(settings, folder, sets=[*SETS, "training.epochs=1"]).finished
    assert {*FILES} <= {path.name for path in folder.iterdir()}
    (folder / "trials.jsonl").write_text("{}\n")
    words = [word for each in [*SETS, "training.epochs=1"] for word in ("--set", each)]
    assert "trials.jsonl: damaged; restore it" in refused(capsys, "tune", space, "--run", folder, "--resume", *words)


def test_ctrl_c_says_how_to_go_on(space, monkeypatch, capsys):
    monkeypatch.setattr("minirank.tuning.search", lambda *_, folder=None, **__: Searched(folder, False))
    status, _, said = run(capsys, "tune", space, "--seeds", "3", "--set", "training.epochs=2")
    assert status == 130 and said == f"stopped; go on with: minirank tune {space} --resume --seeds 3 --set training.epochs=2\n"
    assert "--seeds must be 1 or more and at most 1000" in refused(capsys, "tune", space, "--seeds", "5000")


def trial(number, *values):
    return Trial(number, {"a": number} if number else {}, [{"value": value} for value in values])


def test_the_table_by_hand():
    """d = .02, .02, .05: mean .03, sd .01732, t(.975; 2) = 4.3027, so .03 +- .0430."""
    assert difference(np.array([0.02, 0.03, 0.07]), np.array([0.0, 0.01, 0.02])) == pytest.approx((0.03, -0.01303, 0.07303), abs=1e-5)
    tried = [trial(0, 0.5, 0.6), trial(1, 0.4, 0.5001), trial(2, 0.4, 0.7), Trial(3, {"a": "|"}, [{"value": 0.0}, {"failed": "no"}])]
    assert best_of(tried, "mean.log_loss").number == 1 and best_of(tried, "ctr.auc").number == 0  # of two equal means the earlier
    assert format_trials(tried, "mean.log_loss").splitlines()[2:] == [
        "| trial | a | mean | deviation | against the best |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| 1 | 1 | 0.45005 | 0.071 |  |",
        "| 0, as it stands |  | 0.55 | 0.071 | +0.1 (+0.099 to +0.1) |",
        "| 2 | 2 | 0.55 | 0.21 | no difference |",
        "",
        "- trial 3 (a \\|) failed with 1 of 2 seeds: no",
    ]
    assert "one seed, which tells nothing of the spread" in format_trials([trial(0, 0.5)], "ctr.auc")

"""`minirank train --plot` leaves the learning curves as a picture in the run folder, anew each epoch."""

import xml.etree.ElementTree as ElementTree

import pytest
from command_line import run
from training_world import small_config, write_table

from minirank.report.plot import plot_curves
from minirank.training import train

QUICK = ("--set", "training.epochs=2", "--set", "training.backend=reference")


def test_the_command_draws_the_curves(capsys, tmp_path):
    config = write_table(tmp_path, rows=120)
    assert run(capsys, "train", config, "--run", tmp_path / "run", *QUICK)[0] == 0
    assert not (tmp_path / "run" / "curves.svg").exists()
    assert run(capsys, "train", config, "--run", tmp_path / "run", *QUICK, "--force", "--plot")[0] == 0
    text = (tmp_path / "run" / "curves.svg").read_text()
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg" and "run: 2 epochs, dotted the one that is kept" in text
    for said in ("ctr: loss", "cvr: on validation rows", "training, cross-entropy", "validation, log loss"):
        assert said in text
    assert run(capsys, "train", config, "--run", tmp_path / "run", *QUICK, "--force")[0] == 0
    assert not (tmp_path / "run" / "curves.svg").exists()  # it was of the run that is gone


def test_it_is_drawn_anew_after_each_epoch(tmp_path):
    config, drawn = small_config(tmp_path, "training.backend=reference", "training.epochs=3", rows=120), []
    train(config, tmp_path / "run", after_epoch=lambda folder: drawn.append(plot_curves(folder).read_text()))
    assert [f"run: {epochs}" in text for epochs, text in enumerate(drawn, 1)] == [True, True, True] and len({*drawn}) == 3


def test_before_the_first_epoch_there_is_an_empty_sheet(tmp_path):
    config = small_config(tmp_path, "training.backend=reference", rows=120)
    assert not train(config, tmp_path / "run", stop=lambda: True).finished
    assert "run: 0 epochs" in plot_curves(tmp_path / "run").read_text()


def test_a_picture_that_cannot_be_written_ends_no_training(capsys, tmp_path):
    config = write_table(tmp_path, rows=120)
    assert run(capsys, "train", config, "--run", tmp_path / "run", *QUICK)[0] == 0
    (tmp_path / "run" / "model.npz").unlink()
    (tmp_path / "run" / "curves.svg").mkdir()
    status, _, said = run(capsys, "train", config, "--run", tmp_path / "run", *QUICK, "--force", "--plot")
    assert status == 0 and said.count("the learning curves are not drawn: ") == 2 and (tmp_path / "run" / "model.npz").exists()


@pytest.mark.parametrize("best", [0, 2])
def test_the_epoch_that_is_kept_is_marked(tmp_path, best):
    config = small_config(tmp_path, "training.backend=reference", "training.epochs=2", rows=120)
    train(config, tmp_path / "run")
    metrics = tmp_path / "run" / "metrics.jsonl"
    lines = metrics.read_text().splitlines()
    metrics.write_text("\n".join(line.replace('"best": true', '"best": false') if not best else line for line in lines) + "\n")
    assert (">kept<" in plot_curves(tmp_path / "run").read_text()) == bool(best)

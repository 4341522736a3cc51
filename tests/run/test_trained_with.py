"""A model knows its configuration, its data's facts and its encoder: what changed since is named, what may change is not."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from case_table import cases
from command_line import refused, run
from training_world import small_config

from minirank.config.configuration import config_from_dict, for_predictions, load_config, to_dict, to_yaml
from minirank.errors import RunError
from minirank.npz import read_npz
from minirank.run.load_run import load_run
from minirank.run.trained_with import NAME
from minirank.storage import save_npz
from minirank.training import train


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """(configuration, folder) of a finished run, whose table lies beside it."""
    base = tmp_path_factory.mktemp("finished")
    config = small_config(base, "training.backend=reference", "training.epochs=2", rows=120)
    train(config, base / "run")
    return config, base / "run"


@pytest.fixture
def stopped(finished, tmp_path):
    """The same, stopped in its second epoch."""
    config, _ = finished
    steps = iter([False, False, True])
    assert not train(config, tmp_path / "stopped", stop=lambda: next(steps)).finished
    return config, tmp_path / "stopped"


@pytest.fixture
def folder(finished, tmp_path):
    """A copy of the run."""
    return Path(shutil.copytree(finished[1], tmp_path / "run"))


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@cases("""
    old | new | message
    experts: 2 | experts: 3 | model.experts was 2 when the model was trained and is now 3; train again, or set it back
    valid_share: 0.2 | valid_share: 0.5 | data.table.valid_share was 0.2 when the model was trained and is now 0.5
    precision: float32 | precision: float64 | training.precision was 'float32' when the model was trained and is now 'float64'
    given: ctr | given: null | tasks was [
    position_field: position | position_field: city | model.position_field was 'position' when
    seed: 0 | seed: 1 | data.table.seed was 0 when
""")
def test_a_changed_configuration_is_named(capsys, folder, old, new, message):
    edit(folder / "config.yaml", old, new)
    said = refused(capsys, "evaluate", folder, "--split", "valid")
    assert "config.yaml: " in said and message in said


@pytest.mark.parametrize("name", ["table_encoder.json", "data.json"])
def test_a_changed_file_is_named(finished, stopped, folder, name):
    """One byte that changes no meaning is enough, for reading and for going on."""
    config, unfinished = stopped
    for each in (folder, unfinished):
        (each / name).write_text((each / name).read_text() + "\n")
    with pytest.raises(RunError, match=f"run/{name}: is not the one that model.npz was trained with; train again, or restore the file"):
        load_run(folder)
    with pytest.raises(RunError, match=f"stopped/{name}: is not the (one that checkpoint.npz was trained with|encoder that this)"):
        train(config, unfinished, resume=True)
    (folder / name).unlink()
    with pytest.raises(RunError, match=f"{name}: (cannot be read|is missing that model.npz was trained with)"):
        load_run(folder)
    shutil.copy(finished[1] / name, folder / name)
    (folder / "encoder.npz").write_bytes(b"of another run")
    with pytest.raises(RunError, match="encoder.npz: was not there that model.npz was trained with"):
        load_run(folder)


def test_a_model_of_another_run_is_refused(finished, folder, tmp_path):
    """The same shapes, other data: nothing but what the model carries tells them apart."""
    other = small_config(tmp_path, "training.backend=reference", "training.epochs=1", rows=121)
    train(other, tmp_path / "other")
    shutil.copy(tmp_path / "other" / "model.npz", folder / "model.npz")
    with pytest.raises(RunError, match="is not the one that model.npz was trained with"):
        load_run(folder)


def test_what_may_change_after_training(capsys, finished, folder, tmp_path):
    """The score, the server, how it was trained, comments and the order of keys; and the data may move."""
    path, before = folder / "config.yaml", (folder / "model.npz").read_bytes()
    moved = tmp_path / "moved" / "rows.csv"
    moved.parent.mkdir()
    shutil.copy(finished[0].data.table.train, moved)
    edit(path, str(finished[0].data.table.train), str(moved))
    edit(path, "  cvr: 1.0", "  cvr: 2.0")
    edit(path, "epochs: 2", "epochs: 9  # a remark")
    edit(path, "threads: 2", "threads: 1")
    edit(path, "concurrency: 8", "concurrency: 3")
    _, expected, _ = run(capsys, "evaluate", finished[1], "--split", "valid", "--bootstrap", 0)
    assert run(capsys, "evaluate", folder, "--split", "valid", "--bootstrap", 0) == (0, expected.replace(str(finished[1]), str(folder)), "")
    assert load_run(folder).config.score.cvr == 2.0
    edit(path, str(moved), "../moved/rows.csv")  # relative to the file, as in any configuration
    assert load_run(folder).config.data.table.train.samefile(moved)
    assert (folder / "model.npz").read_bytes() == before


def test_the_configuration_is_read_as_it_was_written(tmp_path):
    """Names of columns that YAML, or one of its writers, takes for something else; a name that came back as another were a change."""
    names = "on|null|1|1e3|~|- a|a: b|é|\x85x|a\x85b|\u2028|#c|2020-01-01|x\ny| lead|😀|12:30|<<".split("|")
    labels = [{"name": "ctr", "column": "y", "positive": "1"}, {"name": "b", "column": 7, "positive": 1.5}]
    columns = {"categorical": names, "tasks": labels}
    data = {"table": {"train": "r.csv", "missing": ["", "NA", "1e5"]}, "columns": columns}
    tasks = [{"name": "ctr", "loss": {"bce": 1e-7}}, {"name": "b", "loss": {"bce": 0.1, "mse": 1e22}}]
    config = config_from_dict({"data": data, "tasks": tasks})
    (tmp_path / "config.yaml").write_text(to_yaml(config), encoding="utf-8")
    read, carried = load_config(tmp_path / "config.yaml"), config_from_dict(json.loads(json.dumps(to_dict(for_predictions(config)))))
    assert for_predictions(read) == for_predictions(config) == for_predictions(carried)


def test_data_that_are_gone(capsys, folder, tmp_path):
    edit(folder / "config.yaml", "rows.csv", "gone.csv")
    said = refused(capsys, "evaluate", folder, "--split", "valid")
    assert f"if they moved, set data.table.train in {folder / 'config.yaml'}" in said


def test_a_run_of_an_earlier_version_is_read_with_a_line(capsys, folder, tmp_path, finished):
    arrays = read_npz(folder / "model.npz")
    del arrays[NAME]
    save_npz(folder / "model.npz", arrays)
    status, _, said = run(capsys, "evaluate", folder, "--split", "valid", "--bootstrap", 0)
    assert status == 0 and said.count("\n") == 1
    assert "trained by an earlier version, so that nothing tells whether its configuration or encoder changed since" in said


def test_a_checkpoint_of_an_earlier_version_goes_on(stopped, finished):
    config, unfinished = stopped
    arrays = read_npz(unfinished / "checkpoint.npz")
    del arrays[NAME]
    save_npz(unfinished / "checkpoint.npz", arrays)
    assert train(config, unfinished, resume=True).finished
    assert (unfinished / "model.npz").read_bytes() == (finished[1] / "model.npz").read_bytes()


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"config": {}, "files": {}}', b'{"config": 3, "files": 3}', b"\xff"])
def test_what_a_model_carries_may_be_damaged(folder, content):
    arrays = read_npz(folder / "model.npz")
    save_npz(folder / "model.npz", arrays | {NAME: np.frombuffer(content, np.uint8)})
    with pytest.raises(RunError, match="model.npz: trained_with is damaged; train again, or restore the file"):
        load_run(folder)


def test_an_encoder_of_another_version_does_not_go_on(stopped, monkeypatch):
    """The data are the same, yet this version reads them in another way: training on would mix both."""
    config, unfinished = stopped
    from minirank.data.table import encoder

    monkeypatch.setattr(encoder, "_vocabulary", lambda *_: ("x", "y"))
    with pytest.raises(RunError, match="table_encoder.json: is not the encoder that this version fits to the data; restore it, go on with"):
        train(config, unfinished, resume=True)


def test_the_configuration_of_resume_must_be_the_same_but_for_paths(stopped, tmp_path):
    config, unfinished = stopped
    with pytest.raises(RunError, match="training.epochs was 2 and is now 5"):
        train(replace(config, training=replace(config.training, epochs=5)), unfinished, resume=True)
    (tmp_path / "moved").mkdir()
    shutil.copy(config.data.table.train, tmp_path / "moved" / "rows.csv")
    table = replace(config.data.table, train=tmp_path / "moved" / "rows.csv")
    assert train(replace(config, data=replace(config.data, table=table)), unfinished, resume=True).finished
    assert load_config(unfinished / "config.yaml").data.table.train == config.data.table.train

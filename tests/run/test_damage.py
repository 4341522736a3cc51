"""Every damage to a run, and to the place where a training stands, is one line that says what to do."""

import json
import re
from functools import reduce
from operator import getitem

import numpy as np
import pytest
from case_table import cases
from stopped_run import REFERENCE, refused, unreadable
from training_world import small_config

from minirank.npz import read_npz
from minirank.run.load_run import load_run
from minirank.run.prediction import NotFinite
from minirank.run.scoring import score_data
from minirank.storage import save_npz
from minirank.training import train

EPOCHS = (
    '{"epoch": "1", "loss": 1, "valid": {}, "best": true}',
    '{"epoch": 1, "loss": 1, "valid": {}, "best": "no"}',
    '{"epoch": 1, "loss": NaN, "valid": {}, "best": true}',
    '{"epoch": 1, "loss": 1, "valid": null, "best": true}',
)


def test_a_truncated_checkpoint(copy):
    config, folder = copy
    path = folder / "checkpoint.npz"
    whole = path.read_bytes()
    for size in (0, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        assert "checkpoint.npz: truncated or damaged; train again with --force" in refused(config, folder, resume=True)
    flipped = bytearray(whole)
    flipped[len(whole) // 3] ^= 1
    path.write_bytes(flipped)
    assert "truncated or damaged" in refused(config, folder, resume=True)


def test_a_checkpoint_of_another_format_or_model(copy):
    config, folder = copy
    arrays = read_npz(folder / "checkpoint.npz")
    place = json.loads(arrays["place"].tobytes())

    def write(place, **others):
        text = np.frombuffer(json.dumps(place).encode(), np.uint8)
        save_npz(folder / "checkpoint.npz", arrays | others | {"place": text})

    write(place | {"format": 99})
    assert "checkpoint.npz: format 99, this minirank reads 1" in refused(config, folder, resume=True)
    write(place, **{"m.dense": np.zeros(3)})
    assert re.search(r"m.dense must be \(\d+,\) float64, it is \(3,\) float64", refused(config, folder, resume=True))
    save_npz(folder / "checkpoint.npz", {"other": np.zeros(3)})
    assert "place must be (any,) uint8, it is missing" in refused(config, folder, resume=True)
    write({"step": "many"})
    assert "no checkpoint of minirank" in refused(config, folder, resume=True)


def test_damaged_runs(copy):
    _, folder = copy
    model = (folder / "model.npz").read_bytes()
    (folder / "model.npz").write_bytes(model[:-40])
    assert "model.npz: truncated or damaged" in unreadable(folder)
    save_npz(folder / "model.npz", {"position_bias": np.zeros((3, 1))})
    assert re.search("model.npz: .* must be .*, it is missing", unreadable(folder))
    (folder / "model.npz").unlink()
    assert "no epoch is finished yet; go on with `minirank train --resume`" in unreadable(folder)
    for name, text, words in (
        ("data.json", '{"inputs": 3}', "data.json: damaged"), ("data.json", "{", "data.json: truncated or damaged"),
        ("config.yaml", "data: {folder: x}\nmodel: {expertz: 3}", "config.yaml: model.expertz: unknown key"),
    ):  # fmt: skip
        (folder / name).write_text(text)
        assert words in unreadable(folder)


@cases("""
    change= | message
    "text" | must be \\(.*\\) float64, it is \\(.*\\) <U
    "narrow" | must be \\(.*\\) float64, it is \\(.*\\) float32
    "long" | must be \\((\\d+), .*\\) float64, it is \\(\\d+,\\) float64
    "nan" | has a number that is not finite
    "inf" | has a number that is not finite
    "gone" | must be .*, it is missing
""")
def test_a_model_of_other_types_or_values(copy, change, message):
    _, folder = copy
    arrays = read_npz(folder / "model.npz")
    name = next(name for name, array in arrays.items() if array.ndim == 2 and array.size)
    ways = {
        "text": lambda a: a.astype("U9"),
        "narrow": np.float32,
        "long": np.ravel,
        "nan": lambda a: a * np.nan,
        "inf": lambda a: a + np.inf,
    }
    if change == "gone":
        del arrays[name]
    else:
        arrays[name] = ways[change](arrays[name])
    save_npz(folder / "model.npz", arrays)
    assert re.search(f"model.npz: {re.escape(name)} {message}", unreadable(folder))


def test_a_model_that_predicts_no_number(tmp_path):
    """Finite parameters whose products are not: no NaN and no infinity leaves a command."""
    config = small_config(tmp_path, "training.epochs=1", *REFERENCE, rows=120)
    train(config, tmp_path / "run")
    arrays = read_npz(tmp_path / "run" / "model.npz")
    for array in arrays.values():
        if array.dtype.kind == "f":
            array[...] = 1e200
    save_npz(tmp_path / "run" / "model.npz", arrays)
    with pytest.raises(NotFinite, match=r"ctr is NaN or infinite for \d+ of 120 rows; train again, or restore the run's files"):
        score_data(load_run(tmp_path / "run"), tmp_path / "rows.csv")


@pytest.mark.parametrize("text", ["[]", "null", "5"])
@pytest.mark.parametrize("name", ["versions.json", "data.json"])
def test_json_of_another_kind(copy, name, text):
    config, folder = copy
    (folder / name).write_text(text)
    assert f"{name}: damaged; train again, or restore the file" in unreadable(folder)
    assert f"{name}: damaged" in refused(config, folder, resume=True)


@cases("""
    keys | value= | message
    label_rates rates | {} | is not the one that model.npz was trained with
    label_rates rates | [] | damaged
    label_rates rates ctr.bce | "much" | damaged
    label_rates rows | "many" | damaged
    label_rates rates ctr.bce | 0 | damaged
    label_rates rates ctr.bce | -1 | damaged
    label_rates rates ctr.bce | 1e300 | damaged
    inputs categorical | [["who", 99999999999]] | damaged
    label_rates | 7 | damaged
    inputs categorical | [["who", "x"]] | damaged
    inputs bags | [["tags", -3]] | damaged
    inputs tasks | ["ctr"] | is not the one that model.npz was trained with
    fingerprint | None | damaged
""")
def test_damaged_facts_about_the_data(copy, keys, value, message):
    _, folder = copy
    facts = json.loads((folder / "data.json").read_text())
    *path, last = keys.split()
    reduce(getitem, path, facts)[last] = value
    (folder / "data.json").write_text(json.dumps(facts))
    assert f"data.json: {message}; train again, or restore the file" in unreadable(folder)


@pytest.mark.parametrize("key, value", [("categorical", []), ("dense", ["age", "age"]), ("bags", [["tags", 2]]), ("of_request", ["who"])])
def test_facts_that_do_not_fit_the_encoder(copy, key, value):
    """In the run of an earlier version, where nothing vouches for them."""
    _, folder = copy
    save_npz(folder / "model.npz", {name: array for name, array in read_npz(folder / "model.npz").items() if name != "trained_with"})
    facts = json.loads((folder / "data.json").read_text())
    facts["inputs"][key] = value
    (folder / "data.json").write_text(json.dumps(facts))
    assert "data.json: the encoder makes other inputs; train again, or restore the file" in unreadable(folder)


@pytest.mark.parametrize("text", [None, "", '{"epoch": 1, "lo', "[]\n", "{}\n", "\xff", *EPOCHS])
def test_a_finished_run_whose_metrics_are_damaged(copy, text):
    config, folder = copy
    train(config, folder, resume=True)
    (folder / "metrics.jsonl").unlink()
    if text is not None:
        (folder / "metrics.jsonl").write_text(text, encoding="latin-1")
    assert "metrics.jsonl: " in refused(config, folder, resume=True)

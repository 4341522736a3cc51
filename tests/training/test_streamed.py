"""More rows than memory: read part by part from where they are kept, and trained to the same bytes as in memory."""

import errno
import os
import re
import shutil
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from ranking_world import write_market

from minirank.config.byte_sizes import bytes_of
from minirank.config.configuration import Config, FolderConfig, config_from_dict, to_dict
from minirank.config.yaml_files import with_override
from minirank.data.kept import store
from minirank.data.kept.mapped_rows import MappedRows
from minirank.data.kept.store import FOLDER, Kept
from minirank.errors import ConfigError, DataError
from minirank.features import encode_in_parts
from minirank.kernels.batch import Batch
from minirank.run.load_data import load_dataset
from minirank.run.load_run import load_run
from minirank.run.memory_plan import PROCESS
from minirank.run.scoring import score_data
from minirank.training import batches, feed
from minirank.training.batches import shuffled
from minirank.training.trainer import train

FILES = ("model.npz", "metrics.jsonl", "data.json", "encoder.npz", "evaluation.json")
LITTLE = f"{PROCESS / 1e6 + 0.2}MB"  # the rows do not fit beside the rest


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    path = tmp_path_factory.mktemp("streamed").resolve()
    write_market(path, impressions=600)
    return path


def config(market, memory, **model):
    """A training of a moment; the rest of the keys as in a file."""
    training = {"epochs": 2, "batch_rows": 32, "backend": "reference", "memory": memory}
    return config_from_dict(to_dict(Config(FolderConfig(market))) | {"training": training, "model": model})


def lists(bag, rows):
    """The ids of some rows, row by row."""
    return [bag.ids[bag.offsets[entity] : bag.offsets[entity + 1]].tolist() for entity in bag.entity[rows]]


def test_rows_that_are_mapped_are_the_rows_in_memory(market):
    whole = load_dataset(config(market, None), kept=Kept()).rows
    mapped = load_dataset(config(market, LITTLE), kept=Kept()).rows
    assert isinstance(whole, Batch) and isinstance(mapped, MappedRows) and len(mapped) == 600
    for rows in (np.arange(600), np.array([5]), np.random.default_rng(0).integers(600, size=100), np.arange(599, 0, -7)):
        ours, theirs = mapped.take(rows), whole.take(rows)
        for name in ("ids", "dense", "labels", "weights", "groups"):
            assert getattr(ours, name).tobytes() == getattr(theirs, name).tobytes()
        for one, other in zip(ours.bags, theirs.bags):
            assert one.offsets[-1] == one.offsets[-2]  # for `hide`
            assert lists(one, slice(None)) == lists(other, slice(None))
            same = one.entity[:, None] == one.entity
            assert (same == (other.entity[:, None] == other.entity)).all()
            assert (np.argsort(one.entity, kind="stable") == np.argsort(other.entity, kind="stable")).all()
        for one, other in combinations(ours.bags, 2):  # `hide_inputs` writes into each
            assert not np.shares_memory(one.entity, other.entity)
    assert [mapped.field(column).tolist() for column in (0, 3)] == whole.ids[:, [0, 3]].T.tolist()


@pytest.mark.parametrize("loss, rows", [({"bce": 1.0}, "rows"), ({"pairwise": 1.0}, "rows"), ({"bce": 1.0}, "searches")])
def test_a_training_has_the_same_bytes_whether_its_rows_are_in_memory_or_not(market, tmp_path, monkeypatch, loss, rows):
    monkeypatch.setattr(batches, "WINDOW", 128)
    monkeypatch.setattr(batches, "BLOCK", 16)
    monkeypatch.setattr(feed, "PART_ROWS", 70)
    for name, memory in (("whole", None), ("little", LITTLE)):
        made = config(market, memory, name_unknown_share=0.3)
        made = config_from_dict(to_dict(made) | {"tasks": [{"name": "ctr", "loss": loss}]})
        made = replace(made, training=replace(made.training, batches=rows))
        said, steps = [], iter(range(10**9))
        if name == "little":  # stopped in the middle of a part, and resumed
            train(made, tmp_path / name, stop=lambda steps=steps: next(steps) == 4, kept=Kept())
        train(made, tmp_path / name, resume=name == "little", kept=Kept())
    for name in FILES:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "little" / name).read_bytes(), name
    scores = [score_data(load_run(tmp_path / name), market, said.append, Kept()) for name in ("whole", "little")]
    assert all(scores[0][column].tobytes() == scores[1][column].tobytes() for column in scores[0] if scores[0][column].dtype != object)


def test_rows_that_are_cut_while_they_train_are_one_line_and_are_made_anew(market, tmp_path, monkeypatch):
    """Reading on where a mapped file no longer reaches would end the process by SIGBUS."""
    monkeypatch.setattr(feed, "PART_ROWS", 70)
    data = shutil.copytree(market, tmp_path / "data", ignore=shutil.ignore_patterns(FOLDER))
    train(config(data, LITTLE), tmp_path / "whole", kept=Kept())
    steps = iter(range(10**9))

    def cut():
        if next(steps) == 4:
            (rows,) = (data / FOLDER).glob("rows-*.bin")
            os.truncate(rows, 4096)
        return False

    with pytest.raises(
        DataError, match=r"^.minirank: rows that are kept in this folder of the data were cut off .*; start again \(a training with --res"
    ):
        train(config(data, LITTLE), tmp_path / "cut", stop=cut, kept=Kept())
    assert train(config(data, LITTLE), tmp_path / "cut", resume=True, kept=Kept()).finished
    for name in FILES:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "cut" / name).read_bytes(), name


def test_what_is_planned_is_said_in_a_line(market):
    def said(memory, kept):
        lines = []
        load_dataset(config(market, memory), say=lines.append, kept=kept)
        return [line for line in lines if line.startswith("training.memory")]

    assert said(None, Kept()) == []
    assert said("2GB", Kept())[0].startswith("training.memory is 2GB: 600 rows, which take ") and said("2GB", Kept())[0].endswith(
        "are in memory"
    )
    told = (
        r"training.memory is \S+: 600 rows, which take 0 MB in memory, more than the 0 MB that it leaves for them, are read part by part .*"
    )
    assert re.fullmatch(told, said(LITTLE, Kept())[0])
    assert load_dataset(config(market, "451MB"), kept=Kept())  # as the line below says
    assert (market / FOLDER).exists()
    with pytest.raises(ConfigError, match=r"training.memory is 100MB, but 600 rows need 451MB even where .*; set it to that or more"):
        said("100MB", Kept())


@pytest.mark.parametrize("name", ["memory", "split_tables"])
def test_a_size_is_written_with_its_unit_or_as_bytes(market, name):
    def given(text):
        return config_from_dict(with_override(to_dict(Config(FolderConfig(market))), f"training.{name}={text}")).training

    for text in (
        "-1",
        "0",
        "5",
        "10",
        "999999",
        "abc",
        "'2'",
        "GB",
        "-1GB",
        "0GB",
        "1e9",
        "2 GigaBytes",
        "true",
        "1.5",
        "[2GB]",
        "{GB: 2}",
    ):
        with pytest.raises(ConfigError) as error:
            given(text)
        assert re.fullmatch(
            rf"training(: {name} must be|.{name}: expected) a size such as 2GB or 500MB, or a number of bytes such as 2000000000, got .*",
            str(error.value),
        ), text
    for text, size in (
        ("2GB", 2 * 10**9),
        ("500M", 5 * 10**8),
        ("'1.5 gib'", 3 * 2**29),
        ("2000000000", 2 * 10**9),
        ("2_000_000_000", 2 * 10**9),
        ("1kB", 1000),
    ):
        assert bytes_of(getattr(given(text), name)) == size
    assert getattr(given("null"), name) is None


def test_the_order_keeps_neighbours_in_few_windows(monkeypatch):
    monkeypatch.setattr(batches, "WINDOW", 1000)
    monkeypatch.setattr(batches, "BLOCK", 50)
    starts = np.cumsum(np.random.default_rng(0).integers(1, 9, 2000))
    starts, rows = starts - starts[0], int(starts[-1] - starts[0] + 3)
    order = shuffled(starts, rows, np.random.default_rng(1))
    assert sorted(order.tolist()) == list(range(2000))
    sizes = np.diff(np.append(starts, rows))[order]
    window = np.cumsum(sizes) // 1000
    for number in range(window[-1]):  # a window has about 20 blocks of neighbours, out of 190
        blocks = np.unique(starts[order][window == number] // 50)
        assert len(blocks) < 50
    block = starts[order] // 50
    assert (block[1:] == block[:-1]).mean() < 0.15  # and neighbours do not stay together
    small = np.arange(10)
    assert (shuffled(small, 10, np.random.default_rng(3)) == np.random.default_rng(3).permutation(10)).all()


def test_rows_that_exceed_the_memory_are_encoded_in_parts_to_the_same_bytes(market, tmp_path, monkeypatch):
    monkeypatch.setattr(encode_in_parts, "PART", 100)
    found = {}
    for name, memory in (("whole", None), ("little", LITTLE)):
        data = shutil.copytree(market, tmp_path / name / "data", ignore=shutil.ignore_patterns(FOLDER))
        found[name] = load_dataset(config(data, memory), kept=Kept())
    whole, little = found["whole"], found["little"]
    assert isinstance(little.rows, MappedRows) and isinstance(whole.rows, Batch)
    in_memory = little.rows.in_memory()
    for name in ("ids", "dense"):
        assert getattr(in_memory, name).tobytes() == getattr(whole.rows, name).tobytes()
    for one, other in zip(in_memory.bags, whole.rows.bags, strict=True):
        assert all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in ("entity", "offsets", "ids"))
    assert little.columns == whole.columns and little.fingerprint == whole.fingerprint
    for name, dataset in found.items():
        dataset.encoder.save(tmp_path / name)
    for name in ("encoder.json", "encoder.npz"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "little" / name).read_bytes()


def test_where_rows_cannot_be_kept_a_line_says_so(market, tmp_path, monkeypatch):
    data = shutil.copytree(market, tmp_path / "data", ignore=shutil.ignore_patterns(FOLDER))
    with pytest.raises(
        ConfigError, match=r"training.memory: these rows must be kept beside the data, in .*\.minirank: with --no-cache nothing is kept; "
    ):
        load_dataset(config(data, LITTLE))

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(ConfigError, match="No space left on device; free some space, or raise training.memory "):
        load_dataset(config(data, LITTLE), kept=Kept())
    monkeypatch.undo()
    monkeypatch.setattr(store, "write_arrays", full)
    with pytest.raises(ConfigError, match="No space left on device"):
        load_dataset(config(data, LITTLE), kept=Kept())
    assert not list((data / FOLDER).glob("*.part"))

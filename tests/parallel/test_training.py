"""A training of several ranks, which are threads here: one run folder, the losses of one process, the same bytes after a kill."""

import json
from dataclasses import replace

import pytest
from thread_ranks import on_threads
from training_world import small_config

from minirank.errors import ConfigError
from minirank.parallel.ranks import ALONE
from minirank.training import train
from minirank.training.prepare import prepare
from minirank.training.together import check_alike, with_ranks

EXACT = ("training.backend=reference", "training.precision=float64", "training.epochs=2", "training.threads=1")


def lines(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def bytes_of(run):
    return {name: (run / name).read_bytes() for name in ("model.npz", "metrics.jsonl", "evaluation.json", "config.yaml")}


def test_losses_are_those_of_one_process_and_rank_0_alone_writes(tmp_path):
    config = small_config(tmp_path, *EXACT, rows=300)
    train(config, tmp_path / "alone")
    ended = on_threads(3, lambda ranks: train(config, tmp_path / f"of{ranks.rank}", ranks=ranks))
    assert [each.best_epoch for each in ended] == [2, 2, 2] and not (tmp_path / "of1").exists() and not (tmp_path / "of2").exists()
    for mine, theirs in zip(lines(tmp_path / "of0"), lines(tmp_path / "alone")):
        assert mine["loss"] == pytest.approx(theirs["loss"], rel=1e-9) and mine["valid"] == pytest.approx(theirs["valid"], rel=1e-7)
    assert "ranks: 3" in (tmp_path / "of0" / "config.yaml").read_text()


def test_a_training_that_stops_goes_on_byte_for_byte(tmp_path):
    config = small_config(tmp_path, *EXACT, "training.average=0.9", "training.batch_rows=16", rows=300)
    on_threads(2, lambda ranks: train(config, tmp_path / f"whole{ranks.rank}", ranks=ranks))

    def stopping(ranks):
        steps = iter(range(1000))
        stop = lambda: ranks.rank == 1 and next(steps) == 19  # noqa: E731
        return train(config, tmp_path / f"cut{ranks.rank}", stop=stop, ranks=ranks).finished

    assert on_threads(2, stopping) == [False, False]  # one of them was asked to
    on_threads(2, lambda ranks: train(config, tmp_path / f"cut{ranks.rank}", resume=True, ranks=ranks))
    assert bytes_of(tmp_path / "cut0") == bytes_of(tmp_path / "whole0")
    ended = on_threads(2, lambda ranks: train(config, tmp_path / f"cut{ranks.rank}", resume=True, ranks=ranks))
    assert [each.finished for each in ended] == [True, True]  # there was nothing left to do


def test_accumulated_batches_train_as_large_ones_do(tmp_path):
    config = small_config(tmp_path, *EXACT, "training.batch_rows=16", "training.accumulate=4", rows=300)
    train(config, tmp_path / "parts")
    train(replace(config, training=replace(config.training, batch_rows=64, accumulate=1)), tmp_path / "large")
    parts, large = lines(tmp_path / "parts"), lines(tmp_path / "large")
    assert [line["step"] for line in parts] == [line["step"] for line in large]
    assert [line["loss"] for line in parts] == pytest.approx([line["loss"] for line in large], rel=1e-9)


def test_what_ranks_must_have_in_common(tmp_path):
    config = small_config(tmp_path, *EXACT, rows=300)
    ready = prepare(config)

    def check(ranks):
        other = replace(config, training=replace(config.training, seed=int(ranks.rank == 2)))
        with pytest.raises(ConfigError, match=r"training.seed is 0 on rank 0 and 1 on rank 2; give all ranks the same configuration"):
            check_alike(ranks, replace(ready, config=other))
        data = replace(ready.dataset, fingerprint=f"of rank {ranks.rank}")
        with pytest.raises(ConfigError, match=r"the data is 'of rank 0' on rank 0 and 'of rank 1' on rank 1"):
            check_alike(ranks, replace(ready, dataset=data))
        check_alike(ranks, ready)

    on_threads(3, check)


@pytest.mark.parametrize(
    ("overrides", "size", "message"),
    [
        (
            ("training.ranks=3",),
            1,
            r"training.ranks is 3, but one process was launched; start it with mpirun -n 3, or set training.ranks: 1",
        ),
        (("training.ranks=3",), 2, r"training.ranks is 3, but 2 processes were launched"),
        (("training.batch_rows=1",), 2, r"training: ranks must be at most batch_rows, or some have no row; got 2 and 1"),
        (("training.backend=cuda", "training.threads=1"), 2, r"training: ranks must be 1 on the cuda backend, got 2; use backend: cpu"),
        (("training.accumulate=2", "model.gate.balance=0.1"), 1, r"set accumulate: 1 and a larger batch_rows, or balance: 0"),
    ],
)
def test_what_several_ranks_cannot_train(overrides, size, message, tmp_path):
    config = small_config(tmp_path, *overrides)

    def refused(ranks):
        with pytest.raises(ConfigError, match=message):
            with_ranks(config, ranks)

    refused(ALONE) if size == 1 else on_threads(size, refused)


def test_threads_are_shared_out_where_nobody_sets_them(tmp_path):
    config = small_config(tmp_path, "training.threads=null")
    found = on_threads(2, lambda ranks: with_ranks(config, ranks).training)
    assert [(each.threads, each.ranks) for each in found] == [(1, 2), (1, 2)]
    assert with_ranks(config, ALONE) is config

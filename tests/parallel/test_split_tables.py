"""Tables that are split by rows over ranks, which are threads here: the bytes of whole tables, a part of their memory."""

from dataclasses import replace

import numpy as np
import pytest
from random_rows import random_batch
from small_plans import TASKS, plan_of, small
from thread_ranks import on_threads
from training_world import small_config

from minirank.kernels.adam import Adam
from minirank.kernels.executor import make_executor
from minirank.kernels.parameters import TrainState, initial_values
from minirank.kernels.parts import add_rows
from minirank.parallel.ranks import ALONE
from minirank.parallel.shards import Shards
from minirank.parallel.split_executor import SplitExecutor, split_over_ranks
from minirank.storage import load_npz, save_npz
from minirank.training import train
from minirank.training.checkpoint import write_model

QUICK = ("training.epochs=2", "training.threads=1", "training.batch_rows=32")
NAMES = ("model.npz", "metrics.jsonl", "evaluation.json")
ALL, SOME = "0.001kB", "0.3kB"  # of the tables `who`, `city`, `role` and `tags` all, or `who` alone


def trained(config, folder, split, size=2, **how):
    """The run folder of rank 0."""
    config = replace(config, training=replace(config.training, split_tables=split))
    on_threads(size, lambda ranks: train(config, folder / f"{split}{ranks.rank}", ranks=ranks, **how))
    return folder / f"{split}0"


def assert_same(found, expected):
    for name in NAMES:
        assert (found / name).read_bytes() == (expected / name).read_bytes(), name


@pytest.mark.parametrize(
    ("size", "split", "overrides"),
    [
        (2, ALL, ()),
        (4, SOME, ("training.precision=float64", "training.average=0.9", "training.accumulate=2")),
        (3, ALL, ("training.backend=reference", "training.optimiser.clip_norm=0.5", "model.members=2")),
        (2, ALL, ("training.batches=searches", "data.columns.group=search", "training.seeds=2")),
        (2, SOME, ("model.task_weights=pcgrad", "model.gate.role=mlp")),
        (2, ALL, ("model.architecture=ple", "model.task_weights=gradnorm", "training.optimiser.clip_norm=0.1")),
    ],
)
def test_bytes_are_those_of_whole_tables(size, split, overrides, tmp_path):
    config = small_config(tmp_path, *QUICK, *overrides, rows=200)
    assert_same(trained(config, tmp_path, split, size), trained(config, tmp_path, None, size))


def test_a_training_that_stops_goes_on_byte_for_byte(tmp_path):
    config = small_config(tmp_path, *QUICK, "training.average=0.9", "training.batch_rows=16", rows=300)
    whole = trained(config, tmp_path, None)

    def stop_at(step):
        steps = iter(range(1000))
        return lambda: next(steps) == step

    cut = replace(config, training=replace(config.training, split_tables=ALL))
    on_threads(2, lambda ranks: train(cut, tmp_path / f"cut{ranks.rank}", stop=stop_at(19), ranks=ranks))
    assert (tmp_path / "cut0" / "checkpoint.npz").exists()
    again = replace(cut, training=replace(cut.training, split_tables=None))  # a checkpoint is the same file either way
    for following, at in ((again, 3), (cut, 1000)):
        on_threads(2, lambda ranks, c=following, at=at: train(c, tmp_path / f"cut{ranks.rank}", resume=True, stop=stop_at(at), ranks=ranks))
    assert_same(tmp_path / "cut0", whole)


def plan_with_roles():
    return plan_of(small(), TASKS)


def shards_of(plan, ranks, least=0):
    return Shards(plan, ranks, least, 8)


def test_what_is_split(tmp_path):
    plan = plan_with_roles()
    tables = {name: parameter for name, parameter in plan.parameters.items() if parameter.table}
    read_besides = [name for name in tables if name.endswith("role")]  # the gates have weights for each role
    assert read_besides
    largest = max(each.size for each in tables.values())

    def check(ranks):
        assert {*shards_of(plan, ranks).names} == {*tables} - {*read_besides}
        assert shards_of(plan, ranks, 8 * largest).names == () and shards_of(plan, ranks, None).held is plan
        held = shards_of(plan, ranks).held
        for name, parameter in tables.items():
            rows = parameter.shape[0]
            assert held.parameters[name].shape[0] == (rows if name in read_besides else (rows - ranks.rank + 2) // 3)

    on_threads(3, check)
    assert shards_of(plan, ALONE).names == ()  # one process has all rows


def test_rows_start_with_the_numbers_of_whole_tables_and_are_put_together_again(tmp_path):
    plan = plan_with_roles()
    whole = initial_values(plan, 5, np.float32)

    def check(ranks):
        shards = shards_of(plan, ranks)
        held = shards.initial_values(5, np.float32)
        for name in shards.names:
            assert held[name].tobytes() == whole[name][ranks.rank :: 3].tobytes()
        write_model(tmp_path, shards, held, np.zeros(3, np.uint8), "split.npz")

    on_threads(3, check)
    save_npz(tmp_path / "whole.npz", dict(whole.items()) | {"trained_with": np.zeros(3, np.uint8)})
    assert (tmp_path / "split.npz").read_bytes() == (tmp_path / "whole.npz").read_bytes()
    assert load_npz(tmp_path / "split.npz", "", {"trained_with": ((3,), np.uint8)})


def test_room_grows_where_a_batch_has_more_ids(monkeypatch):
    monkeypatch.setattr("minirank.parallel.split_executor.ROOM", 1)
    plan, batch = plan_with_roles(), replace(random_batch(40, 1), key=3)
    own = make_executor("cpu", plan, np.float64, 1)
    values = initial_values(plan, 0, np.float64)
    expected = own.logits(values, batch)

    def work(ranks):
        shards = shards_of(plan, ranks)
        executor = split_over_ranks(shards, lambda plan: make_executor("cpu", plan, np.float64, 1))
        assert isinstance(executor, SplitExecutor)
        state = TrainState(shards.initial_values(0, np.float64))
        found = executor.logits(state.values, batch)
        few = executor.logits(state.values, batch.take(np.arange(1)))  # one rank has no row
        executor.step(state, batch, Adam(0.01))
        return found, few, state.values

    for found, few, held in on_threads(2, work):
        assert found.tobytes() == expected.tobytes() and few.tobytes() == expected[:1].tobytes()
        assert len(held.tables) == held.plan.size(table=True) < plan.size(table=True)


def test_owners_add_gradients_up_in_the_order_of_ranks():
    plan = plan_with_roles()
    names = shards_of(plan, type("Two", (), {"rank": 0, "size": 2})).names[:2]
    generator = np.random.default_rng(0)

    def rows_of(name):
        ids = generator.choice(plan.parameters[name].shape[0], 3, replace=False)
        return np.sort(ids).astype(np.int32), generator.normal(size=(3, 4))

    parts = [{name: rows_of(name) for name in names} for _ in range(3)]
    expected = {name: add_rows([part[name] for part in parts]) for name in names}

    def check(ranks):
        for name, (ids, sums) in shards_of(plan, ranks).sum_by_owners(parts[ranks.rank]).items():
            mine = expected[name][0] % 3 == ranks.rank
            assert ids.tolist() == expected[name][0][mine].tolist() and sums.tobytes() == expected[name][1][mine].tobytes()

    on_threads(3, check)

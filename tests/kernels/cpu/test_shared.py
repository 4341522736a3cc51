"""`logits(..., shared=names)`: the same logits, and a refusal of names that there are not or rows that differ."""

import dataclasses

import numpy as np
import pytest
from cpu_world import drawn, drawn_batch

from minirank.config.model import ModelConfig, TaskConfig
from minirank.kernels.batch import InputSpec
from minirank.kernels.cpu import layout as L
from minirank.kernels.cpu.encode import encode
from minirank.kernels.cpu.executor import CpuExecutor
from minirank.model.architectures import compile_plan


def names_of(spec):
    return [*(name for name, _ in spec.categorical), *(name for name, _ in spec.bags), *spec.dense]


def same_in(batch, spec, names):
    """The batch with the first row's inputs of these names in all rows."""
    ids, dense, bags = batch.ids.copy(), batch.dense.copy(), list(batch.bags)
    for i, (name, _) in enumerate(spec.categorical):
        if name in names:
            ids[:, i] = ids[0, i]
    for i, (name, _) in enumerate(spec.bags):
        if name in names:
            bags[i] = dataclasses.replace(bags[i], entity=np.full_like(bags[i].entity, bags[i].entity[0]))
    for i, name in enumerate(spec.dense):
        if name in names:
            dense[:, i] = dense[0, i]
    return dataclasses.replace(batch, ids=ids, dense=dense, bags=tuple(bags))


@pytest.mark.parametrize("seed", range(16))
def test_shared_inputs_change_nothing(seed):
    plan, spec, values, rng = drawn(seed)
    names = names_of(spec)
    subsets = [(), tuple(names), *(tuple(name for name in names if rng.random() < share) for share in (0.3, 0.5, 0.8))]
    for dtype, tolerance in ((np.float64, 1e-13), (np.float32, 2e-6)):  # 1.2e-6 was measured, where logits are small differences
        executor, parameters = CpuExecutor(plan, dtype, 2, 64), values.copy(dtype)
        for rows, shared in zip((150, 7, 1, 65, 200), subsets):
            batch = same_in(drawn_batch(rng, spec, rows), spec, shared)
            plain, found = executor.logits(parameters, batch), executor.logits(parameters, batch, shared=shared)
            assert np.linalg.norm(found - plain) <= tolerance * np.linalg.norm(plain), shared
            assert executor.logits(parameters, batch).tobytes() == plain.tobytes()  # nothing of it stays behind
            if shared:
                executor.gradients(parameters, batch)
                assert executor.logits(parameters, batch, shared=shared).tobytes() == found.tobytes()


def test_shared_columns_are_left_out_of_the_first_layers():
    """`Encoded.runs` of x = [embeddings | dense]: without the shared columns, none at all where nothing reads them."""
    spec = InputSpec((("a", 5), ("b", 7)), (), ("c", "d", "e"), ("y",))
    rows = drawn_batch(np.random.default_rng(0), spec, 50)
    absent = dict.fromkeys(("role_field", "position_field", "position_bias"))
    config = ModelConfig("shared_bottom", embedding=4, expert_hidden=(6,), tower_hidden=(), **absent)
    plan = compile_plan(config, (TaskConfig("y"),), spec, rows)
    tower = [1, 0, 6]
    everything = ["gather", "gather", "copy"]
    for shared, expected, inputs in (
        ((), [1, 0, 11], everything),
        (("a",), [1, 4, 11], ["gather", "copy"]),
        (("b",), [2, 0, 4, 8, 11], ["gather", "copy"]),
        (("d",), [2, 0, 9, 10, 11], everything),
        (("b", "c", "e"), [2, 0, 4, 9, 10], ["gather", "copy"]),
        (("a", "c", "d", "e"), [1, 4, 8], ["gather"]),
        (("a", "b", "c", "d", "e"), [1, 0, 11], everything),
    ):
        encoded = encode(plan, 192, np.dtype(np.float32), shared)
        starts = [row[L.RUNS] for op, row in zip(plan.operations, encoded.table) if op.kind == "dense"]
        runs = [encoded.runs[start : start + 1 + 2 * encoded.runs[start]].tolist() for start in starts]
        assert runs == [expected, tower]
        kinds = [plan.operations[number].kind for number in encoded.needed]
        assert kinds[: len(inputs)] == inputs and set(kinds[len(inputs) :]) == {"dense"}


def test_what_cannot_be_shared_is_refused():
    for seed in range(4):
        plan, spec, values, rng = drawn(seed)
        batch, executor = drawn_batch(rng, spec, 60), CpuExecutor(plan, np.float32, 2)
        with pytest.raises(ValueError, match="shared must name inputs, got 'nothing'; there are "):
            executor.logits(values, batch, shared=("nothing",))
        for name in names_of(spec):
            with pytest.raises(ValueError, match=f"shared names {name}, but rows differ in it"):
                executor.logits(values, batch, shared=(name,))
            last = same_in(batch, spec, (name,))
            if name in spec.dense:
                last.dense[-1, spec.dense.index(name)] += 1
                with pytest.raises(ValueError, match=name):
                    executor.logits(values, last, shared=(name,))

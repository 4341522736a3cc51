"""Drawn plans and batches for the CPU executor, and memory that ends where reading on is fatal."""

import ctypes
import dataclasses
import mmap

import numpy as np
from random_rows import random_bag, randomise

from minirank.config.model import CALIBRATED, GateConfig, ModelConfig, TaskConfig
from minirank.kernels.batch import Batch, InputSpec, searches
from minirank.kernels.parameters import initial_values
from minirank.kernels.reference import ReferenceExecutor
from minirank.model.architectures import ARCHITECTURES, compile_plan

WIDTHS = (1, 3, 5, 17, 20, 48)
ROWS = (1, 2, 7, 191, 192, 193, 400)
TILE_ROWS = (6, 7, 64, 192)
THREADS = (1, 2, 3, 5)
LOSSES = ({"bce": 1.0}, {"mse": 0.5}, {"pairwise": 1.0}, {"listwise": 1.0}, {"bce": 1.0, "listwise": 0.3}, {"bce": 0.7, "pairwise": 0.5})


def drawn_spec(rng, role) -> InputSpec:
    """1 to 4 categorical fields, 0 to 2 bags, 0 to 5 dense columns, 1 to 4 tasks."""
    fields = [("role", int(rng.integers(2, 6))), ("position", 11), ("title", 50), ("seniority", 7)][: rng.integers(1 if role else 0, 5)]
    bags = [("skills", 30), ("words", 100)][: rng.integers(0, 3)]
    dense = [f"d{i}" for i in range(rng.integers(0 if bags or len(fields) > 2 else 1, 6))]
    return InputSpec(tuple(fields), tuple(bags), tuple(dense), tuple(f"t{i}" for i in range(rng.integers(1, 5))))


def drawn_batch(rng, spec, rows) -> Batch:
    """Rows with missing labels, confidences, repeated ids, ids at the ends of their tables, empty bags, searches of 1 to 20 rows."""
    labels = np.where(rng.random((rows, len(spec.tasks))) < 0.5, 0, rng.integers(1, 5, (rows, len(spec.tasks))) / 4).astype(np.float32)
    labels[rng.random(labels.shape) < 0.2] = np.nan
    ids = np.stack([rng.integers(0, size, rows) for _, size in spec.categorical] or [np.zeros(rows)], axis=1)[:, : len(spec.categorical)]
    for column, (_, size) in enumerate(spec.categorical):
        ids[rng.random(rows) < 0.1, column] = size - 1
    return Batch(
        ids=ids.astype(np.int32),
        bags=tuple(random_bag(rng, rows, size, entities=20) for _, size in spec.bags),
        dense=rng.normal(size=(rows, len(spec.dense))).astype(np.float32),
        labels=labels,
        weights=rng.random(labels.shape).astype(np.float32),
        groups=np.repeat(np.arange(rows), rng.integers(1, 21, rows))[:rows].astype(np.int32),
    )


def with_shared(batch, spec, rng) -> Batch:
    """The batch with about half of its inputs the same in all rows of a search, and their names."""
    first, search = searches(batch.groups)
    names = [*(name for name, _ in (*spec.categorical, *spec.bags)), *spec.dense]
    shared = tuple(name for name in names if name != "position" and rng.random() < (0.8 if name == "role" else 0.5))
    ids, dense = batch.ids.copy(), batch.dense.copy()
    for array, of_kind in ((ids, [name for name, _ in spec.categorical]), (dense, spec.dense)):
        columns = [column for column, name in enumerate(of_kind) if name in shared]
        array[:, columns] = array[first][search][:, columns]
    bags = tuple(
        dataclasses.replace(bag, entity=bag.entity[first][search]) if name in shared else bag
        for (name, _), bag in zip(spec.bags, batch.bags)
    )
    return dataclasses.replace(batch, ids=ids, dense=dense, bags=bags, shared=shared)


def drawn_task(rng, task, first) -> TaskConfig:
    """The task, whose loss may have become one like it; `first`: what it may be given."""
    chance, floor = rng.random(), {"least_propensity": float(rng.uniform(0.05, 0.6))}
    if "entire" in task.loss and set(first.loss) <= set(CALIBRATED) and chance < 0.7:
        return dataclasses.replace(task, loss=({"ips": 1.0} if chance < 0.35 else {"dr": 0.8, "bce": 0.3}), **floor)
    if task.loss == {"bce": 1.0} and task is not first and chance < 0.6:
        return dataclasses.replace(task, **({"loss": {"focal": 1.0}, "gamma": 4 * chance} if chance < 0.3 else {"delayed": True}))
    return task


def drawn_plan(rng):
    """A plan of any architecture, any gate, any losses, ragged widths: (plan, spec)."""
    later = rng.spawn(1)[0]  # for what was added since, so that what `rng` draws stays as it was
    architecture = str(rng.choice(list(ARCHITECTURES)))
    role = str(rng.choice(["none", *ARCHITECTURES[architecture].roles]))
    spec = drawn_spec(rng, role != "none")

    def width():
        return int(rng.choice(WIDTHS))

    tasks = [TaskConfig(name, dict(rng.choice(LOSSES)), weight=float(rng.uniform(0.5, 2))) for name in spec.tasks]
    if len(tasks) > 1 and "mse" not in tasks[0].loss and (rng.random() < 0.6 or architecture == "aitm"):
        tasks[1] = TaskConfig(spec.tasks[1], {"entire": 1.0}, given=spec.tasks[0])
    tasks = [drawn_task(later, task, tasks[0]) for task in tasks]
    settings = {"architecture": architecture, "embedding": int(rng.choice([1, 3, 8, 12, 16, 24])), "experts": int(rng.integers(1, 6))}
    for name, least, end in (("expert_hidden", 1, 4), ("tower_hidden", 0, 3)):
        settings[name] = tuple(width() for _ in range(rng.integers(least, end)))
    settings |= {name: int(rng.integers(1, 3)) for name in ("task_experts", "shared_experts", "levels")}
    settings["gate"] = GateConfig(role, float(rng.uniform(0.7, 1.5)), hidden=width())
    settings["role_in_x"] = bool(rng.random() < 0.5) or len(spec.dense) + len(spec.bags) == 0
    two = len(spec.categorical) > 1
    settings |= {"position_field": "position" if two else None, "position_bias": spec.tasks[0] if two else None}
    settings |= {"role_field": "role" if spec.categorical else None, "task_weights": str(rng.choice(["fixed", "uncertainty"]))}
    if later.random() < 0.4:
        settings |= {"dropout": float(later.uniform(0.1, 0.5))}
    if later.random() < 0.3:
        settings |= {"members": 2, "members_share": bool(later.random() < 0.7)}
    config = ModelConfig(**settings)
    return compile_plan(config, tuple(tasks), spec, drawn_batch(rng, spec, 300)), spec


def drawn_values(plan, seed):
    """float32 parameters, none of which is zero."""
    return randomise(initial_values(plan, seed), seed)


def drawn(seed):
    """(plan, spec, values, generator) of a seed; the generator goes on to draw batches."""
    rng = np.random.default_rng(seed)
    plan, spec = drawn_plan(rng)
    return plan, spec, drawn_values(plan, seed), rng


def first_drawn(wanted):
    """The first of them whose plan and spec are wanted."""
    return next(found for found in map(drawn, range(100)) if wanted(*found[:2]))


def near_a_kink(plan, values, batch, distance=1e-4):
    """(B,) whether a row comes so close to the kink of a ReLU that float32 may fall on its other side."""
    state, near = ReferenceExecutor(plan)._forward(values.copy(np.float64), batch, plan.forward), np.zeros(len(batch), bool)
    for op in plan.forward:
        if op.attributes.get("relu"):
            (weight, bias), x = state.values(op.parameters), state.value(op.inputs[0])
            near |= (np.abs(x @ weight + bias) < distance).any(axis=1) & x.any(axis=1)  # of nothing but 0 comes the bias itself
    return near


def smooth_batch(rng, plan, spec, values, rows):
    """`drawn_batch` without rows near a kink; soft labels of a task that may be open are open."""
    pool = drawn_batch(rng, spec, rows)
    for op in plan.losses:
        if op.kind == "bce_delayed":
            labels = pool.labels[:, op.attributes["task"]]
            labels[(labels > 0) & (labels < 1)] *= -1
    for _ in range(20):
        near = near_a_kink(plan, values, pool)
        if not near.any():
            return pool
        other = drawn_batch(rng, spec, rows)
        ids, dense = pool.ids.copy(), pool.dense.copy()
        ids[near], dense[near] = other.ids[near], other.dense[near]
        bags = tuple(
            dataclasses.replace(bag, entity=np.where(near, new.entity, bag.entity).astype(np.int32))
            for bag, new in zip(pool.bags, other.bags)
        )
        pool = dataclasses.replace(pool, ids=ids, dense=dense, bags=bags)
    raise AssertionError("every row lies near a kink")


def assert_near(found, expected, plan, tolerance):
    """Norm-wise for every tensor; one that all but cancels to 0 is held to a hundredth of the largest tensor's norm."""
    parts = {}
    for name, parameter in plan.parameters.items():
        if not parameter.table:
            place = slice(parameter.offset, parameter.offset + parameter.size)
            parts[name] = found.dense[place], expected.dense[place]
    assert found.tables.keys() == expected.tables.keys()
    for name, (ids, rows) in expected.tables.items():
        np.testing.assert_array_equal(found.tables[name][0], ids, err_msg=name)
        parts[name] = found.tables[name][1], rows
    least = 1e-2 * max(np.linalg.norm(right) for _, right in parts.values())
    for name, (left, right) in parts.items():
        assert left.shape == right.shape
        error = np.linalg.norm(left - right) / max(np.linalg.norm(right), least)
        assert error <= tolerance, f"{name}: {error:.2g}"


# --- memory --------------------------------------------------------------------------------------

LIBC = ctypes.CDLL(None, use_errno=True)
PAGE = mmap.PAGESIZE


def guarded(size: int, dtype=np.uint8, behind: bool = True) -> np.ndarray:
    """Zeros (size,) right before a page that no one may touch, or right behind one."""
    dtype = np.dtype(dtype)
    length = int(size) * dtype.itemsize
    room = -(-length // PAGE) * PAGE
    held = mmap.mmap(-1, room + 2 * PAGE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(held))
    for page in (start, start + PAGE + room):
        if LIBC.mprotect(ctypes.c_void_p(page), PAGE, 0) != 0:
            raise OSError(ctypes.get_errno(), "mprotect")
    first = PAGE + room - length if behind else PAGE
    return np.frombuffer(held, dtype, size, first) if size else np.zeros(0, dtype)


def guarded_copy(array: np.ndarray, behind: bool) -> np.ndarray:
    """A copy of an array in `guarded` memory."""
    copy = guarded(array.size, array.dtype, behind)
    copy[:] = array.ravel()
    return copy.reshape(array.shape)


def guarded_batch(batch: Batch, behind: bool) -> Batch:
    """A copy of a batch, each of whose arrays is guarded."""
    bags = tuple(
        dataclasses.replace(bag, **{field.name: guarded_copy(getattr(bag, field.name), behind) for field in dataclasses.fields(bag)})
        for bag in batch.bags
    )
    arrays = {name: guarded_copy(getattr(batch, name), behind) for name in ("ids", "dense", "labels", "weights", "groups")}
    return Batch(bags=bags, **arrays, shared=batch.shared)

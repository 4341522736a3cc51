"""Random rows of every kind that a plan can read, hostile ones included."""

import numpy as np

from minirank.kernels.batch import Bag, Batch, InputSpec

SPEC = InputSpec(
    categorical=(("role", 5), ("position", 11), ("title", 50), ("seniority", 7)),
    bags=(("skills", 30), ("words", 100)),
    dense=("coverage", "gap", "recency"),
    tasks=("ctr", "cvr", "relevance"),
)


def random_bag(rng, rows, size, entities, longest=6):
    """Lists of 0 to `longest` ids for each entity, repeated ids and empty lists among them."""
    lengths = rng.integers(0, longest + 1, entities)
    lengths[0] = 0
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Bag(rng.integers(0, entities, rows).astype(np.int32), offsets, rng.integers(0, size, offsets[-1]).astype(np.int32))


def ids_of(bag, row):
    """The ids that a row has in a bag."""
    entity = bag.entity[row]
    return bag.ids[bag.offsets[entity] : bag.offsets[entity + 1]].tolist()


def random_batch(rows, seed=0, spec=SPEC, masked=()):
    """Rows with missing labels, soft relevance, confidences, repeated ids; `masked` tasks have no label at all."""
    rng = np.random.default_rng(seed)
    clicked = (rng.random(rows) < 0.5).astype(np.float32)
    clicked[rng.random(rows) < 0.1] = np.nan
    converted = np.where(clicked == 1, rng.random(rows) < 0.5, np.nan).astype(np.float32)
    converted[rng.random(rows) < 0.1] = np.nan
    relevance = rng.random(rows).astype(np.float32)
    relevance[rng.random(rows) < 0.5] = np.nan
    labels = np.stack([clicked, converted, relevance], axis=1)
    for task in masked:
        labels[:, spec.tasks.index(task)] = np.nan
    return Batch(
        ids=np.stack([rng.integers(0, size, rows) for _, size in spec.categorical], axis=1).astype(np.int32),
        bags=tuple(random_bag(rng, rows, size, entities=20) for _, size in spec.bags),
        dense=rng.normal(size=(rows, len(spec.dense))).astype(np.float32),
        labels=labels,
        weights=rng.random((rows, len(spec.tasks))).astype(np.float32),
        groups=np.sort(rng.integers(0, max(rows // 8, 1), rows)).astype(np.int32),
    )


def randomise(values, seed=0, scale=0.1):
    """Give every parameter that starts at zero a random value, so that its gradient is a real test."""
    rng = np.random.default_rng(seed)
    for _, view in values.items():
        if not view.any():
            view[...] = rng.normal(0, scale, view.shape)
    return values

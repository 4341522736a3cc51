"""A batch as the flat arrays that kernels read (layout: `encode.py`): what the host has to make of it, the rest is copied as it is."""

from __future__ import annotations

import numpy as np

from ..batch import Batch, Inputs
from .encode import Places
from .layout import BATCH_ROWS, COPIES, KEY, KEY_HIGH, MOST_SLICES, SEARCHES, SLICES


def pack_head(places: Places, inputs: Inputs, groups: np.ndarray, slices: int, key: int = 0) -> np.ndarray:
    """The head of ints.

    Args:
        groups: (B,) int32, those of a training batch; (0,) to predict. slices: of the partial sums. key: `Batch.key`.
    """
    rows, head = len(inputs), np.zeros(places.head, np.int32)
    starts = np.flatnonzero(np.diff(groups, prepend=groups[:1] - 1))
    head[SEARCHES], head[BATCH_ROWS], head[SLICES] = len(starts), rows, slices
    head[COPIES], head[MOST_SLICES] = places.copies, places.slices
    head[[KEY, KEY_HIGH]] = np.array([key & 0xFFFF_FFFF, key >> 32], np.uint32).view(np.int32)
    head[places.tasks : places.tasks + len(places.plan.losses)] = [op.attributes["task"] for op in places.plan.losses]
    head[places.searches : places.searches + len(starts)] = starts
    head[places.searches + len(starts)] = rows
    for field, (order, first) in places.orders.items():
        size = places.plan.spec.categorical[field][1]
        ids = inputs.ids[:, field].astype(np.uint16 if size <= 1 << 16 else np.int32)  # SPEED: 16 bits are sorted by radix
        head[order : order + rows] = np.argsort(ids, kind="stable")
        head[first : first + size + 1] = np.searchsorted(ids[head[order : order + rows]], np.arange(size + 1))
    return head


def pack_labels(places: Places, batch: Batch) -> np.ndarray:
    """Labels, then weights, each task's one behind the other."""
    packed = np.zeros((2, batch.labels.shape[1], places.capacity), np.float32)
    packed[0, :, : len(batch)], packed[1, :, : len(batch)] = batch.labels.T, batch.weights.T
    return packed.ravel()


def pack_lists(inputs: Inputs) -> np.ndarray:
    """The lists of all bags: for each the places of its offsets and of its ids, then all of them."""
    head, parts, end = [], [], 2 * len(inputs.bags)
    for bag in inputs.bags:
        head += [end, end + len(bag.offsets)]
        parts += [bag.offsets, bag.ids]
        end += len(bag.offsets) + len(bag.ids)
    return np.concatenate([np.array(head or [0]), *parts]).astype(np.int32)


def ids_in_bags(inputs: Inputs) -> list[int]:
    """How many ids the rows of a batch have in each bag."""
    return [int((bag.offsets[bag.entity + 1] - bag.offsets[bag.entity]).sum()) for bag in inputs.bags]

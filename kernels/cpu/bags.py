"""The multi-valued fields of a batch as compiled code reads them: the lists of all bags one after the other."""

from __future__ import annotations

import numpy as np

from ..batch import Inputs
from ..checks import check_bag_ids
from ..plan import Plan


class FlatBags:
    """Keeps the flat copy of the lists that batches share. Any number of threads may ask."""

    def __init__(self, plan: Plan) -> None:
        self._plan, self._cached = plan, None  # (arrays of the inputs, what was made of them)

    def lists(self, inputs: Inputs) -> dict[str, np.ndarray]:
        """bag_offsets (entities of all bags + 1,) int64, bag_ids int32, bag_starts (bags,) int64: the first entity of each bag.

        Raises:
            ValueError: an id or an offset is out of range.
        """
        return self._flat(inputs)[1]

    def _flat(self, inputs: Inputs) -> tuple:
        key, cached = [array for bag in inputs.bags for array in (bag.offsets, bag.ids)], self._cached
        if cached is None or len(cached[0]) != len(key) or any(a is not b for a, b in zip(cached[0], key)):
            check_bag_ids(self._plan, inputs)
            shift = np.cumsum([0, *(len(bag.ids) for bag in inputs.bags)])
            starts = np.cumsum([0, *(len(bag.offsets) - 1 for bag in inputs.bags)])[:-1]
            offsets = [bag.offsets[:-1] + base for bag, base in zip(inputs.bags, shift)] + [shift[-1:]]
            ids = [np.zeros(0, np.int32), *(bag.ids for bag in inputs.bags)]
            flat = {"bag_offsets": np.concatenate(offsets).astype(np.int64), "bag_ids": np.concatenate(ids).astype(np.int32)}
            longest = [int(np.diff(bag.offsets).max(initial=0)) for bag in inputs.bags]
            self._cached = cached = key, flat | {"bag_starts": starts.astype(np.int64)}, longest
        return cached

    def longest(self, inputs: Inputs) -> list[int]:
        """Ids of the longest list of each bag."""
        return self._flat(inputs)[2]


def entities(inputs: Inputs) -> np.ndarray:
    """(B * bags,) int32, row by row the entity of each bag."""
    made = np.empty((len(inputs), len(inputs.bags)), np.int32)
    for column, bag in enumerate(inputs.bags):
        made[:, column] = bag.entity
    return made.reshape(-1)

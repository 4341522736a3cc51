"""A team's tastes: what its hires have more than others of their domain, beyond what the ads asked for.

Of n - 1 hires (see `history`) O hold a name, where E = the sum of the shares of their domains' resumes that hold it would be expected;
hires whose own ad asked for it count in neither. With few hires neither says much, so both are shrunk.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from minirank.features.market import Shares
from minirank.features.sparse import COLUMNS, merge, offsets_of, row_of_entries

LIFT_PRIOR = 1.0  # hires that are as expected, added to O and to E
WANTED = 0.9  # share of a team's hires that have the background which it looks for


def lift(observed: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """max(ln((O + 1) / (E + 1)), 0): how many times as often as expected, shrunk; O and E of one shape.

    (O + 1) / (E + 1) is the mean of a rate whose prior is Gamma(1, 1), once O events came where E were expected.
    """
    return np.maximum(np.log((observed + LIFT_PRIOR) / (expected + LIFT_PRIOR)), 0.0)


@dataclass(frozen=True)
class Contrast:
    """What the others hold once one slot is left out: an entry a name that at least one of them holds.

    Args:
        slot: (entries,) ascending. column: (entries,) of the name.
        observed, expected: (entries,) float64, O and E.
        others: (entries,) float64, n - 1.
        slots: S.
    """

    slot: np.ndarray
    column: np.ndarray
    observed: np.ndarray
    expected: np.ndarray
    others: np.ndarray
    slots: int

    def lift(self) -> csr_array:
        """(S, COLUMNS) `lift` of each entry."""
        return self._rows(lift(self.observed, self.expected))

    def background(self) -> csr_array:
        """(S, COLUMNS) chance that a name is the one that the team looks for, if it looks for one that some hire has.

        With s = E / (n - 1) the chance is in proportion to (WANTED / s)^O ((1 - WANTED) / (1 - s))^(n - 1 - O).
        """
        share = np.clip(self.expected / self.others, 0.001, WANTED)
        odds = self.observed * np.log(WANTED / share) + (self.others - self.observed) * np.log((1 - WANTED) / (1 - share))
        most = np.full(self.slots, -np.inf)
        np.maximum.at(most, self.slot, odds)
        odds = np.exp(odds - most[self.slot])
        return self._rows(odds / np.bincount(self.slot, odds, minlength=self.slots)[self.slot])

    def _rows(self, values: np.ndarray) -> csr_array:
        return csr_array((values, self.column, offsets_of(self.slot, self.slots)), shape=(self.slots, COLUMNS))


def contrast(offsets: np.ndarray, held: csr_array, asked: csr_array | None, shares: Shares, domain: np.ndarray) -> Contrast:
    """What the other hires of each slot hold, and what would be expected.

    Args:
        offsets: (J + 1,) of `History`, which has S slots.
        held: (S, COLUMNS), a set of each slot's person.
        asked: (S, COLUMNS), what the ad that the person was hired for names, or None.
        shares: of training resumes.
        domain: (S,) rows of `shares.of_domain`, of each slot's person.
    """
    counts = np.diff(offsets)
    slots, job_of = len(domain), np.repeat(np.arange(len(counts)), counts)
    if asked is not None:
        held = (held - held.multiply(asked)).tocsr()
        held.eliminate_zeros()
        held.sort_indices()
    jobs = merge(held, offsets)
    jobs.sort_indices()
    job, place, expected = row_of_entries(jobs), shares.places(jobs.indices), np.zeros(len(jobs.data))
    for found in np.unique(domain):
        count = np.bincount(job_of[domain == found], minlength=jobs.shape[0])[job]
        expected += count * shares.of_domain[found, place]
    if asked is not None:
        unasked = csr_array(
            (shares.of_domain[domain[row_of_entries(asked)], shares.places(asked.indices)], asked.indices, asked.indptr), shape=asked.shape
        )
        expected = expected - _at(merge(unasked, offsets), job, jobs.indices)
    entry = csr_array((np.arange(len(job), dtype=np.float64), jobs.indices, jobs.indptr), shape=jobs.shape)[job_of]
    slot, at = row_of_entries(entry), entry.data.astype(np.int64)
    observed = jobs.data[at] - _at(held, slot, entry.indices)
    own = shares.of_domain[domain[slot], place[at]]
    if asked is not None:
        own = np.where(_at(asked, slot, entry.indices) > 0, 0.0, own)
    left = observed > 0
    others = counts[job_of] - 1.0
    return Contrast(slot[left], entry.indices[left], observed[left], np.maximum((expected[at] - own)[left], 0.0), others[slot[left]], slots)


def _at(rows: csr_array, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Values of sparse rows at the given places, 0 where nothing is stored."""
    rows.sort_indices()
    keys, wanted = row_of_entries(rows) * 2**31 + rows.indices, row * 2**31 + column
    if not len(keys):
        return np.zeros(len(wanted))
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, rows.data[at], 0.0)

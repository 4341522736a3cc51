"""Histories: the people hired before for each job, and how close a candidate is to them.

A candidate who is one of these hires must not be compared with a history that holds that very
hire. To remove it from that candidate's history alone would give it away too: the others' shares
would be multiples of 1/n, this one's of 1/(n - 1). So one hire is removed for *every* candidate,
the candidate's own or else one that a hash of resume_id picks, and all are compared with n - 1
people. Whether there is a history at all (n >= k + 1) is settled before anyone is removed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from minirank.features.hires import PastHires
from minirank.features.sparse import dot, dot_shared, merge, product, sizes, squares
from minirank.features.tables import Table, resume_table
from minirank.features.tfidf import TextModel


@dataclass(frozen=True)
class History:
    """Past hires of J jobs. A slot is one hire in the history of one job; there are S of them.

    Args:
        level: (J,) int32, NONE, TEAM or TITLE.
        offsets: (J + 1,) int64; job j owns slots offsets[j] .. offsets[j + 1] - 1.
        job: (S,) the job of each slot.
        hire: (S,) the row of each slot in `people`.
        people: the resumes of those hired, as they were then.
    """

    level: np.ndarray
    offsets: np.ndarray
    job: np.ndarray
    hire: np.ndarray
    people: Table

    @classmethod
    def of(cls, jobs: Table, past: PastHires, k: int, most: int, model: TextModel | None) -> "History":
        """Histories of the jobs.

        Args:
            jobs: J jobs.
            past: all hires that are known; each job sees those from before it was posted.
            k, most: at least k + 1 people, at most `most`.
            model: words in use, or None for no text.
        """
        found = [past.of(record["team_id"], title, int(time), k, most) for record, title, time in zip(jobs.records, jobs.title, jobs.time)]
        counts = [len(rows) for _, rows in found]
        hires, place = np.unique(np.array([row for _, rows in found for row in rows], np.int64), return_inverse=True)
        return cls(
            level=np.array([level for level, _ in found], np.int32),
            offsets=np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]),
            job=np.repeat(np.arange(len(jobs)), counts),
            hire=place,
            people=resume_table([past.resumes[h] for h in hires], [past.features[h] for h in hires], model, 1),
        )

    def removed(self, resumes: Table, job: np.ndarray, resume: np.ndarray) -> np.ndarray:
        """(N,) the slot left out for each pair: the candidate's own hire or a pseudo-random one; -1 without history.

        Args:
            resumes: the candidates.
            job, resume: (N,) rows of the pairs.
        """
        counts = np.diff(self.offsets)[job]
        slot = np.where(counts > 0, self.offsets[job] + resumes.key[resume] % np.maximum(counts, 1), -1)
        if len(self.job):
            keys = self.job * 2**31 + self.people.key[self.hire]
            order = np.argsort(keys)
            wanted = job.astype(np.int64) * 2**31 + resumes.key[resume]
            own = order[np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)]
            slot = np.where(keys[own] == wanted, own, slot)
        return slot

    def of_slots(self, name: str) -> csr_array:
        """(S, COLUMNS), a set of each slot's person."""
        return self.people.sets[name][self.hire]


def closeness(history: History, jobs: Table, resumes: Table, job: np.ndarray, resume: np.ndarray) -> dict[str, np.ndarray]:
    """How close each candidate is to the past hires of its job, one of them left out.

    Args:
        history: of the jobs.
        jobs, resumes: tables.
        job, resume: (N,) rows of the pairs.
    Returns:
        (N,) float64 by name, NaN where there is no history or the resume does not say;
        `match.FEATURES` has the formulas.
    """
    every_slot = history.removed(resumes, job, resume)
    have = np.flatnonzero(every_slot >= 0)
    pairs = _Pairs(history, resumes, job[have], resume[have], every_slot[have])
    skills = history.of_slots("skills")
    unstated = (skills - product(skills, np.arange(len(history.job)), jobs.sets["named"], history.job)).tocsr()
    found = {
        "hired_skills": _ratio(*pairs.common(skills, "skills")),
        "hired_unstated": _ratio(*pairs.common(unstated, "skills")),
        "hired_years": pairs.years_apart(),
    }
    for name in ("seniority", "education", "title"):
        same, _ = pairs.common(history.of_slots(name), name)
        says = sizes(resumes.sets[name])[pairs.resume] > 0
        found[f"hired_{name}"] = np.where(says, same / pairs.others, np.nan)
    if resumes.text is not None:
        found["hired_text"] = pairs.text_similarity()
    people = {"hires": np.log1p(np.diff(history.offsets)[job].astype(float))}
    return people | {name: _spread(values, have, len(job)) for name, values in found.items()}


@dataclass(frozen=True)
class _Pairs:
    """Pairs that have a history: sums over all n hires, less the one left out."""

    history: History
    resumes: Table
    job: np.ndarray
    resume: np.ndarray
    slot: np.ndarray

    @property
    def others(self) -> np.ndarray:
        """n - 1."""
        return np.diff(self.history.offsets)[self.job] - 1.0

    def common(self, held: csr_array, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Support, among the others, of what the resume holds too, and of everything they hold.

        Args:
            held: (S, COLUMNS), a set of each slot.
            name: the resumes' set that it is compared with.
        """
        support, mine = merge(held, self.history.offsets), self.resumes.sets[name]
        both = dot(support, self.job, mine, self.resume) - dot(held, self.slot, mine, self.resume)
        total = np.bincount(self.history.job, sizes(held), minlength=support.shape[0])
        return both, total[self.job] - sizes(held)[self.slot]

    def years_apart(self) -> np.ndarray:
        """|years - mean years of the others|."""
        history, jobs = self.history, len(self.history.level)
        years = history.people.years[history.hire]
        known = np.isfinite(years)
        years = np.where(known, years, 0.0)
        total = np.bincount(history.job, years, minlength=jobs)[self.job] - years[self.slot]
        count = np.bincount(history.job, known, minlength=jobs)[self.job] - known[self.slot]
        return np.abs(self.resumes.years[self.resume] - _ratio(total, count))

    def text_similarity(self) -> np.ndarray:
        """Cosine of the resume and the sum of the others' TF-IDF rows."""
        history, text = self.history, self.resumes.text
        hired = history.people.text
        total = merge(hired[history.hire], history.offsets)
        # |S - v|^2 = |S|^2 - 2 S.v + |v|^2, with S the job's sum and v the row left out
        square = squares(total)[history.job] - 2 * dot_shared(total, history.job, hired, history.hire)
        square += squares(hired)[history.hire]
        both = dot_shared(total, self.job, text, self.resume) - dot(hired, history.hire[self.slot], text, self.resume)
        return _ratio(both, np.sqrt(np.maximum(square, 0.0))[self.slot])


def shared_skills(history: History, k: int, most: int) -> csr_array:
    """What the others have in common, with each slot left out in turn.

    Args:
        history: of the jobs.
        k: a skill needs this support among the n - 1 others.
        most: skills kept for each slot, those of highest support first.
    Returns:
        (S, COLUMNS) float64 supports.
    """
    held = history.of_slots("skills")
    support = (merge(held, history.offsets)[history.job] - held).tocsr()
    row = np.repeat(np.arange(support.shape[0]), np.diff(support.indptr))
    order = np.lexsort((support.indices, -support.data, row))
    rank = np.arange(len(order)) - np.repeat(support.indptr[:-1], np.diff(support.indptr))
    chosen = np.sort(order[(rank < most) & (support.data[order] >= k)])
    offsets = np.concatenate([[0], np.cumsum(np.bincount(row[chosen], minlength=support.shape[0]))])
    return csr_array((support.data[chosen], support.indices[chosen], offsets), shape=support.shape)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)


def _spread(values: np.ndarray, rows: np.ndarray, size: int) -> np.ndarray:
    full = np.full(size, np.nan)
    full[rows] = values
    return full

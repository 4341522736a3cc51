"""Histories: the people hired before for each job, and how close a candidate is to them.

A candidate who is one of these hires must not be compared with a history that holds that very
hire. To remove it from that candidate's history alone would give it away too: the others' shares
would be multiples of 1/n, this one's of 1/(n - 1). So one hire is removed for *every* candidate,
the candidate's own or else one that a hash of resume_id picks, and all are compared with n - 1
people. Whether there is a history at all (n >= k + 1) is decided before anyone is removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array, vstack

from minirank.data.folder.records import column_of
from minirank.extract import JobFeatures
from minirank.features.hires import PastHires
from minirank.features.market import Market, Shares
from minirank.features.profiles import Profiles, job_profiles, resume_profiles
from minirank.features.sparse import Weights, dot, dot_shared, merge, rows_of, sizes, squares
from minirank.features.stored_profiles import StoredProfiles
from minirank.features.tastes import Contrast, contrast
from minirank.features.tfidf import TextModel

JOBS = 500  # whose hires are compared at a time


class History:
    """Past hires of J jobs. A slot is one hire in the history of one job; there are S of them.

    Args:
        jobs: J jobs.
        past: all hires that are known; each job sees those from before it was posted.
        k, most: at least k + 1 people, or none, and at most `most`.
        model: words and links in use, or None for neither.
        text: whether texts are compared.
        resumes: of the folder that the hires are from, read with the same model, where they are at hand.
        ads: likewise its jobs, as they are without any model.

    Attributes:
        level: (J,) int32, NONE, TEAM or TITLE.
        offsets: (J + 1,) int64; job j owns slots offsets[j] .. offsets[j + 1] - 1.
        job: (S,) the job of each slot.
        hire: (S,) the row of each slot in `people`.
    """

    def __init__(
        self,
        jobs: Profiles,
        past: PastHires,
        k: int,
        most: int,
        model: TextModel | None,
        text: bool = True,
        resumes: Profiles | StoredProfiles | None = None,
        ads: StoredProfiles | None = None,
    ):
        teams = column_of(jobs.records, "team_id")
        found = [past.of(team, title, int(time), k, most) for team, title, time in zip(teams, jobs.title, jobs.time)]
        counts = [len(rows) for _, rows in found]
        self._hires, self.hire = np.unique(np.array([row for _, rows in found for row in rows], np.int64), return_inverse=True)
        self.level, self.k = np.array([level for level, _ in found], np.int32), k
        self.offsets = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        self.job = np.repeat(np.arange(len(jobs)), counts)
        self._past, self._model, self._text, self._resumes, self._ads = past, model, text, resumes, ads

    @cached_property
    def people(self) -> Profiles:
        """The resumes of those hired, as they were then."""
        past, model, hires = self._past, self._model, self._hires
        if self._resumes is None or not past.rows or model is None or model.vectors is not None:
            of_words = None if model is None else replace(model, vectors=None)  # hires are compared by words
            return resume_profiles([past.resumes[h] for h in hires], [past.features[h] for h in hires], of_words, int(self._text))
        return self._resumes.without_terms().take([past.rows[h] for h in hires])

    @cached_property
    def ads(self) -> Profiles:
        """What the jobs that they were hired for asked, in the rows of `people`; their records are not known."""
        if self._ads is not None:
            return self._ads.take([self._past.jobs[h] for h in self._hires])
        return plain_ads([self._past.ads[h] if self._past.ads else JobFeatures() for h in self._hires])

    def removed(self, resumes: Profiles, job: np.ndarray, resume: np.ndarray) -> np.ndarray:
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

    def offsets_of_jobs(self) -> Iterator[np.ndarray]:
        """`offsets` of JOBS jobs after the others: what is made of all slots at once would take gigabytes."""
        for first in range(0, max(len(self.level), 1), JOBS):
            yield self.offsets[first : first + JOBS + 1]

    def sums_of_texts(self) -> Iterator[tuple[np.ndarray, csr_array, np.ndarray]]:
        """The sums of the TF-IDF rows of each job's people, some jobs after others.

        Gives: (n,) the jobs; (m, buckets) sums, of which jobs with the same people share one; (J,) the row of each job there.
        """
        text = self.people.text
        assert text is not None
        at_once = JOBS // 4 if isinstance(text, Weights) else JOBS
        lists = [self.hire[first:last].tobytes() for first, last in pairwise(self.offsets.tolist())]
        place = {people: at for at, people in enumerate(dict.fromkeys(lists))}
        row = np.array([place[people] for people in lists], np.int64)
        first_job = np.unique(row, return_index=True)[1]
        for begin in range(0, len(first_job), at_once):
            chosen = first_job[begin : begin + at_once]
            hires = [self.hire[self.offsets[job] : self.offsets[job + 1]] for job in chosen.tolist()]
            total = merge(rows_of(text, np.concatenate(hires)), np.cumsum([0, *map(len, hires)]))
            yield np.flatnonzero((row >= begin) & (row < begin + at_once)), total, row - begin

    def log_counts(self) -> np.ndarray:
        """(J,) ln(1 + hires) of each job."""
        return np.log1p(np.diff(self.offsets).astype(float))

    def of_slots(self, name: str) -> csr_array:
        """(S, COLUMNS), a set of each slot's person."""
        return self.people.sets[name][self.hire]


def plain_ads(features: Sequence[JobFeatures]) -> Profiles:
    """What jobs ask for, without their records or any model."""
    unknown = {"job_id": "", "posted_at": 0, "title": "", "description": ""}
    return job_profiles([unknown] * len(features), features, None, 1)


class OtherHires:
    """The n - 1 past hires that each candidate is compared with: sums over all n, less the one left out.

    Each method gives (N,) float64, NaN where there is no history or the resume does not say; `inputs.FEATURES` has the formulas.

    Args:
        history: of the jobs.
        resumes: the candidates.
        job, resume: (N,) rows of the pairs.
        market: of training rows.

    Attributes:
        slot: (N,) the slot left out for each of N pairs, -1 without history.
        rows: (H,) the pairs that have a history.
        job, resume, left_out: (H,) their jobs, resumes and slots.
    """

    def __init__(self, history: History, resumes: Profiles, job: np.ndarray, resume: np.ndarray, market: Market = Market()):
        self.market = market
        self.history, self.resumes, self.slot = history, resumes, history.removed(resumes, job, resume)
        self.rows = rows = np.flatnonzero(self.slot >= 0)
        self.job, self.resume, self.left_out = job[rows], resume[rows], self.slot[rows]

    def skills(self) -> np.ndarray:
        """Share of the others' skills that the resume has, each counted as often as they have it."""
        history, held = self.history, self.history.of_slots("skills")
        others = (merge(held, history.offsets)[history.job] - held).tocsr()
        both = dot(others, self.left_out, self.resumes.sets["skills"], self.resume)
        total = np.bincount(history.job, sizes(held), minlength=len(history.level))[history.job] - sizes(held)
        return self._spread(ratio(both, total[self.left_out]))

    def text_similarity(self) -> np.ndarray:
        """Cosine of the resume and the sum of the others' TF-IDF rows."""
        history, text = self.history, self.resumes.text
        hired = history.people.text
        assert hired is not None
        square, both = np.zeros(len(history.job)), np.zeros(len(self.job))
        for jobs, total, row in history.sums_of_texts():
            # |S - v|^2 = |S|^2 - 2 S.v + |v|^2, with S the job's sum and v the row left out
            slots, pairs = np.flatnonzero(np.isin(history.job, jobs)), np.flatnonzero(np.isin(self.job, jobs))
            of_slot, of_pair = row[history.job[slots]], row[self.job[pairs]]
            square[slots] = squares(total)[of_slot] - 2 * dot_shared(total, of_slot, hired, history.hire[slots])
            both[pairs] = dot_shared(total, of_pair, text, self.resume[pairs])
        square += squares(hired)[history.hire]
        both -= dot_shared(hired, history.hire[self.left_out], text, self.resume)
        return self._spread(ratio(both, np.sqrt(np.maximum(square, 0.0))[self.left_out]))

    def lifted_skills(self) -> np.ndarray:
        """Sum of the lifts of the resume's skills, of hires whose ad did not ask for them; see `Contrast.lift`."""
        lifts = self._weights(Contrast.lift, self.history.people.sets["skills"], self.history.ads.sets["named"], self.market.skills)
        return self._spread(dot(lifts, self.left_out, self.resumes.sets["skills"], self.resume))

    def shared_background(self, industries: csr_array) -> np.ndarray:
        """Chance that the industry which the others have in common is one of the resume's.

        Args:
            industries: (n, COLUMNS), of the resumes.
        """
        weights = self._weights(Contrast.background, self.market.industries_of(self.history.people), None, self.market.industries)
        return self._spread(dot(weights, self.left_out, industries, self.resume))

    def standing_apart(self, gap: np.ndarray) -> np.ndarray:
        """|gap - mean gap of the others|, each the levels between a person's standing and the ad's.

        Args:
            gap: (N,) of the pairs.
        """
        history, market = self.history, self.market
        theirs = (market.standing(history.people) - market.standing(history.ads))[history.hire]
        return np.abs(gap - self._spread(self._mean_of_others(theirs)))

    def _weights(self, weigh: Callable[[Contrast], csr_array], held: csr_array, asked: csr_array | None, shares: Shares) -> csr_array:
        """(S, COLUMNS) weights of what the others of each slot hold."""
        history, parts, domain = self.history, [], self.market.domain_of(self.history.people)
        for offsets in history.offsets_of_jobs():
            hire = history.hire[offsets[0] : offsets[-1]]
            found = contrast(offsets - offsets[0], held[hire], None if asked is None else asked[hire], shares, domain[hire])
            parts.append(weigh(found))
        return _joined(parts)

    def _mean_of_others(self, values: np.ndarray) -> np.ndarray:
        """(H,) mean of a number over the others of whom it is known.

        Args:
            values: (S,) of each slot's person, NaN is unknown.
        """
        job, jobs, known = self.history.job, len(self.history.level), np.isfinite(values)
        values = np.where(known, values, 0.0)
        total = np.bincount(job, values, minlength=jobs)[self.job] - values[self.left_out]
        count = np.bincount(job, known, minlength=jobs)[self.job] - known[self.left_out]
        return ratio(total, count)

    def _spread(self, values: np.ndarray) -> np.ndarray:
        """(H,) -> (N,)."""
        full = np.full(len(self.slot), np.nan)
        full[self.rows] = values
        return full


def _joined(parts: Iterable[csr_array]) -> csr_array:
    """Rows below each other."""
    parts = list(parts)
    return parts[0] if len(parts) == 1 else vstack(parts, format="csr")


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)

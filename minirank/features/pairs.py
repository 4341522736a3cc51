"""Pairs of a job and a resume at a time, and the quantities that their inputs are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from minirank.features.history import History, OtherHires, ratio
from minirank.features.profiles import Profiles
from minirank.features.sparse import dot, dot_shared, product, sizes

DAY = 86_400


@dataclass(frozen=True)
class MatchedPairs:
    """N pairs.

    Args:
        jobs, resumes: profiles, built with the same text model.
        history: of the jobs, or None.
        job, resume: (N,) their rows.
        time: (N,) int64 seconds, of the search.
        role, position: (N,) ids, of the search; None where no input needs them.
    """

    jobs: Profiles
    resumes: Profiles
    history: History | None
    job: np.ndarray
    resume: np.ndarray
    time: np.ndarray
    role: np.ndarray | None = None
    position: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.job)

    def rows(self, owner: str) -> np.ndarray:
        """(N,) which of the owners of an input each pair belongs to; see `inputs.Input`."""
        if owner == "hire":  # those without history: the row after the last
            return np.where(self.past.slot < 0, len(self.history.job), self.past.slot)
        return {"job": self.job, "resume": self.resume}.get(owner, np.arange(len(self)))

    def asked(self, name: str) -> np.ndarray:
        """(N,) size of a set of the job."""
        return sizes(self.jobs.sets[name])[self.job]

    def held(self, name: str) -> np.ndarray:
        """(N,) size of a set of the resume."""
        return sizes(self.resumes.sets[name])[self.resume]

    def common(self, asked: str, held: str | None = None) -> np.ndarray:
        """(N,) what a set of the job and one of the resume, by default that of the same name, have in common."""
        return dot(self.jobs.sets[asked], self.job, self.resumes.sets[held or asked], self.resume)

    def share_of_job(self, asked: str, held: str | None = None) -> np.ndarray:
        """(N,) share of a set of the job that is in one of the resume."""
        return ratio(self.common(asked, held), self.asked(asked))

    def jaccard(self, name: str) -> np.ndarray:
        """(N,) |A & B| / |A or B|, the sets of the job and of the resume; NaN where one is empty."""
        both = self.common(name)
        return self.where_known(name, ratio(both, self.asked(name) + self.held(name) - both))

    def where_known(self, name: str, values: np.ndarray) -> np.ndarray:
        """(N,) `values`, NaN where the set of the job or of the resume is empty."""
        return np.where((self.asked(name) > 0) & (self.held(name) > 0), values, np.nan)

    def gap(self, level: str) -> np.ndarray:
        """(N,) levels from the job's to the resume's."""
        theirs, ours = self.resumes.levels[level][self.resume].astype(float), self.jobs.levels[level][self.job].astype(float)
        return np.where((theirs >= 0) & (ours >= 0), theirs - ours, np.nan)

    def years_gap(self) -> np.ndarray:
        """(N,) years, at most 40, beyond those that the job asks for, within -15 .. 15."""
        years, least = np.minimum(self.resumes.years, 40)[self.resume], np.minimum(self.jobs.years, 40)[self.job]
        return np.clip(years - least, -15, 15)

    def extra_skills(self) -> np.ndarray:
        """(N,) ln(1 + skills of the resume that the job does not name)."""
        return np.log1p(self.held("skills") - self.common("named", "skills"))

    def covered(self) -> np.ndarray:
        """(N,) must-haves that the resume has."""
        return sizes(self.must_covered)

    @cached_property
    def must_covered(self) -> csr_array:
        """(N, COLUMNS), the must-haves that each resume has."""
        return product(self.jobs.sets["must"], self.job, self.resumes.sets["skills"], self.resume)

    @cached_property
    def location_match(self) -> np.ndarray:
        """(N,) parts that both places have (Berlin; Berlin, Germany) / the smaller count of parts."""
        return ratio(self.common("location"), np.minimum(self.asked("location"), self.held("location")))

    def location_class(self) -> np.ndarray:
        """(N,) 0 unknown, 1 another place, 2 the same in part, 3 the same."""
        match = self.location_match
        return np.select([np.isnan(match), match == 0, match < 1], [0, 1, 2], 3)

    def reachable(self) -> np.ndarray:
        """(N,) `location_match`, 1 where the job is remote."""
        return np.where(self.jobs.levels["remote"][self.job] == 2, 1.0, self.location_match)

    def recency(self) -> np.ndarray:
        """(N,) ln(1 + days from the resume to the search); a resume from after it is as fresh as can be."""
        return np.log1p(np.maximum(self.time - self.resumes.time[self.resume], 0) / DAY)

    def text_similarity(self) -> np.ndarray:
        """(N,) cosine of the TF-IDF rows."""
        return dot_shared(self.jobs.text, self.job, self.resumes.text, self.resume)

    def title_found(self) -> np.ndarray:
        """(N,) BM25 of the job's title in the resume's text, as a share of the most that it can be."""
        return dot_shared(self.jobs.wanted, self.job, self.resumes.saturated, self.resume)

    @cached_property
    def past(self) -> OtherHires:
        """The past hires that each candidate is compared with."""
        return OtherHires(self.history, self.resumes, self.job, self.resume)

"""What training rows show of their market: how common a skill is, in which industry an employer is, which level is usual after years."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from minirank.extract import SENIORITY
from minirank.features.profiles import Profiles
from minirank.features.sparse import COLUMNS, offsets_of, row_of_entries

MOST_YEARS = 40
DOMAIN_PRIOR = 10.0  # resumes: how many a domain needs before its own shares count as much as those of all domains


@dataclass(frozen=True)
class Shares:
    """The share of training resumes that hold a name, by the resume's domain.

    Args:
        names: (V,) int64 ascending, the columns of names (`sparse.column`) that enough training resumes hold.
        of_domain: (G + 1, V + 1) float64, between 0 and 1. Row 0 is for resumes whose domain is not known, the other rows are for those of
            `Market.domains`; column 0 is for any other name, the other columns are for `names`.
    """

    names: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    of_domain: np.ndarray = field(default_factory=lambda: np.full((1, 1), 0.5))

    @classmethod
    def fit(cls, held: csr_array, domain: np.ndarray, domains: int, min_count: int) -> Shares:
        """Shares of n training resumes.

        s_v = (c_v + 1/2) / (n + 1),   s_gv = (c_gv + DOMAIN_PRIOR s_v) / (n_g + DOMAIN_PRIOR)

        Args:
            held: (n, COLUMNS), their sets.
            domain: (n,) rows of `of_domain`.
            domains: G.
            min_count: resumes that must hold a name.
        """
        names, entry, counts = np.unique(held.indices, return_inverse=True, return_counts=True)
        kept = counts >= min_count
        place = np.where(kept, np.cumsum(kept), 0)[entry]
        width, rows = int(kept.sum()) + 1, held.shape[0]
        held_by = np.bincount(domain[row_of_entries(held)] * width + place, minlength=(domains + 1) * width).reshape(domains + 1, width)
        held_by[:, 0] = 0  # of the other names each is held by hardly anyone
        overall = (held_by.sum(0) + 0.5) / (rows + 1)
        sizes = np.bincount(domain, minlength=domains + 1)[:, None]
        return cls(names[kept].astype(np.int64), (held_by + DOMAIN_PRIOR * overall) / (sizes + DOMAIN_PRIOR))

    def places(self, columns: np.ndarray) -> np.ndarray:
        """Columns of `of_domain` for columns of names."""
        return _found(self.names, columns) + 1


# Name -> (shape, type) of `Market.arrays`; None is any length.
ARRAYS: dict[str, tuple[tuple[int | None, ...], type]] = {
    **dict.fromkeys(("domains", "employers", "employer_industry", "skill_names", "industry_names"), ((None,), np.int64)),
    **dict.fromkeys(("skill_shares", "industry_shares"), ((None, None), np.float64)),
    **dict.fromkeys(("job_levels", "resume_levels"), ((MOST_YEARS + 1,), np.float64)),
}


@dataclass(frozen=True)
class Market:
    """Statistics of the jobs and resumes of training rows; without any nothing is known of a market.

    Args:
        domains: (G,) int64 ascending, columns of the names of domains.
        skills, industries: shares of resumes that hold them.
        employers: (E,) int64 ascending, columns of the names of employers that a job names together with an industry.
        employer_industry: (E,) int64, columns of their industries' names.
        job_levels, resume_levels: (MOST_YEARS + 1,) float64, mean level of seniority by the years that a job asks for, that a resume has;
            -1 where none is known.
    """

    domains: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    skills: Shares = field(default_factory=Shares)
    industries: Shares = field(default_factory=Shares)
    employers: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    employer_industry: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    job_levels: np.ndarray = field(default_factory=lambda: np.full(MOST_YEARS + 1, -1.0))
    resume_levels: np.ndarray = field(default_factory=lambda: np.full(MOST_YEARS + 1, -1.0))

    @classmethod
    def fit(cls, jobs: Profiles, resumes: Profiles, min_count: int) -> Market:
        """Statistics of training jobs and training resumes.

        Args:
            jobs, resumes: those of training rows, once each.
            min_count: resumes that must hold a skill, industry or domain.
        """
        named, counts = np.unique(resumes.domain_column, return_counts=True)
        domains = named[(counts >= min_count) & (named >= 0)]
        domain = _found(domains, resumes.domain_column) + 1
        employers, industries = _industry_of_employers(jobs)
        known = cls(domains, employers=employers, employer_industry=industries)
        return cls(
            domains,
            Shares.fit(resumes.sets["skills"], domain, len(domains), min_count),
            Shares.fit(known.industries_of(resumes), domain, len(domains), min_count),
            employers,
            industries,
            _usual_levels(jobs),
            _usual_levels(resumes),
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """All of it, by names of which the inverse is `of_arrays`."""
        found = {name: getattr(self, name) for name in ("domains", "employers", "employer_industry", "job_levels", "resume_levels")}
        for name, shares in (("skill", self.skills), ("industry", self.industries)):
            found |= {f"{name}_names": shares.names, f"{name}_shares": shares.of_domain}
        return found

    @classmethod
    def of_arrays(cls, found: dict[str, np.ndarray]) -> Market:
        """The inverse of `arrays`.

        Raises:
            ValueError: they do not fit together.
        """
        found = dict(found)
        shares = {name: Shares(found.pop(f"{name}_names"), found.pop(f"{name}_shares")) for name in ("skill", "industry")}
        market = cls(skills=shares["skill"], industries=shares["industry"], **found)
        names = [market.domains, market.employers, *(each.names for each in shares.values())]
        ascending = all((np.diff(each, prepend=-1) > 0).all() and (each < COLUMNS).all() for each in (*names,))
        fits = all(each.of_domain.shape == (len(market.domains) + 1, len(each.names) + 1) for each in shares.values())
        inside = all(((each.of_domain > 0) & (each.of_domain < 1)).all() for each in shares.values())
        industry = market.employer_industry
        known = len(industry) == len(market.employers) and ((industry >= 0) & (industry < COLUMNS)).all()
        levels = all(((each >= 0) & (each < len(SENIORITY)) | (each == -1)).all() for each in (market.job_levels, market.resume_levels))
        if not (ascending and fits and inside and known and levels):
            raise ValueError("arrays of a market do not fit together")
        return market

    def domain_of(self, profiles: Profiles) -> np.ndarray:
        """(n,) rows of `Shares.of_domain`."""
        return _found(self.domains, profiles.domain_column) + 1

    def industries_of(self, resumes: Profiles) -> csr_array:
        """(n, COLUMNS), the industries that a resume names and those of its employers, as sets."""
        stated, employers = resumes.sets["industries"], resumes.sets["employers"]
        place = _found(self.employers, employers.indices)
        rows, columns = row_of_entries(employers)[place >= 0], self.employer_industry[place[place >= 0]]
        keys = np.concatenate([row_of_entries(stated) * 2**31 + stated.indices, rows * 2**31 + columns])
        row, column = np.divmod(np.unique(keys), 2**31)
        shape = (len(resumes), COLUMNS)
        return csr_array((np.ones(len(row)), column.astype(np.int32), offsets_of(row, len(resumes))), shape=shape)

    def outside_skills(self, resumes: Profiles) -> np.ndarray:
        """(n,) skills of each resume that are more common in another domain than in its own; NaN where its domain is not known."""
        domain = self.domain_of(resumes)
        if not len(self.domains):
            return np.full(len(resumes), np.nan)
        home = np.append(0, self.skills.of_domain[1:, 1:].argmax(0) + 1)
        held = resumes.sets["skills"]
        at, row = self.skills.places(held.indices), row_of_entries(held)
        outside = np.bincount(row[(at > 0) & (home[at] != domain[row])], minlength=len(resumes))
        return np.where(domain > 0, outside, np.nan)

    def standing(self, profiles: Profiles) -> np.ndarray:
        """(n,) levels: the mean of the level that is stated and of that which is usual at these years, or the one that is known."""
        levels = self.job_levels if profiles.is_jobs else self.resume_levels
        known, years = np.isfinite(profiles.years), np.clip(np.nan_to_num(profiles.years), 0, MOST_YEARS).astype(np.int64)
        usual = np.where(known & (levels[years] >= 0), levels[years], np.nan)
        stated = np.where(profiles.levels["seniority"] >= 0, profiles.levels["seniority"].astype(float), np.nan)
        if profiles.is_jobs:
            return np.where(np.isnan(stated), usual, stated)
        return np.where(np.isnan(stated), usual, np.where(np.isnan(usual), stated, (stated + usual) / 2))


def _found(sorted_names: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Place of each column among ascending ones, -1 where it is not there."""
    if not len(sorted_names):
        return np.full(len(columns), -1)
    at = np.minimum(np.searchsorted(sorted_names, columns), len(sorted_names) - 1)
    return np.where(sorted_names[at] == columns, at, -1)


def _industry_of_employers(jobs: Profiles) -> tuple[np.ndarray, np.ndarray]:
    """Employers that jobs name together with an industry, ascending, and the industry that most of these jobs name."""
    employers, industries = jobs.sets["employers"], jobs.sets["industries"]
    alone = np.flatnonzero((np.diff(employers.indptr) == 1) & (np.diff(industries.indptr) > 0))
    named = industries[alone]
    pairs = np.repeat(employers[alone].indices.astype(np.int64), np.diff(named.indptr)) * 2**31 + named.indices
    pair, count = np.unique(pairs, return_counts=True)
    order = np.lexsort((-count, pair // 2**31))
    names, first = np.unique(pair[order] // 2**31, return_index=True)
    return names, pair[order][first] % 2**31


def _usual_levels(profiles: Profiles) -> np.ndarray:
    """(MOST_YEARS + 1,) mean level by years; a neighbour counts exp(-years apart)."""
    stated = profiles.levels["seniority"]
    known = np.isfinite(profiles.years) & (stated >= 0)
    if not known.any():
        return np.full(MOST_YEARS + 1, -1.0)
    years = np.clip(profiles.years[known], 0, MOST_YEARS).astype(np.int64)
    count, total = (np.bincount(years, weights, minlength=MOST_YEARS + 1) for weights in (None, stated[known].astype(float)))
    near = np.exp(-np.abs(np.subtract.outer(np.arange(MOST_YEARS + 1), np.arange(MOST_YEARS + 1))))
    return (near @ total) / (near @ count)

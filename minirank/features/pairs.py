"""Pairs of a job and a resume at a time, and the quantities that their inputs are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from minirank.features.embeddings import best_cosines, whole_cosine
from minirank.features.history import History, OtherHires, ratio
from minirank.features.market import Market
from minirank.features.profiles import IN_PARTS, IN_WORDS, Profiles
from minirank.features.sparse import dot, dot_shared, dots_shared, product, row_of_entries, sizes

if TYPE_CHECKING:
    from minirank.features.inputs import Feature, Input

Rows = slice | np.ndarray
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
        market: of training rows.
    """

    jobs: Profiles
    resumes: Profiles
    history: History | None
    job: np.ndarray
    resume: np.ndarray
    time: np.ndarray
    role: np.ndarray | None = None
    position: np.ndarray | None = None
    market: Market = field(default_factory=Market)

    def __len__(self) -> int:
        return len(self.job)

    def some(self, rows: Rows) -> MatchedPairs:
        """Some of the pairs."""
        of_pairs = {name: getattr(self, name) for name in ("job", "resume", "time", "role", "position")}
        return replace(self, **{name: None if values is None else values[rows] for name, values in of_pairs.items()})

    def parts(self, size: int) -> Iterator[tuple[MatchedPairs, Rows]]:
        """All pairs, so many at a time, and which they are."""
        for first in range(0, len(self), size):
            rows = slice(first, min(first + size, len(self)))
            yield self.some(rows), rows

    def values_of(self, each: Input | Feature) -> Iterator[Any]:
        """What an input is of its owners, some after others."""
        yield each.values(self)

    def rows(self, owner: str) -> np.ndarray:
        """(N,) which of the owners of an input each pair belongs to; see `inputs.Input`."""
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

    def known_level(self, level: str) -> np.ndarray:
        """(n,) the resume's place in `LEVELS`, NaN where it is unknown."""
        return np.where(self.resumes.levels[level] >= 0, self.resumes.levels[level].astype(float), np.nan)

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
        """(N, COLUMNS), the must-haves that each resume has, with their depths."""
        return product(self.jobs.sets["must"], self.job, self.resumes.sets["depths"], self.resume)

    def must_depth(self) -> np.ndarray:
        """(N,) mean depth of the must-haves, 0 of one that the resume does not have."""
        covered = self.must_covered
        return ratio(np.bincount(row_of_entries(covered), covered.data, minlength=len(self)), self.asked("must"))

    def must_weakest(self) -> np.ndarray:
        """(N,) the least depth of the must-haves, 0 where the resume does not have all."""
        covered, asked = self.must_covered, self.asked("must")
        least = np.full(len(self), np.inf)
        np.minimum.at(least, row_of_entries(covered), covered.data)
        return np.where(asked > 0, np.where(sizes(covered) == asked, least, 0.0), np.nan)

    def must_first(self) -> np.ndarray:
        """(N,) depth of the must-have that the job names first."""
        return np.where(self.asked("first") > 0, self.common("first", "depths"), np.nan)

    def salary_gap(self) -> np.ndarray:
        """(N,) ln(wish / offer), within -1 .. 1; NaN where one is unknown or they are in different currencies."""
        ours, theirs = self.jobs.currency[self.job], self.resumes.currency[self.resume]
        offer, wish = self.jobs.numbers["salary"][self.job], self.resumes.numbers["salary"][self.resume]
        comparable = ((ours == theirs) | (ours < 0) | (theirs < 0)) & (offer > 0) & (wish > 0)
        wish, offer = (np.where(comparable, pay, np.nan) for pay in (wish, offer))
        return np.clip(np.log(wish) - np.log(offer), -1, 1)

    def late(self) -> np.ndarray:
        """(N,) ln(1 + weeks) that the person comes after the start."""
        return np.log1p(np.maximum(self.resumes.numbers["notice"][self.resume] - self.jobs.numbers["start"][self.job], 0))

    @cached_property
    def industries(self) -> csr_array:
        """(n, COLUMNS), industries of each resume, those of its employers included."""
        return self.market.industries_of(self.resumes)

    def industry_count(self) -> np.ndarray:
        """(n,) ln(1 + industries of each resume), NaN where none is known."""
        count = sizes(self.industries)
        return np.where(count > 0, np.log1p(count), np.nan)

    def same_industry(self) -> np.ndarray:
        """(N,) share of the job's industries that the resume's are among; NaN where either is unknown."""
        share = ratio(dot(self.jobs.sets["industries"], self.job, self.industries, self.resume), self.asked("industries"))
        return np.where(sizes(self.industries)[self.resume] > 0, share, np.nan)

    @cached_property
    def standing_gap(self) -> np.ndarray:
        """(N,) levels from the job's standing to the resume's, see `Market.standing`."""
        return self.market.standing(self.resumes)[self.resume] - self.market.standing(self.jobs)[self.job]

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
        return self._in_parts["text"]

    def look_up_texts(self) -> None:
        """Compute now what `found` and `text_similarity` tell: `Profiles.saturated` of the resumes is not asked for again."""
        _ = self._in_parts, self._in_words

    @cached_property
    def _in_parts(self) -> dict[str, np.ndarray]:
        """What is looked up in the parts of words of the resume's text: name -> (N,) sums."""
        return self._looked_up({"text": self.jobs.text, **{name: self.jobs.wanted[name] for name in IN_PARTS}}, "parts")

    @cached_property
    def _in_words(self) -> dict[str, np.ndarray]:
        """What is looked up in its words, likewise."""
        return self._looked_up({name: self.jobs.wanted[name] for name in (*IN_WORDS, "text")}, "words")

    def _looked_up(self, wanted: dict[str, csr_array], terms: str) -> dict[str, np.ndarray]:
        # SPEED: all at once, for it is the resumes' rows that have to be fetched.
        resumes = self.resumes
        held = [resumes.text if terms == "parts" and name == "text" else resumes.saturated[terms] for name in wanted]
        read = [each for each in held if isinstance(each, csr_array)]
        if len(read) == len(held):
            return dict(zip(wanted, dots_shared(list(wanted.values()), self.job, read, self.resume)))
        return {name: dot_shared(asked, self.job, each, self.resume) for (name, asked), each in zip(wanted.items(), held)}

    def title_found(self) -> np.ndarray:
        """(N,) `found` of the job's title times `Profiles.title_rarity`, 0 where it holds no word."""
        return np.nan_to_num(self.found("title", "parts")) * self.jobs.title_rarity[self.job]

    def found(self, name: str, terms: str) -> np.ndarray:
        """(N,) BM25 of a text of the job in the resume's text, as a share of the most that it can be; NaN where it holds no word.

        Args:
            name: in `Profiles.wanted`.
            terms: what that is in, "words" or "parts".
        """
        shares = (self._in_parts if terms == "parts" else self._in_words)[name]
        return np.where(sizes(self.jobs.wanted[name])[self.job] > 0, shares, np.nan)

    def text_meaning(self) -> np.ndarray:
        """(N,) cosine of the vectors of both texts."""
        return whole_cosine(self.jobs.meaning, self.job, self.resumes.meaning, self.resume)

    @cached_property
    def nearest(self) -> tuple[np.ndarray, np.ndarray]:
        """`best_cosines` of what is asked for, and of the title."""
        return best_cosines(self.jobs.meaning, self.job, self.resumes.meaning, self.resume)

    @cached_property
    def past(self) -> OtherHires:
        """The past hires that each candidate is compared with."""
        return OtherHires(self.history, self.resumes, self.job, self.resume, self.market)

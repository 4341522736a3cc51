"""Every input of the model: its name, kind and size, whose it is, and how its column is made.

A new input is one entry here and its test. Columns have the order of the entries; parameters are known by the names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from minirank.extract import EDUCATION, REMOTE, SENIORITY
from minirank.features.feature_config import FeatureConfig
from minirank.features.history import ratio, shared_skills
from minirank.features.pairs import DAY, MatchedPairs
from minirank.features.sparse import column, dot_shared, sizes
from minirank.features.tables import Table
from minirank.kernels.batch import Bag

SHARED_SKILLS = 10  # ids in the bag of skills that past hires share
IDENTIFIERS = {"job_id": "job", "team_id": "job", "resume_id": "resume"}

Owner = Literal["request", "job", "resume", "pair", "hire"]


@dataclass(frozen=True)
class Input:
    """A categorical field or a bag of ids; id 0 is unknown.

    Args:
        name: in `InputSpec`.
        owner: what it is a property of: the search request, the job, the resume, the pair, or the hire that is left out of those
            which the candidate is compared with.
        size: how many ids there are, or the vocabulary that they are places in.
        values: `MatchedPairs` -> a value for each owner; every pair gets that of its own.
        switch: in `FeatureConfig`, where the input can be left out.
        summed_first: whether it is in `InputSpec.of_request`; by default where the request or the job owns it.
    """

    name: str
    owner: Owner
    size: int | str
    values: Callable[[MatchedPairs], Any]
    switch: str | None = None
    summed_first: bool | None = None

    @property
    def of_request(self) -> bool:
        """Whether it is in `InputSpec.of_request`."""
        return self.owner in ("request", "job") if self.summed_first is None else self.summed_first


class Categorical(Input):
    """A categorical field; values are ids, or a list of names of the vocabulary."""

    def column(self, pairs: MatchedPairs, vocabulary: tuple[str, ...]) -> np.ndarray:
        """(N,) ids."""
        values = self.values(pairs)
        if isinstance(values, list):
            ids = {name: place for place, name in enumerate(vocabulary, 1)}
            values = np.array([ids.get(name, 0) for name in values], np.int32)
        return values[pairs.rows(self.owner)]


class MultiValued(Input):
    """A bag of ids; values are offsets and ids as in a `Bag`, or sets of skills, which are looked up in the vocabulary."""

    def column(self, pairs: MatchedPairs, vocabulary: tuple[str, ...]) -> Bag:
        """The ids of N pairs."""
        lists = self.values(pairs)
        if not isinstance(lists, tuple):
            lists = lists.indptr.astype(np.int64), _ids(lists.indices, vocabulary)
        return Bag(pairs.rows(self.owner).astype(np.int32), *lists)


@dataclass(frozen=True)
class Feature:
    """A dense feature; NaN is unknown, for which the encoder writes the training mean.

    Args:
        name: its column.
        owner: as for `Input`.
        unit: of the raw value, before it is standardised.
        formula: in terms of what extraction found; a word in capitals is a set.
        values: `MatchedPairs` -> a float64 for each owner.
        switches: in `FeatureConfig`, which must all be on.
        flag: a column `<name>_unknown` (0 or 1) stands beside it.
    """

    name: str
    owner: Owner
    unit: str
    formula: str
    values: Callable[[MatchedPairs], np.ndarray]
    switches: tuple[str, ...] = ("match",)
    flag: bool = False

    def column(self, pairs: MatchedPairs) -> np.ndarray:
        """(N,) float64 raw values."""
        return self.values(pairs)[pairs.rows(self.owner)]


CATEGORICAL = (
    # name, owner, size, values
    Categorical("role", "request", "role", lambda pairs: pairs.role),
    Categorical("position", "request", "position", lambda pairs: pairs.position),
    Categorical("job_title", "job", "title", lambda pairs: pairs.jobs.title),
    Categorical("resume_title", "resume", "title", lambda pairs: pairs.resumes.title),
    Categorical("job_domain", "job", "domain", lambda pairs: pairs.jobs.domain),
    Categorical("resume_domain", "resume", "domain", lambda pairs: pairs.resumes.domain),
    Categorical("job_seniority", "job", len(SENIORITY) + 1, lambda pairs: pairs.jobs.levels["seniority"] + 1),
    Categorical("resume_seniority", "resume", len(SENIORITY) + 1, lambda pairs: pairs.resumes.levels["seniority"] + 1),
    Categorical("job_education", "job", len(EDUCATION) + 1, lambda pairs: pairs.jobs.levels["education"] + 1),
    Categorical("resume_education", "resume", len(EDUCATION) + 1, lambda pairs: pairs.resumes.levels["education"] + 1),
    Categorical("job_remote", "job", len(REMOTE) + 1, lambda pairs: pairs.jobs.levels["remote"] + 1),
    Categorical("resume_remote", "resume", len(REMOTE) + 1, lambda pairs: pairs.resumes.levels["remote"] + 1),
    Categorical("location_match", "pair", 4, lambda pairs: _location_class(pairs.location_match)),
    # NOTE: all candidates share `history`, but models have been trained with it summed in its place: another order, other last bits.
    Categorical("history", "job", 3, lambda pairs: pairs.history.level, "signals", summed_first=False),
)

BAGS = (
    MultiValued("must_have", "job", "skill", lambda pairs: pairs.jobs.sets["must"], "skills"),
    MultiValued("nice_to_have", "job", "skill", lambda pairs: pairs.jobs.sets["nice"], "skills"),
    MultiValued("resume_skills", "resume", "skill", lambda pairs: pairs.resumes.sets["skills"], "skills"),
    MultiValued("must_covered", "pair", "skill", lambda pairs: pairs.must_covered, "skills"),
    MultiValued("hired_skills", "hire", "skill", lambda pairs: shared_skills(pairs.history, SHARED_SKILLS), "signals"),
    MultiValued("job_tokens", "job", "token", lambda pairs: pairs.jobs.tokens, "tokens"),
    MultiValued("resume_tokens", "resume", "token", lambda pairs: pairs.resumes.tokens, "tokens"),
)

FEATURES = (
    Feature("must_coverage", "pair", "share", "|MUST & SKILLS| / |MUST|",
            lambda pairs: ratio(sizes(pairs.must_covered), pairs.asked("must")), flag=True),
    Feature("must_missing", "pair", "skills", "|MUST - SKILLS|",
            lambda pairs: pairs.asked("must") - sizes(pairs.must_covered)),
    Feature("nice_coverage", "pair", "share", "|NICE & SKILLS| / |NICE|",
            lambda pairs: ratio(pairs.common("nice", "skills"), pairs.asked("nice")), flag=True),
    Feature("extra_skills", "pair", "ln(1 + skills)", "|SKILLS - MUST - NICE|",
            lambda pairs: np.log1p(pairs.held("skills") - pairs.common("named", "skills"))),
    Feature("years", "resume", "years", "years of the resume, at most 40",
            lambda pairs: np.minimum(pairs.resumes.years, 40), flag=True),
    Feature("min_years", "job", "years", "years that the job asks for, at most 40",
            lambda pairs: np.minimum(pairs.jobs.years, 40), flag=True),
    Feature("years_gap", "pair", "years", "years - min_years, within -15 .. 15",
            lambda pairs: pairs.years_gap()),
    Feature("seniority_gap", "pair", "levels", "resume's level - job's level (intern 0 .. principal 5)",
            lambda pairs: pairs.gap("seniority"), flag=True),
    Feature("education_gap", "pair", "levels", "resume's level - job's level (none 0 .. doctorate 4)",
            lambda pairs: pairs.gap("education"), flag=True),
    Feature("same_title", "pair", "0 or 1", "normalised titles are equal",
            lambda pairs: pairs.where_known("title", pairs.common("title")), flag=True),
    Feature("title_similarity", "pair", "share", "|A & B| / |A or B|, the WORDS of the normalised titles",
            lambda pairs: pairs.jaccard("title_words")),
    Feature("domain_overlap", "pair", "share", "|DOMAINS of the job & of the resume| / |of the job|",
            lambda pairs: pairs.share_of_job("domains"), flag=True),
    Feature("soft_skills", "pair", "share", "|SOFT of the job & of the resume| / |of the job|",
            lambda pairs: pairs.share_of_job("soft_skills"), flag=True),
    Feature("languages", "pair", "share", "|LANGUAGES of the job & of the resume| / |of the job|",
            lambda pairs: pairs.share_of_job("languages"), flag=True),
    Feature("location_match", "pair", "share", "|PARTS of both places| / the smaller count (Berlin; Berlin, Germany)",
            lambda pairs: pairs.location_match, flag=True),
    Feature("reachable", "pair", "share", "1 if the job is remote, else location_match",
            lambda pairs: np.where(pairs.jobs.levels["remote"][pairs.job] == 2, 1.0, pairs.location_match)),
    Feature("remote_fit", "pair", "share", "1 - |job's policy - resume's| / 2 (onsite 0, hybrid 1, remote 2)",
            lambda pairs: 1 - np.abs(pairs.gap("remote")) / 2, flag=True),
    Feature("recency", "pair", "ln(1 + days)", "time of the search - updated_at, never negative",
            lambda pairs: np.log1p(np.maximum(pairs.time - pairs.resumes.time[pairs.resume], 0) / DAY)),
    Feature("text_similarity", "pair", "cosine", "TF-IDF of the job's text and of the resume's",
            lambda pairs: dot_shared(pairs.jobs.text, pairs.job, pairs.resumes.text, pairs.resume), ("text",)),
    Feature("hires", "job", "ln(1 + people)", "n past hires, counted before one is left out; 0 without a history",
            lambda pairs: np.log1p(np.diff(pairs.history.offsets).astype(float)), ("signals",)),
    Feature("hired_skills", "pair", "share", "supports of SKILLS / all supports, among n - 1 hires",
            lambda pairs: pairs.other_hires.skills(), ("signals",), flag=True),
    Feature("hired_unstated", "pair", "share", "the same over skills that the job does not name",
            lambda pairs: pairs.other_hires.unstated_skills(pairs.jobs), ("signals",)),
    Feature("hired_years", "pair", "years", "|years - mean years of n - 1 hires|",
            lambda pairs: pairs.other_hires.years_apart(), ("signals",)),
    Feature("hired_seniority", "pair", "share", "of n - 1 hires that have the resume's seniority",
            lambda pairs: pairs.other_hires.share_with_same("seniority"), ("signals",)),
    Feature("hired_education", "pair", "share", "of n - 1 hires that have the resume's education",
            lambda pairs: pairs.other_hires.share_with_same("education"), ("signals",)),
    Feature("hired_title", "pair", "share", "of n - 1 hires that have the resume's title",
            lambda pairs: pairs.other_hires.share_with_same("title"), ("signals",)),
    Feature("hired_text", "pair", "cosine", "TF-IDF of the resume and the sum over n - 1 hires",
            lambda pairs: pairs.other_hires.text_similarity(), ("signals", "text")),
)  # fmt: skip


def categorical(config: FeatureConfig) -> list[Categorical]:
    """The categorical fields of a configuration: those of the table, further columns and identifiers."""
    return [*(each for each in CATEGORICAL if _on(each, config)), *further(config)]


def further(config: FeatureConfig) -> list[Categorical]:
    """Fields that the configuration names, `job.KEY` or `resume.KEY`, and identifiers: each with a vocabulary of its own."""
    owners = {name: name.partition(".")[0] for name in config.columns} | (IDENTIFIERS if config.ids else {})
    return [Categorical(name, owner, name, _record_values(name, owner), summed_first=False) for name, owner in owners.items()]


def bags(config: FeatureConfig) -> list[MultiValued]:
    """The bags of a configuration."""
    return [each for each in BAGS if _on(each, config)]


def features(config: FeatureConfig) -> list[Feature]:
    """The dense features of a configuration."""
    return [each for each in FEATURES if all(getattr(config, switch) for switch in each.switches)]


def dense_columns(config: FeatureConfig) -> list[tuple[str, int, bool]]:
    """Of each dense column: its name, the place of its feature in `features`, and whether it says where that is unknown."""
    found = features(config)
    columns = [(each.name, place, False) for place, each in enumerate(found)]
    return columns + [(f"{each.name}_unknown", place, True) for place, each in enumerate(found) if each.flag]


def match_features(pairs: MatchedPairs) -> dict[str, np.ndarray]:
    """(N,) float64 raw values of `FEATURES` by name, NaN is unknown; those of texts and signals where the pairs have them."""
    there = {"match": True, "text": pairs.jobs.text is not None, "signals": pairs.history is not None}
    return {each.name: each.column(pairs) for each in FEATURES if all(there[switch] for switch in each.switches)}


def _on(each: Input, config: FeatureConfig) -> bool:
    return each.switch is None or getattr(config, each.switch)


def _location_class(match: np.ndarray) -> np.ndarray:
    """0 unknown, 1 another place, 2 the same in part, 3 the same."""
    return np.select([np.isnan(match), match == 0, match < 1], [0, 1, 2], 3)


def _record_values(name: str, owner: str) -> Callable[[MatchedPairs], list[str | None]]:
    """Values of a key of the JSON lines, as texts."""

    def values(pairs: MatchedPairs) -> list[str | None]:
        table: Table = pairs.jobs if owner == "job" else pairs.resumes
        found = (record.get(name.removeprefix(f"{owner}.")) for record in table.records)
        return [None if value is None else str(value) for value in found]

    return values


def _ids(columns: np.ndarray, vocabulary: tuple[str, ...]) -> np.ndarray:
    """int32 ids of the names with these hashed columns; 0 where the vocabulary has none."""
    known = np.array([column(name) for name in vocabulary], np.int64)
    if not len(known):
        return np.zeros(len(columns), np.int32)
    order = np.argsort(known)
    at = order[np.minimum(np.searchsorted(known, columns, sorter=order), len(known) - 1)]
    return np.where(known[at] == columns, at + 1, 0).astype(np.int32)

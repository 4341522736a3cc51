"""Every input of the model: its name, kind and size, whose it is, and how its column is made.

A new input is one entry here and its test. Columns have the order of the entries; parameters are known by the names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from minirank.config.features import FeatureConfig
from minirank.extract import EDUCATION, REMOTE, SENIORITY
from minirank.features.history import ratio
from minirank.features.pairs import MatchedPairs
from minirank.features.sparse import column
from minirank.kernels.batch import Bag

IDENTIFIERS = {"job_id": "job", "team_id": "job", "resume_id": "resume"}

Owner = Literal["request", "job", "resume", "pair"]


@dataclass(frozen=True)
class Input:
    """A categorical field or a bag of ids; id 0 is unknown.

    Args:
        name: in `InputSpec`.
        owner: what it is a property of: the search request, the job, the resume or the pair.
        size: how many ids there are, or the vocabulary that they are places in.
        values: `MatchedPairs` -> a value for each owner; every pair gets that of its own.
        switches: in `FeatureConfig`, which must all be on.
        summed_first: whether it is in `InputSpec.of_request`; by default where the request or the job owns it.
    """

    name: str
    owner: Owner
    size: int | str
    values: Callable[[MatchedPairs], Any]
    switches: tuple[str, ...] = ()
    summed_first: bool | None = None

    @property
    def of_request(self) -> bool:
        """Whether it is in `InputSpec.of_request`."""
        return self.owner in ("request", "job") if self.summed_first is None else self.summed_first


class Categorical(Input):
    """A categorical field; values are ids, or a list of names of the vocabulary."""

    def column(self, pairs: MatchedPairs, vocabulary: tuple[str, ...]) -> np.ndarray:
        """(N,) ids."""
        ids = {name: place for place, name in enumerate(vocabulary, 1)}

        def read(values: Any) -> np.ndarray:
            return np.array([ids.get(name, 0) for name in values], np.int32) if isinstance(values, list) else values

        return _joined([read(values) for values in pairs.values_of(self)])[pairs.rows(self.owner)]


class MultiValued(Input):
    """A bag of ids; values are sparse rows of words, whose columns are ids, or sets of skills, which are looked up in the vocabulary."""

    def column(self, pairs: MatchedPairs, vocabulary: tuple[str, ...]) -> Bag:
        """The ids of N pairs."""
        lengths, found = zip(*self.lists(pairs, vocabulary))
        offsets = np.concatenate([[0], np.cumsum(_joined(lengths), dtype=np.int64)])
        offsets = np.append(offsets, offsets[-1])  # the last list is empty, for `hide`
        return Bag(pairs.rows(self.owner).astype(np.int32), offsets, _joined(found))

    def lists(self, pairs: MatchedPairs, vocabulary: tuple[str, ...]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Lengths and ids of the lists of the owners, some after others."""
        for sets in pairs.values_of(self):
            yield np.diff(sets.indptr), sets.indices.astype(np.int32) if self.size == "token" else _ids(sets.indices, vocabulary)


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
        return _joined(list(pairs.values_of(self)))[pairs.rows(self.owner)]


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


# name, owner, size, values (p: the pairs), switches
CATEGORICAL = (
    Categorical("role", "request", "role", lambda p: p.role),
    Categorical("position", "request", "position", lambda p: p.position),
    Categorical("job_title", "job", "title", lambda p: p.jobs.title),
    Categorical("resume_title", "resume", "title", lambda p: p.resumes.title),
    Categorical("job_domain", "job", "domain", lambda p: p.jobs.domain),
    Categorical("resume_domain", "resume", "domain", lambda p: p.resumes.domain),
    Categorical("job_seniority", "job", len(SENIORITY) + 1, lambda p: p.jobs.levels["seniority"] + 1),
    Categorical("resume_seniority", "resume", len(SENIORITY) + 1, lambda p: p.resumes.levels["seniority"] + 1),
    Categorical("job_education", "job", len(EDUCATION) + 1, lambda p: p.jobs.levels["education"] + 1),
    Categorical("resume_education", "resume", len(EDUCATION) + 1, lambda p: p.resumes.levels["education"] + 1),
    Categorical("job_remote", "job", len(REMOTE) + 1, lambda p: p.jobs.levels["remote"] + 1),
    Categorical("resume_remote", "resume", len(REMOTE) + 1, lambda p: p.resumes.levels["remote"] + 1),
    Categorical("location_match", "pair", 4, lambda p: p.location_class()),
    # NOTE: all candidates share `history`, but models have been trained with it summed in its place: another order, other last bits.
    Categorical("history", "job", 3, lambda p: p.history.level, ("signals",), summed_first=False),
)

BAGS = (
    MultiValued("must_have", "job", "skill", lambda p: p.jobs.sets["must"], ("skills",)),
    MultiValued("nice_to_have", "job", "skill", lambda p: p.jobs.sets["nice"], ("skills",)),
    MultiValued("resume_skills", "resume", "skill", lambda p: p.resumes.sets["skills"], ("skills",)),
    MultiValued("must_covered", "pair", "skill", lambda p: p.must_covered, ("skills",)),
    MultiValued("job_tokens", "job", "token", lambda p: p.jobs.tokens, ("tokens",)),
    MultiValued("resume_tokens", "resume", "token", lambda p: p.resumes.tokens, ("tokens",)),
)

TEXT, SIGNALS, EMBEDDED = ("text",), ("signals",), ("embedded",)

# name, owner, unit, formula, values (p: the pairs), switches
FEATURES = (
    Feature("must_coverage", "pair", "share", "|MUST & SKILLS| / |MUST|", lambda p: ratio(p.covered(), p.asked("must")), flag=True),
    Feature("must_missing", "pair", "skills", "|MUST - SKILLS|", lambda p: p.asked("must") - p.covered()),
    Feature("nice_coverage", "pair", "share", "|NICE & SKILLS| / |NICE|", lambda p: p.share_of_job("nice", "skills"), flag=True),
    Feature("extra_skills", "pair", "ln(1 + skills)", "|SKILLS - MUST - NICE|", lambda p: p.extra_skills()),
    Feature("years", "resume", "years", "years of the resume, at most 40", lambda p: np.minimum(p.resumes.years, 40), flag=True),
    Feature("min_years", "job", "years", "years that the job asks for, at most 40", lambda p: np.minimum(p.jobs.years, 40), flag=True),
    Feature("years_gap", "pair", "years", "years - min_years, within -15 .. 15", lambda p: p.years_gap()),
    Feature("seniority_gap", "pair", "levels", "resume's - job's (intern 0 .. principal 5)", lambda p: p.gap("seniority"), flag=True),
    Feature("education_gap", "pair", "levels", "resume's - job's (none 0 .. doctorate 4)", lambda p: p.gap("education"), flag=True),
    Feature("same_title", "pair", "0 or 1", "normalised titles are equal", lambda p: p.where_known("title", p.common("title")), flag=True),
    Feature("title_similarity", "pair", "share", "|A & B| / |A or B|, the WORDS of both titles", lambda p: p.jaccard("title_words")),
    Feature("domain_overlap", "pair", "share", "|DOMAINS of both| / |of the job|", lambda p: p.share_of_job("domains"), flag=True),
    Feature("soft_skills", "pair", "share", "|SOFT of both| / |of the job|", lambda p: p.share_of_job("soft_skills"), flag=True),
    Feature("languages", "pair", "share", "|LANGUAGES of both| / |of the job|", lambda p: p.share_of_job("languages"), flag=True),
    Feature("location_match", "pair", "share", "|PARTS of both places| / the smaller count", lambda p: p.location_match, flag=True),
    Feature("reachable", "pair", "share", "1 if the job is remote, else location_match", lambda p: p.reachable()),
    Feature("remote_fit", "pair", "share", "1 - |gap| / 2 (onsite 0 .. remote 2)", lambda p: 1 - np.abs(p.gap("remote")) / 2, flag=True),
    Feature(
        "must_depth",
        "pair",
        "share",
        "mean DEPTH of MUST (basic 1/3, solid 2/3, expert 1), 0 if lacking",
        lambda p: p.must_depth(),
        flag=True,
    ),
    Feature("must_weakest", "pair", "share", "least DEPTH of MUST", lambda p: p.must_weakest()),
    Feature("must_first", "pair", "share", "DEPTH of the must-have that is named first", lambda p: p.must_first()),
    Feature(
        "stressed",
        "pair",
        "share",
        "|STRESSED & SKILLS and SOFT| / |STRESSED|",
        lambda p: p.share_of_job("stressed", "abilities"),
        flag=True,
    ),
    Feature(
        "standing",
        "resume",
        "levels",
        "mean of the level and of that usual at its years",
        lambda p: p.market.standing(p.resumes),
        flag=True,
    ),
    Feature("standing_gap", "pair", "levels", "standing - the job's", lambda p: p.standing_gap, flag=True),
    Feature(
        "salary_gap", "pair", "ln", "ln(wish / offer) within -1 .. 1, one currency or one unknown", lambda p: p.salary_gap(), flag=True
    ),
    Feature("over_budget", "pair", "0 or 1", "wish > offer", lambda p: over(p.salary_gap())),
    Feature("notice", "resume", "ln(1 + weeks)", "until available", lambda p: np.log1p(p.resumes.numbers["notice"]), flag=True),
    Feature("late", "pair", "ln(1 + weeks)", "notice - weeks until the start, at least 0", lambda p: p.late(), flag=True),
    Feature("leadership", "resume", "levels", "done: none 0, project 1, people 2", lambda p: p.known_level("leadership"), flag=True),
    Feature("leadership_gap", "pair", "levels", "done - asked", lambda p: p.gap("leadership"), flag=True),
    Feature("conditions", "pair", "share", "|CONDITIONS of both| / |of the job|", lambda p: p.share_of_job("conditions"), flag=True),
    Feature("tenure", "resume", "ln(1 + months)", "mean months a job", lambda p: np.log1p(p.resumes.numbers["tenure"]), flag=True),
    Feature("moves", "resume", "ln(1 + employers)", "employers so far", lambda p: np.log1p(p.resumes.numbers["moves"]), flag=True),
    Feature("same_industry", "pair", "share", "|INDUSTRIES of both| / |of the job|", lambda p: p.same_industry(), flag=True),
    Feature("industry_count", "resume", "ln(1 + industries)", "|INDUSTRIES|, stated and of employers", lambda p: p.industry_count()),
    Feature(
        "outside_skills",
        "resume",
        "ln(1 + skills)",
        "skills of another domain",
        lambda p: np.log1p(p.market.outside_skills(p.resumes)),
        flag=True,
    ),
    Feature("recency", "pair", "ln(1 + days)", "time of the search - updated_at, never negative", lambda p: p.recency()),
    Feature("text_similarity", "pair", "cosine", "TF-IDF of the parts of words of both texts", lambda p: p.text_similarity(), TEXT),
    Feature(
        "title_found",
        "pair",
        "share",
        "BM25 of the job's title in the resume / its most; where foreign, times its rarity",
        lambda p: p.title_found(),
        TEXT,
    ),
    Feature("text_found", "pair", "share", "likewise of all that the job says, by words", lambda p: p.found("text", "words"), TEXT),
    Feature("asked_found", "pair", "share", "likewise of the lines that ask for something", lambda p: p.found("asked", "words"), TEXT),
    Feature("forms_found", "pair", "share", "likewise of what the tagger marks, by parts", lambda p: p.found("forms", "parts"), TEXT),
    Feature("phrases_found", "pair", "share", "likewise of responsibilities, by words", lambda p: p.found("phrases", "words"), TEXT),
    Feature("hires", "job", "ln(1 + people)", "n past hires, before one is left out", lambda p: p.history.log_counts(), SIGNALS),
    Feature("hired_skills", "pair", "share", "of what n - 1 hires can, the resume's part", lambda p: p.past.skills(), SIGNALS, flag=True),
    Feature(
        "hired_more",
        "pair",
        "ln",
        "sum over SKILLS of max(ln((O + 1) / (E + 1)), 0), see `tastes`",
        lambda p: p.past.lifted_skills(),
        SIGNALS,
    ),
    Feature(
        "hired_industry",
        "pair",
        "chance",
        "that INDUSTRIES have what n - 1 hires share",
        lambda p: p.past.shared_background(p.industries),
        SIGNALS,
    ),
    Feature(
        "hired_standing",
        "pair",
        "levels",
        "|standing_gap - mean of n - 1 hires'|",
        lambda p: p.past.standing_apart(p.standing_gap),
        SIGNALS,
    ),
    Feature(
        "hired_text", "pair", "cosine", "TF-IDF likewise, of the resume and n - 1 hires", lambda p: p.past.text_similarity(), SIGNALS + TEXT
    ),
    Feature(
        "text_meaning",
        "pair",
        "cosine",
        "of the vectors of both texts, each the sum of its pieces'",
        lambda p: p.text_meaning(),
        EMBEDDED,
        flag=True,
    ),
    Feature(
        "asked_meaning", "pair", "cosine", "mean over what is asked for of the nearest piece's", lambda p: p.nearest[0], EMBEDDED, flag=True
    ),
    Feature("title_meaning", "pair", "cosine", "of the job's title and the nearest piece", lambda p: p.nearest[1], EMBEDDED, flag=True),
)

# What extraction reads by a lexicon, or a vocabulary of training knows: nothing, in a text from another world.
READ = {
    "skills": (
        *("must_have", "nice_to_have", "resume_skills", "must_covered", "must_coverage", "must_missing", "nice_coverage", "extra_skills"),
        *("soft_skills", "languages", "hired_skills", "must_depth", "must_weakest", "must_first", "stressed"),
        *("outside_skills", "hired_more"),
    ),
    "titles": ("job_title", "resume_title", "job_domain", "resume_domain", "same_title", "title_similarity", "domain_overlap"),
    "levels": (
        *("job_seniority", "resume_seniority", "job_education", "resume_education", "job_remote", "resume_remote", "years", "min_years"),
        *("years_gap", "seniority_gap", "education_gap", "remote_fit"),
        *("standing", "standing_gap", "hired_standing"),
    ),
    "terms": (
        *("salary_gap", "over_budget", "notice", "late", "leadership", "leadership_gap", "conditions", "tenure", "moves"),
        *("same_industry", "industry_count", "hired_industry"),
    ),
    "words": ("job_tokens", "resume_tokens", "asked_found", "forms_found", "phrases_found"),
}
MEANING = ("text_meaning", "asked_meaning", "title_meaning")
# What the rest is: of the search, of dates and places, and similarities, which need no known word.
NOT_READ = (
    "role",
    "position",
    "history",
    "location_match",
    "reachable",
    "recency",
    "text_similarity",
    "title_found",
    "text_found",
    "hires",
    "hired_text",
    *MEANING,
)


def over(gap: np.ndarray) -> np.ndarray:
    """1 where a gap is above 0, 0 where it is not, NaN where it is unknown."""
    return np.where(np.isnan(gap), np.nan, gap > 0)


def categorical(config: FeatureConfig) -> list[Categorical]:
    """The categorical fields of a configuration: those of the table, further columns and identifiers."""
    return [*_switched_on(CATEGORICAL, config), *further(config)]


def further(config: FeatureConfig) -> list[Categorical]:
    """Fields that the configuration names, `job.KEY` or `resume.KEY`, and identifiers: each with a vocabulary of its own."""
    owners: list[tuple[str, Any]] = [(name, name.partition(".")[0]) for name in config.columns]
    owners += IDENTIFIERS.items() if config.ids else ()
    return [Categorical(name, owner, name, _record_values(name, owner), summed_first=False) for name, owner in owners]


def bags(config: FeatureConfig) -> list[MultiValued]:
    """The bags of a configuration."""
    return _switched_on(BAGS, config)


def features(config: FeatureConfig) -> list[Feature]:
    """The dense features of a configuration."""
    return _switched_on(FEATURES, config)


def read_in_texts(config: FeatureConfig, owner: Owner) -> tuple[str, ...]:
    """Names of those inputs in `READ` that an owner has."""
    found: list[Input | Feature] = [*categorical(config), *bags(config), *features(config)]
    return tuple(each.name for each in found if each.owner == owner and any(each.name in group for group in READ.values()))


def hidden_groups(config: FeatureConfig) -> tuple[tuple[str, ...], ...]:
    """`InputSpec.read`: what training hides group by group, so that a model knows rows without it: what was read, and vectors."""
    return (*READ.values(), MEANING) if config.embedded else tuple(READ.values())


def dense_columns(config: FeatureConfig) -> list[tuple[str, int, bool]]:
    """Of each dense column: its name, the place of its feature in `features`, and whether it says where that is unknown."""
    found = features(config)
    columns = [(each.name, place, False) for place, each in enumerate(found)]
    return columns + [(f"{each.name}_unknown", place, True) for place, each in enumerate(found) if each.flag]


def _switched_on(inputs: Iterable[Any], config: FeatureConfig) -> list[Any]:
    return [each for each in inputs if all(getattr(config, switch) for switch in each.switches)]


def match_features(pairs: MatchedPairs) -> dict[str, np.ndarray]:
    """(N,) float64 raw values of `FEATURES` by name, NaN is unknown; those of texts and signals where the pairs have them."""
    there = {"match": True, "text": pairs.jobs.text is not None, "signals": pairs.history is not None}
    there["embedded"] = pairs.jobs.meaning is not None
    return {each.name: each.column(pairs) for each in FEATURES if all(there[switch] for switch in each.switches)}


def _record_values(name: str, owner: str) -> Callable[[MatchedPairs], list[str | None]]:
    """Values of a key of the JSON lines, as texts."""

    def values(pairs: MatchedPairs) -> list[str | None]:
        records = (pairs.jobs if owner == "job" else pairs.resumes).records
        found = (record.get(name.removeprefix(f"{owner}.")) for record in records)
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

"""Match features: how well a resume fits a job, computed for all pairs at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from minirank.features.history import History, closeness
from minirank.features.sparse import dot, dot_shared, product, sizes
from minirank.features.tables import Table

DAY = 86_400


@dataclass(frozen=True)
class Feature:
    """A dense feature; NaN is unknown, for which the encoder writes the training mean.

    Args:
        name: its column.
        unit: of the raw value, before it is standardised.
        formula: in terms of what extraction found; a word in capitals is a set.
        groups: the switches in `FeatureConfig` that must all be on.
        flag: a column `<name>_unknown` (0 or 1) stands beside it.
    """

    name: str
    unit: str
    formula: str
    groups: tuple[str, ...] = ("match",)
    flag: bool = False


FEATURES = (
    Feature("must_coverage", "share", "|MUST & SKILLS| / |MUST|", flag=True),
    Feature("must_missing", "skills", "|MUST - SKILLS|"),
    Feature("nice_coverage", "share", "|NICE & SKILLS| / |NICE|", flag=True),
    Feature("extra_skills", "ln(1 + skills)", "|SKILLS - MUST - NICE|"),
    Feature("years", "years", "years of the resume, at most 40", flag=True),
    Feature("min_years", "years", "years that the job asks for, at most 40", flag=True),
    Feature("years_gap", "years", "years - min_years, within -15 .. 15"),
    Feature("seniority_gap", "levels", "resume's level - job's level (intern 0 .. principal 5)", flag=True),
    Feature("education_gap", "levels", "resume's level - job's level (none 0 .. doctorate 4)", flag=True),
    Feature("same_title", "0 or 1", "normalised titles are equal", flag=True),
    Feature("title_similarity", "share", "|A & B| / |A or B|, the WORDS of the normalised titles"),
    Feature("domain_overlap", "share", "|DOMAINS of the job & of the resume| / |of the job|", flag=True),
    Feature("soft_skills", "share", "|SOFT of the job & of the resume| / |of the job|", flag=True),
    Feature("languages", "share", "|LANGUAGES of the job & of the resume| / |of the job|", flag=True),
    Feature("location_match", "share", "|PARTS of both places| / the smaller count (Berlin; Berlin, Germany)", flag=True),
    Feature("reachable", "share", "1 if the job is remote, else location_match"),
    Feature("remote_fit", "share", "1 - |job's policy - resume's| / 2 (onsite 0, hybrid 1, remote 2)", flag=True),
    Feature("recency", "ln(1 + days)", "time of the search - updated_at, never negative"),
    Feature("text_similarity", "cosine", "TF-IDF of the job's text and of the resume's", ("text",)),
    Feature("hires", "ln(1 + people)", "n past hires, counted before one is left out; 0 without a history", ("signals",)),
    Feature("hired_skills", "share", "supports of SKILLS / all supports, among n - 1 hires", ("signals",), flag=True),
    Feature("hired_unstated", "share", "the same over skills that the job does not name", ("signals",)),
    Feature("hired_years", "years", "|years - mean years of n - 1 hires|", ("signals",)),
    Feature("hired_seniority", "share", "of n - 1 hires that have the resume's seniority", ("signals",)),
    Feature("hired_education", "share", "of n - 1 hires that have the resume's education", ("signals",)),
    Feature("hired_title", "share", "of n - 1 hires that have the resume's title", ("signals",)),
    Feature("hired_text", "cosine", "TF-IDF of the resume and the sum over n - 1 hires", ("signals", "text")),
)


def match_features(
    jobs: Table, resumes: Table, history: History | None, job: np.ndarray, resume: np.ndarray, time: np.ndarray
) -> dict[str, np.ndarray]:
    """Raw values of `FEATURES`; similarities and signals only where tables and history have them.

    Args:
        jobs, resumes: tables, built with the same text model.
        history: of the jobs, or None.
        job, resume: (N,) rows of the pairs.
        time: (N,) int64 seconds, of the search.
    Returns:
        (N,) float64 by name, in the order of FEATURES; NaN is unknown.
    """
    age = np.maximum(time - resumes.time[resume], 0) / DAY
    found = {**_skill_features(jobs, resumes, job, resume), **_level_features(jobs, resumes, job, resume)}
    found |= _set_features(jobs, resumes, job, resume) | {"recency": np.log1p(age)}
    found["reachable"] = np.where(jobs.levels["remote"][job] == 2, 1.0, found["location_match"])
    if jobs.text is not None:
        found["text_similarity"] = dot_shared(jobs.text, job, resumes.text, resume)
    if history is not None:
        found |= closeness(history, jobs, resumes, job, resume)
    return {feature.name: found[feature.name] for feature in FEATURES if feature.name in found}


def covered(jobs: Table, resumes: Table, job: np.ndarray, resume: np.ndarray) -> csr_array:
    """(N, COLUMNS), the must-haves that each resume has."""
    return product(jobs.sets["must"], job, resumes.sets["skills"], resume)


def _skill_features(jobs, resumes, job, resume) -> dict[str, np.ndarray]:
    must, nice = sizes(jobs.sets["must"])[job], sizes(jobs.sets["nice"])[job]
    has_must = sizes(covered(jobs, resumes, job, resume))
    has_nice = dot(jobs.sets["nice"], job, resumes.sets["skills"], resume)
    has_named = dot(jobs.sets["named"], job, resumes.sets["skills"], resume)
    return {
        "must_coverage": _share(has_must, must),
        "must_missing": must - has_must,
        "nice_coverage": _share(has_nice, nice),
        "extra_skills": np.log1p(sizes(resumes.sets["skills"])[resume] - has_named),
    }


def _level_features(jobs, resumes, job, resume) -> dict[str, np.ndarray]:
    years, least = np.minimum(resumes.years[resume], 40), np.minimum(jobs.years[job], 40)
    gap = {}
    for name in ("seniority", "education", "remote"):
        theirs, ours = resumes.levels[name][resume].astype(float), jobs.levels[name][job].astype(float)
        gap[name] = np.where((theirs >= 0) & (ours >= 0), theirs - ours, np.nan)
    return {
        "years": years,
        "min_years": least,
        "years_gap": np.clip(years - least, -15, 15),
        "seniority_gap": gap["seniority"],
        "education_gap": gap["education"],
        "remote_fit": 1 - np.abs(gap["remote"]) / 2,
    }


def _set_features(jobs, resumes, job, resume) -> dict[str, np.ndarray]:
    def counts(name):
        a, b = jobs.sets[name], resumes.sets[name]
        return dot(a, job, b, resume), sizes(a)[job], sizes(b)[resume]

    found = {}
    both, ours, theirs = counts("title")
    found["same_title"] = np.where((ours > 0) & (theirs > 0), both, np.nan)
    both, ours, theirs = counts("title_words")
    found["title_similarity"] = np.where((ours > 0) & (theirs > 0), _share(both, ours + theirs - both), np.nan)
    both, ours, theirs = counts("location")
    found["location_match"] = _share(both, np.minimum(ours, theirs))
    for name, feature in (("domains", "domain_overlap"), ("soft_skills", "soft_skills"), ("languages", "languages")):
        both, ours, _ = counts(name)
        found[feature] = _share(both, ours)
    return found


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)

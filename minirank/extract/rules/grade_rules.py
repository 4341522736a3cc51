"""Relevance grades by rules: how much of what a job asks for the resume shows."""

from __future__ import annotations

import numpy as np

from ...data import DataFolder
from ...features.inputs import match_features
from ...features.pairs import MatchedPairs
from ...features.profiles import job_profiles, resume_profiles
from ..feature_files import Features
from ..grades import Grade, Pairs
from ..schema import JobFeatures, ResumeFeatures, named

SUREST = 0.8  # confidence of the rules where they know everything: words are not the person

# What a grade is made of; unknown parts are left out of the mean.
WEIGHTS = {"must-haves": 0.4, "title": 0.2, "years": 0.1, "seniority": 0.1, "nice-to-haves": 0.1, "education": 0.05, "domain": 0.05}


def grade_by_rules(folder: DataFolder, features: Features, pairs: Pairs) -> list[Grade]:
    """Grades from what extraction found: the mean of the known parts under `WEIGHTS`.

    The confidence is `SUREST` times the weight of the known parts. Must- and nice-to-haves, domain: the share that the
    resume has. Title: 1 for the same, else half the share of common words. Years: had / asked for, at most 1. Seniority:
    a level too low costs 1/2, one too high 1/4. Education: a level too low costs 1/2.
    """
    jobs, job = np.unique(pairs.job, return_inverse=True)
    resumes, resume = np.unique(pairs.resume, return_inverse=True)
    side_a = job_profiles([folder.jobs[j] for j in jobs], [features.jobs[j] for j in jobs], None, 1)
    side_b = resume_profiles([folder.resumes[r] for r in resumes], [features.resumes[r] for r in resumes], None, 1)
    raw = match_features(MatchedPairs(side_a, side_b, None, job, resume, side_b.time[resume]))
    parts = _parts(raw)
    weights = np.stack([np.where(np.isnan(part), 0.0, WEIGHTS[name]) for name, part in parts.items()])
    known = weights.sum(axis=0)
    total = (weights * np.nan_to_num(np.stack(list(parts.values())))).sum(axis=0)
    relevance = np.divide(total, known, out=np.full(len(pairs), np.nan), where=known > 0)
    reasons = [_reason(features.jobs[j], features.resumes[r]) for j, r in zip(pairs.job, pairs.resume, strict=True)]
    return [Grade(float(r), float(SUREST * k), reason, "rules") for r, k, reason in zip(relevance, known, reasons, strict=True)]


def _parts(raw: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """(n,) each part of a grade in [0, 1], NaN is unknown."""
    seniority, education = raw["seniority_gap"], raw["education_gap"]
    return {
        "must-haves": raw["must_coverage"],
        "title": np.where(raw["same_title"] == 1, 1.0, raw["title_similarity"] / 2),
        "years": np.clip(raw["years"] / np.maximum(raw["min_years"], 1), 0, 1),
        "seniority": np.clip(np.where(seniority < 0, 1 + seniority / 2, 1 - seniority / 4), 0, 1),
        "nice-to-haves": raw["nice_coverage"],
        "education": np.clip(1 + education / 2, 0, 1),
        "domain": raw["domain_overlap"],
    }


def _reason(job: JobFeatures, resume: ResumeFeatures) -> str:
    """What the grade rests on, in words."""
    has = {skill.value for skill in resume.skills}
    said = []
    if must := named(job.must_have):
        missing = [str(skill.value) for skill in must if skill.value not in has]
        said.append(f"{len(must) - len(missing)} of {len(must)} must-haves")
        said += [f"lacks {', '.join(missing[:3])}{' ...' if len(missing) > 3 else ''}"] if missing else []
    for name, wanted, found in (
        ("years", job.min_years, resume.years),
        ("seniority", job.seniority, resume.seniority),
        ("title", job.title, resume.title),
        ("education", job.education, resume.education),
    ):
        if wanted is not None and found is not None:
            said.append(f"{name}: {found.value} for {wanted.value}")
    return "; ".join(said) or "nothing to compare"

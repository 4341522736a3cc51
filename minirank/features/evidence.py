"""Evidence: what speaks for and against each candidate of a job, in values and quotes that a reader can check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from minirank.config.features import FeatureConfig
from minirank.extract import EDUCATION, SENIORITY, JobFeatures, ResumeFeatures, Value
from minirank.extract.schema import named
from minirank.features.form_lookup import WordsOfText
from minirank.features.found import value_of
from minirank.features.hires import LEVEL_NAMES, PastHires
from minirank.features.history import History, OtherHires
from minirank.features.profiles import Record, Records, ResumesFound, job_profiles, resume_profiles, resume_text
from minirank.features.tfidf import TextModel

SHARED = 5  # skills shown


def evidence(
    config: FeatureConfig,
    job: Record,
    job_features: JobFeatures,
    past: PastHires | None,
    resumes: Records,
    resume_features: ResumesFound,
    model: TextModel | None = None,
) -> list[dict]:
    """One dict a candidate, ready for JSON; None stands for what is not known.

    Keys: resume_id; must_have and nice_to_have, the covered ones with the resume's quote;
    must_have_missing and nice_to_have_missing, with the job's quote; forms and forms_missing, likewise of what the tagger
    marked in the job, looked up in the resume's words; title, years, seniority, education,
    each with job, resume and (but for title) gap = resume - job, in years or levels; salary (a year: offered, wished
    for), notice (weeks: until the job starts, until the person can), leadership and conditions (asked for, shown), each
    with job, resume and the resume's quote; career, what the dated entries show, of which pauses and schools are no
    features; past_hires, None or where they come from (team, or title: jobs of that title), hires compared with
    (n - 1, see `history`), closeness (the feature hired_skills) and the shared skills of most support. A skill has
    depth and years, as far as the resume tells them, and asked and stressed, as far as the job does.

    Args:
        config: of the encoder.
        job, job_features: mapping and `JobFeatures`.
        past: hires that are known, or None.
        resumes, resume_features: n mappings and n `ResumeFeatures`.
        model: of the encoder, whose links count.
    """
    jobs = job_profiles([job], [job_features], model, 0)
    candidates = resume_profiles(resumes, resume_features, model, 0)
    history = History(jobs, past or PastHires(), config.hires, config.max_hires, model, text=False)
    other_hires = OtherHires(history, candidates, np.zeros(len(candidates), np.int64), np.arange(len(candidates)))
    close, left_out = other_hires.skills(), other_hires.slot
    held = [{skill.value for skill in history.people.features[row].skills} for row in history.hire]
    support = Counter(name for skills in held for name in skills)
    found, job_features = [], jobs.features[0]
    forms = [value for value in (*job_features.must_have, *job_features.nice_to_have) if value.source == "tagger"]
    stressed = {skill.value for skill in job_features.stressed}
    for row, (resume, features) in enumerate(zip(resumes, candidates.features)):
        skills = {skill.value: skill for skill in reversed(features.skills)}
        item = {"resume_id": resume["resume_id"]}
        for name in ("must_have", "nice_to_have"):
            wanted = named(getattr(job_features, name))
            item[name] = [_quoted(skills[skill.value], skill, stressed) for skill in wanted if skill.value in skills]
            item[f"{name}_missing"] = [_quoted(skill, None, stressed) for skill in wanted if skill.value not in skills]
        item |= _forms(forms, resume, features)
        item["title"] = _compared(job_features.title, features.title)
        item["years"] = _compared(job_features.min_years, features.years, int)
        item["seniority"] = _compared(job_features.seniority, features.seniority, SENIORITY.index)
        item["education"] = _compared(job_features.education, features.education, EDUCATION.index)
        item["salary"] = _told(job_features.salary, features.salary)
        item["salary"]["currency"] = {"job": value_of(job_features.currency), "resume": value_of(features.currency)}
        item["notice"] = _told(job_features.start, features.notice)
        item["leadership"] = _told(job_features.leadership, features.leadership)
        item["conditions"] = {
            "job": [condition.value for condition in job_features.conditions],
            "resume": [{"condition": condition.value, "quote": condition.quote} for condition in features.conditions],
        }
        item["career"] = {name: value_of(getattr(features, name)) for name in ("moves", "tenure", "gap")}
        item["career"] |= {name: [found.value for found in getattr(features, name)] for name in ("employers", "industries", "schools")}
        item["past_hires"] = None
        if left_out[row] >= 0:
            without = held[left_out[row]]
            shared = [(name, support[name] - (name in without)) for name in skills]
            shared = sorted((pair for pair in shared if pair[1] >= config.hires), key=lambda pair: (-pair[1], pair[0]))
            item["past_hires"] = {
                "level": LEVEL_NAMES[int(history.level[0])],
                "hires": len(held) - 1,
                "closeness": None if np.isnan(close[row]) else float(close[row]),
                "shared_skills": [{"skill": name, "support": count} for name, count in shared[:SHARED]],
            }
        found.append(item)
    return found


def _forms(forms: list[Value], resume: Record, features: ResumeFeatures) -> dict[str, list[dict[str, Any]]]:
    """The open forms of a job that a resume says in the same words, with its quotes, and the others with the job's."""
    found: dict[str, list[dict[str, Any]]] = {"forms": [], "forms_missing": []}
    said = WordsOfText(resume_text(resume, features), (*features.masked, *features.flagged)) if forms else None
    for form in forms:
        place = said.find(str(form.value)) if said else None
        quote, start, end = place or (form.quote, form.start, form.end)
        found["forms" if place else "forms_missing"].append({"skill": form.value, "quote": quote, "start": start, "end": end})
    return found


def _quoted(skill: Value, wanted: Value | None, stressed: set) -> dict[str, Any]:
    """A skill with its quote, and what is told of it; `wanted` is the job's, where the skill is the resume's."""
    found = {"skill": skill.value, "quote": skill.quote, "start": skill.start, "end": skill.end, "source": skill.source}
    told = {"depth": skill.depth, "years": skill.years, "stressed": skill.value in stressed or None}
    asked = {} if wanted is None else {"depth": wanted.depth, "years": wanted.years}
    told["asked"] = {name: item for name, item in asked.items() if item is not None} or None
    return found | {name: item for name, item in told.items() if item is not None}


def _told(job: Value | None, resume: Value | None) -> dict[str, Any]:
    """What both say, and the resume's quote."""
    return {"job": value_of(job), "resume": value_of(resume), "quote": None if resume is None else resume.quote}


def _compared(job: Value | None, resume: Value | None, rank: Callable[[Any], int] | None = None) -> dict[str, Any]:
    """What both say and, where a value has a rank, how far the resume is above the job."""
    found = {"job": value_of(job), "resume": value_of(resume)}
    if rank is not None:
        found["gap"] = None if job is None or resume is None else rank(resume.value) - rank(job.value)
    return found

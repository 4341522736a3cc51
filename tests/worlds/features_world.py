"""A small data folder with features written by hand, for the tests of minirank.features."""

import csv
import json
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np

from minirank.data import read_folder
from minirank.extract import JobFeatures, ResumeFeatures, Value
from minirank.features.profiles import Profiles, job_profiles, resume_profiles
from minirank.features.tfidf import TextModel
from minirank.features.word_counts import hashed_counts

START = 1_735_689_600  # 2025-01-01
DAY = 86_400
SKILLS = ("python", "sql", "docker", "spark", "figma", "excel", "go", "rust", "nursing", "payroll")
TITLES = ("data engineer", "backend engineer", "designer")
ROLES = ("agency", "hr", "manager")


def value(found) -> Value | None:
    return None if found is None else Value(found, f"<{found}>", 0, 1)


def values(*found) -> tuple[Value, ...]:
    return tuple(name if isinstance(name, Value) else Value(name, f"<{name}>", 0, 1) for name in found)


def skill(name, depth=None, years=None) -> Value:
    """A skill with how well it is known."""
    return Value(name, f"<{name}>", 0, 1, depth=depth, years=years)


def iso(seconds: int) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def job_features(**found) -> JobFeatures:
    """`must_have=("sql",), min_years=3, ...` as `JobFeatures`."""
    return JobFeatures(**_wrapped(found))


def resume_features(**found) -> ResumeFeatures:
    """`skills=("sql",), years=3, ...` as `ResumeFeatures`."""
    return ResumeFeatures(**_wrapped(found))


def _wrapped(found: dict) -> dict:
    return {name: values(*item) if isinstance(item, tuple) else value(item) for name, item in found.items()}


def jobs_of(*found) -> Profiles:
    """Jobs without a text."""
    return job_profiles([{"job_id": "j", "posted_at": START, "title": "", "description": ""}] * len(found), found, None, 1)


def resumes_of(*found) -> Profiles:
    """Resumes without a text."""
    return resume_profiles([{"resume_id": "r", "updated_at": START, "text": ""}] * len(found), found, None, 1)


def text_model(texts, min_count=1) -> TextModel:
    """What these texts, all of them resumes, say of words and of their parts."""
    counts = [hashed_counts(texts, 2**18, parts=parts) for parts in (False, True)]
    return TextModel.fit(*counts, len(texts), min_count)


def write_lines(path, lines) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def write_csv(path, header, rows) -> None:
    with open(path, "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *rows])


def write_world(path, seed=0, jobs=30, people=50, searches=60, candidates=8):
    """Random jobs, resumes (two snapshots each), hires and impressions; returns (folder, features)."""
    random = np.random.default_rng(seed)

    def some(names, most):
        return tuple(str(n) for n in random.choice(names, random.integers(0, most + 1), replace=False))

    def one(*names):
        return str(random.choice(names))

    def maybe(found):
        return None if random.random() < 0.2 else found

    def job_line(j):
        line = {"job_id": f"j{j:03d}", "team_id": f"t{j % 5}", "title": str(random.choice(TITLES))}
        line |= {"description": " ".join(random.choice(SKILLS, 12)) + f" jobword{j % 4}", "posted_at": iso(START + (j + 1) * 5 * DAY)}
        return line | {"location": maybe(one("Berlin", "Paris, France")), "kind": one("full time", "part time")}

    def resume_line(p, version):
        line = {"resume_id": f"p{p:03d}", "text": " ".join(random.choice(SKILLS, 15)) + f" resumeword{p % 4}"}
        return line | {"updated_at": iso(START + (version * 80 - 10) * DAY + p), "location": maybe(one("Berlin", "Paris"))}

    job_lines = [job_line(j) for j in range(jobs)]
    resume_lines = [resume_line(p, version) for p in range(people) for version in range(2)]
    hires = [(f"j{j:03d}", f"p{random.integers(people):03d}", iso(START + (j + 2) * 5 * DAY)) for j in range(jobs) for _ in range(3)]
    shown = []
    for s in range(searches):
        j = s * jobs // searches
        time = START + (j + 1) * 5 * DAY + int(random.integers(1, 4 * DAY))
        for place, p in enumerate(random.choice(people, candidates, replace=False), 1):
            clicked = int(random.random() < 0.4)
            converted = int(random.random() < 0.5) if clicked else ""
            grade, sure = (round(random.random(), 2), 0.5) if random.random() < 0.5 else ("", "")
            ids = f"s{s}", iso(time), f"r{s % 3}", f"j{j:03d}", f"p{p:03d}"
            shown.append((*ids, place, clicked, converted, "", grade, sure))
    write_lines(path / "jobs.jsonl", job_lines)
    write_lines(path / "resumes.jsonl", resume_lines)
    write_csv(path / "recruiters.csv", ("recruiter_id", "role"), [(f"r{i}", role) for i, role in enumerate(ROLES)])
    write_csv(path / "hires.csv", ("job_id", "resume_id", "hired_at"), hires)
    header = ["search_id", "time", "recruiter_id", "job_id", "resume_id", "position", "clicked", "converted"]
    write_csv(path / "impressions.csv", [*header, "converted_at", "relevance", "relevance_confidence"], shown)
    folder = read_folder(path)

    def sets():
        named = {"domains": ("data", "software"), "languages": ("english", "german"), "soft_skills": ("teamwork", "ownership")}
        return {name: some(found, 2) for name, found in named.items()}

    def found_in_job(job):
        found = {"title": maybe(job["title"]), "must_have": (must := some(SKILLS, 4))}
        found |= {"nice_to_have": tuple(s for s in some(SKILLS, 3) if s not in must), "min_years": maybe(int(random.integers(0, 9)))}
        found |= {"seniority": maybe(one("junior", "mid", "senior")), "education": maybe("bachelor")}
        return job_features(**found, **sets(), remote=maybe(one("onsite", "remote")))

    def found_in_resume():
        found = {"title": maybe(one(*TITLES)), "skills": some(SKILLS, 6), "years": maybe(int(random.integers(0, 20)))}
        found |= {"seniority": maybe(one("junior", "mid", "senior")), "education": maybe(one("none", "master"))}
        return resume_features(**found, **sets(), remote=maybe("hybrid"))

    jobs_found = [found_in_job(job) for job in folder.jobs]
    resumes_found = [found_in_resume() for _ in folder.resumes]
    return folder, SimpleNamespace(jobs=jobs_found, resumes=resumes_found)

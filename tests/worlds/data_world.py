"""A small data folder that is right, and ways to make it wrong."""

import json
from pathlib import Path

JOBS = [
    {"job_id": "j1", "team_id": "t1", "title": "Engineer", "description": "Python", "posted_at": "2025-01-01"},
    {"job_id": "j2", "team_id": "t1", "title": "Nurse", "description": "Care", "posted_at": "2025-01-02", "location": "Köln"},
]
RESUMES = [
    {"resume_id": "c2", "text": "nurse", "updated_at": "2025-01-01T00:00:00Z", "grade": 3},
    {"resume_id": "c1", "text": "python, later", "updated_at": "2025-03-01T10:00:00+01:00"},
    {"resume_id": "c1", "text": "python", "updated_at": "2025-01-01T00:00:00"},
]
RECRUITERS = ["recruiter_id,role", "u1,sourcer", "u2,agency"]
HIRES = ["job_id,resume_id,hired_at", "j1,c2,2024-12-01"]
HEADER = "search_id,time,recruiter_id,job_id,resume_id,position,clicked,converted,converted_at,relevance,relevance_confidence"
IMPRESSIONS = [
    HEADER,
    "s2,2025-03-02T00:00:00Z,u1,j1,c1,1,1,1,2025-03-04,0.75,0.5",
    "s1,2025-02-01T00:00:00Z,u2,j2,c1,2,0,0,,,",
    "s2,2025-03-02T00:00:00Z,u1,j1,c2,,,,,1,",
    "s1,2025-02-01T00:00:00Z,u2,j2,c2,1,1,0,,0,1",
]


def write(path: Path, **changes) -> Path:
    """Writes the folder; a change gives a file's lines, its bytes, or None to leave it out."""
    content = {
        "jobs.jsonl": [json.dumps(job) for job in JOBS],
        "resumes.jsonl": [json.dumps(resume) for resume in RESUMES],
        "recruiters.csv": RECRUITERS,
        "hires.csv": HIRES,
        "impressions.csv": IMPRESSIONS,
    } | {name.replace("__", "."): value for name, value in changes.items()}
    for name, lines in content.items():
        if isinstance(lines, bytes):
            (path / name).write_bytes(lines)
        elif lines is not None:
            (path / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def edited(lines: list[str], line: int, old: str, new: str) -> list[str]:
    """The lines with `old` replaced in one of them, counted from 1."""
    assert old in lines[line - 1]
    return lines[: line - 1] + [lines[line - 1].replace(old, new, 1)] + lines[line:]

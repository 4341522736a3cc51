"""A local OpenAI-compatible server that answers from a script, and a small data folder for it to read."""

import json
import re
from contextlib import contextmanager

from llm_scripted import ScriptedServer, Step
from llm_scripted import answer as scripted_answer

NOTHING = dict.fromkeys(("title", "seniority", "education", "location", "remote", "salary", "leadership"))
NOTHING |= {name: [] for name in ("domains", "soft_skills", "languages", "conditions", "industries", "depths")}
JOB = NOTHING | {"min_years": None, "must_have": [], "nice_to_have": [], "responsibilities": []}
JOB |= {"start": None, "employer": None, "stressed": []}
RESUME = NOTHING | {"years": None, "skills": [], "notice": None}
_SKILLS = re.compile(r"\b(?:Python|SQL|Zymurgy|triage|wound care)\b")
_YEARS = re.compile(r"\b(\d+)\+? years")


def names(values):
    """The names of extracted values."""
    return [value.value for value in values]


@contextmanager
def serving(answer):
    """A server on a free port; yields its base URL and the list of chats that it was sent.

    Args:
        answer: function of the messages of a chat -> the text of an answer, None for one that is cut off by the cap, or
            (HTTP status, JSON of an error).
    """
    chats = []

    def reply(received):
        if received.body is None:
            return Step(404, "not found")
        chats.append(received.body["messages"])
        said = answer(received.body["messages"])
        if isinstance(said, tuple):
            return Step(*said)
        return scripted_answer('{"title": "Nur', "length") if said is None else scripted_answer(said)

    with ScriptedServer(default=reply) as server:
        yield f"{server.url}/v1", chats


def document_of(messages):
    """(kind of prompt, text of the document) of a chat."""
    system, user = messages[0]["content"], messages[-1]["content"]
    if "<resume>" in user:
        return "grade", user.partition("<resume>\n")[2].partition("\n</resume>")[0]
    kind = "signals" if "hired by one team" in system else "job" if "job advertisements" in system else "resume"
    return kind, user.partition("<document>\n")[2].partition("\n</document>")[0]


def honest(messages):
    """An answer that says what the document says, and nothing else."""
    kind, text = document_of(messages)
    skills = list(dict.fromkeys(_SKILLS.findall(text)))
    years = _YEARS.search(text)
    years = years and {"value": years[1], "quote": years[0]}
    if kind == "job":
        return json.dumps(JOB | {"title": text.split("\n")[0][:100], "must_have": skills, "min_years": years})
    if kind == "resume":
        return json.dumps(RESUME | {"skills": skills, "years": years})
    if kind == "signals":
        return json.dumps({"summary": "They know SQL.", "shared": ["SQL", "queen rearing"]})
    return json.dumps({"relevance": min(4, len(skills)), "confidence": 0.9, "reason": "Because.", "evidence": skills[:3]})


def write_folder(path, jobs, resumes, hires=()):
    """A data folder: job_id -> (title, description), (resume_id, text) pairs; every pair was shown once."""
    lines = {
        "jobs.jsonl": [
            {"job_id": name, "team_id": "t", "title": title, "description": text, "posted_at": "2025-01-10"}
            for name, (title, text) in jobs.items()
        ],
        "resumes.jsonl": [{"resume_id": name, "text": text, "updated_at": "2025-01-01"} for name, text in resumes],
    }
    for file, records in lines.items():
        (path / file).write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    (path / "recruiters.csv").write_text("recruiter_id,role\nu,hr\n")
    (path / "hires.csv").write_text("job_id,resume_id,hired_at\n" + "".join(f"{j},{r},{t}\n" for j, r, t in hires))
    header = "search_id,time,recruiter_id,job_id,resume_id,position,clicked,converted,converted_at,relevance,relevance_confidence"
    shown = [f"s{j},2025-02-01,u,{j},{r},{at},0,,,{'' if at % 2 else at / 10}," for j in jobs for at, (r, _) in enumerate(resumes, start=1)]
    (path / "impressions.csv").write_text("\n".join([header, *shown]) + "\n")
    return path

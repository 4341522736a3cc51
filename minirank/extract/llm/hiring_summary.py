"""What a model says past hires have in common, beside the counts of hiring_signals.jsonl; every shared trait is counted here.

A model sees one line a person, made of extracted features: no text, and thus nothing that was masked in it. A line of the
file gets two more keys:
`summary` (a sentence, or None) and `shared` ([{"value", "support"}]).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ...config.features import FeatureConfig
from ...data import DataFolder
from ...features import PastHires, hiring_signals
from ...llm_client import Request
from ...storage import write_text
from ...terminal import json_text
from .. import Features, ResumeFeatures, Value
from ..made_files import SIGNALS_FILE, noted
from .asker import Asker
from .grounding import FoldedText, ValueCounts, fold
from .prompts import load_prompt

MOST_SKILLS = 25  # of a person, told to the model


def write_signals_llm(folder: DataFolder, features: Features, asker: Asker, config: FeatureConfig = FeatureConfig()) -> ValueCounts:
    """Write hiring_signals.jsonl with a model's summaries; jobs of which the request fails have the counts alone.

    Args:
        folder: of jobs, resumes and hires.
        features: `Features` of its jobs and resumes.
        asker: asks the model, and keeps its answers.
        config: k = `config.hires`, the fewest people who must share a trait.
    Returns: traits that were kept (grounded) and dropped; one that fewer than k people have counts as ungrounded.
    Raises:
        RunError: the file cannot be written.
        FatalError: nothing further can be asked.
    """
    people = _people(folder, features, config)
    asker.ask(lambda: _requests(people))
    counts, lines = ValueCounts(), hiring_signals(folder, features, config)
    answers = {key: asker.answer(request) for key, request in zip(people, _requests(people), strict=True)}
    for line in lines:
        answer = answers.get(line["job_id"])
        shared = [] if answer is None else _shared(answer["shared"], people[line["job_id"]], config.hires, counts)
        line |= {"summary": answer["summary"] if answer and shared else None, "shared": shared}
    path = Path(folder.path)
    with noted(path, (SIGNALS_FILE,)):
        write_text(path / SIGNALS_FILE, "".join(json_text(line) + "\n" for line in lines))
    return counts


def _people(folder: DataFolder, features: Features, config: FeatureConfig) -> dict[str, list[str]]:
    """job_id -> a line for each past hire, of jobs that have enough of them."""
    past = PastHires.from_folder(folder, features)
    found, lines = {}, {}
    for job, extracted in zip(folder.jobs, features.jobs, strict=True):
        title = None if extracted.title is None else str(extracted.title.value)
        _, rows = past.of(job["team_id"], title, job["posted_at"], config.hires, config.max_hires)
        for row in rows:
            if row not in lines:
                lines[row] = _described(past.features[row])
        if rows:
            found[job["job_id"]] = [f"Person {n}: {lines[row]}" for n, row in enumerate(rows, start=1)]
    return found


def _described(person: ResumeFeatures) -> str:
    """A person in one line."""

    def told(values: Iterable[Value | None]) -> list[str]:
        return [str(value.value) for value in values if value is not None]

    said = told((person.title, person.seniority, person.education))
    if person.years is not None:
        said.insert(0, f"{person.years.value} years")
    for name, values in (("skills", person.skills), ("soft skills", person.soft_skills), ("domains", person.domains)):
        if kept := told(values)[:MOST_SKILLS]:
            said.append(f"{name}: {', '.join(kept)}")
    return "; ".join(said)


def _requests(people: dict[str, list[str]]) -> Iterator[Request]:
    for job_id, lines in people.items():
        yield load_prompt("signals").request(f"hires before job {job_id}", "\n".join(lines))


def _shared(claims: list[str], people: list[str], least: int, counts: ValueCounts) -> list[dict]:
    """Traits that at least so many people have, most of them first."""
    texts, example = [FoldedText(line) for line in people], load_prompt("signals").folded_example
    support = {}
    for claim in claims:
        name = fold(claim)
        having = sum(text.find(claim) is not None for text in texts)
        if name and having >= least:
            counts.grounded += name not in support
            support[name] = having
        elif having == 0 and example.find(claim) is not None:
            counts.leaked += 1
        else:
            counts.ungrounded += 1
    return [{"value": name, "support": count} for name, count in sorted(support.items(), key=lambda pair: (-pair[1], pair[0]))]

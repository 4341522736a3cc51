"""Extraction by a model: every document in pieces that it can hold, every answer grounded, rules beside and behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from minirank.extract.answers import READERS
from minirank.extract.asking import TOO_LONG, Asker
from minirank.extract.files import Features, iso_time, write_features
from minirank.extract.grounding import Counts, Source
from minirank.extract.merge import cross_check, merge
from minirank.extract.outgoing import Outgoing, chunks, halves
from minirank.extract.prompts import load_prompt
from minirank.extract.rules import extract_job, extract_resume
from minirank.extract.schema import JobFeatures, ResumeFeatures
from minirank.llm_client import Request

PIECE = 6_000  # characters of a document in one request, about 1,500 tokens of English
MOST_PIECES = 40  # of a document; the rest of a longer one is left to the rules
_ROUNDS = 6  # of halving what a model cannot hold


@dataclass
class Report:
    """What became of the documents.

    Args:
        documents: jobs and snapshots of resumes.
        by_model: read by the model, whole.
        empty: nothing to read.
        cut: longer than `MOST_PIECES` pieces.
        fell_back: names of those that the rules read alone, since a request failed.
        counts: values kept and dropped.
    """

    documents: int = 0
    by_model: int = 0
    empty: int = 0
    cut: int = 0
    fell_back: list[str] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)

    def __str__(self) -> str:
        counts = self.counts
        lines = [
            f"documents: {self.documents:,}; {self.by_model:,} read by the model, {len(self.fell_back):,} by rules after a failure, "
            f"{self.empty:,} empty, {self.cut:,} read in part",
            f"values: {counts.grounded:,} grounded; dropped {counts.ungrounded:,} ungrounded, {counts.leaked:,} copied from the "
            f"prompt's example, {counts.invalid:,} invalid; {counts.corrected:,} corrected by their quote",
            f"beside the rules: {counts.disputed:,} disputed (kept, the rules' value beside them), {counts.overruled:,} overruled in "
            f"suspicious documents, {counts.filled:,} filled",
        ]
        if self.fell_back:
            shown = ", ".join(self.fell_back[:5]) + (" ..." if len(self.fell_back) > 5 else "")
            lines.append(f"failed: {shown}; try these again with --retry-failed")
        return "\n".join(lines)


@dataclass(frozen=True)
class Document:
    """A job or a resume on its way.

    Args:
        kind: "job" or "resume", of its prompt and reader.
        name: of the document, for people.
        rules: its features by rules, with ids and flags.
        outgoing: what a model may see.
    """

    kind: str
    name: str
    rules: JobFeatures | ResumeFeatures
    outgoing: Outgoing

    @classmethod
    def of_job(cls, job: dict) -> Document:
        """A line of jobs.jsonl; who wrote an ad is not masked, but for addresses and numbers."""
        rules = replace(extract_job(job["title"], job["description"]), job_id=job["job_id"])
        return cls("job", f"job {job['job_id']}", rules, Outgoing(f"{job['title']}\n{job['description']}", rules.flagged, names=False))

    @classmethod
    def of_resume(cls, resume: dict) -> Document:
        """A line of resumes.jsonl."""
        found = extract_resume(resume["text"], resume["updated_at"])
        rules = replace(found, resume_id=resume["resume_id"], updated_at=iso_time(resume["updated_at"]))
        return cls("resume", f"resume {rules.resume_id} of {rules.updated_at}", rules, Outgoing(resume["text"], rules.flagged))

    def requests(self, asker: Asker, most: int) -> Iterator[tuple[tuple[int, int], Request]]:
        """Spans of `outgoing.text` with what is asked about each, as far as is known by now: a span that the model
        could not hold is in two halves."""
        waiting = self.spans(most)[::-1]
        while waiting:
            start, end = waiting.pop()
            text = self.outgoing.text[start:end]
            request = load_prompt(self.kind).request(f"{self.name}, characters {start} to {end}", text)
            parts = halves(text) if asker.failure(request) == TOO_LONG else []
            if parts:
                waiting += [(start + a, start + b) for a, b in reversed(parts)]
            else:
                yield (start, end), request

    def spans(self, most: int) -> list[tuple[int, int]]:
        """Spans of `outgoing.text`, without those that are too many."""
        return chunks(self.outgoing.text, most)[:MOST_PIECES]

    def read(self, asker: Asker, most: int, report: Report) -> JobFeatures | ResumeFeatures:
        """Features of the answers that are there; the rules' where one is missing."""
        prompt, counts = load_prompt(self.kind), Counts()
        parts = []
        report.documents += 1
        for (start, end), request in self.requests(asker, most):
            answer = asker.answer(request)
            if answer is None:
                report.fell_back.append(self.name)
                return self.rules
            parts.append(READERS[self.kind](answer, Source(self.outgoing, start, end, prompt.folded_example, counts)))
        if not parts:
            report.empty += 1
            return self.rules
        report.by_model += 1
        report.cut += self.spans(most)[-1][1] < len(self.outgoing.text)
        checked = cross_check(merge(parts), self.rules, counts)
        report.counts.add(counts)
        return checked


def documents(folder) -> Iterator[Document]:
    """Every job, then every snapshot of a resume."""
    yield from map(Document.of_job, folder.jobs)
    yield from map(Document.of_resume, folder.resumes)


def requests(folder, asker: Asker, piece: int = PIECE) -> Iterator[Request]:
    """What is asked about a folder, as far as is known by now."""
    return (request for document in documents(folder) for _, request in document.requests(asker, piece))


def extract_folder_llm(folder, asker: Asker, piece: int = PIECE) -> tuple[Features, Report]:
    """Extract every job and every snapshot of a resume by a model, and write both files beside the data.

    Answers stay in the asker's store: what it holds is not asked again. A document of which a request fails is read by
    rules alone.

    Args:
        folder: DataFolder.
        asker: the way to the model.
        piece: characters of a document in one request; what the model still cannot hold is halved.
    Returns: Features aligned with the folder, and what became of the documents.
    Raises:
        DataError: a file cannot be written.
        RunError: nothing further can be asked; what was answered is kept.
    """
    for _ in range(_ROUNDS):
        if not asker.ask(lambda: requests(folder, asker, piece)):
            break
    report = Report()
    found = [document.read(asker, piece, report) for document in documents(folder)]
    features = Features(found[:len(folder.jobs)], found[len(folder.jobs):])
    write_features(folder, features)
    return features, report

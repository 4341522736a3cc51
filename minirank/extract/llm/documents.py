"""A job or a resume as a model reads it: in pieces that it can hold, every answer grounded, the rules beside and behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Self

from minirank.extract.feature_files import iso_time, job_by_rules, resume_by_rules
from minirank.extract.llm.answers import READERS
from minirank.extract.llm.asker import Asker
from minirank.extract.llm.grounding import SentText, ValueCounts
from minirank.extract.llm.masked_document import MaskedDocument, chunks, halves
from minirank.extract.llm.merge import cross_check, merge
from minirank.extract.llm.prompts import load_prompt
from minirank.extract.masked_text import TEXT_LIMIT
from minirank.extract.rules.gazetteer import Gazetteer
from minirank.extract.rules.open_forms import ModelMarks
from minirank.extract.schema import AnyFeatures
from minirank.llm_client import Request
from minirank.terminal import printable

PIECE = 6_000  # characters of a document in one request, about 1,500 tokens of English
# Kinds of failures after which a piece is asked about in two halves -> characters that it must have: a prompt that the
# context cannot hold, and an answer that the cap cuts off.
_HALVED = {"context": 400, "truncated": 2_000}


@dataclass
class ExtractionReport:
    """What became of the documents.

    Args:
        documents: jobs and snapshots of resumes.
        by_model: read by the model.
        empty: nothing to read.
        distrusted: read by the rules alone, since more than half of the values were dropped.
        given_up: read by the rules alone and not asked about, since most of a sample were distrusted.
        cut: longer than `TEXT_LIMIT`, read in part.
        fell_back: names of those that the rules read alone, since a request failed.
        counts: values kept and dropped.
    """

    documents: int = 0
    by_model: int = 0
    empty: int = 0
    distrusted: int = 0
    given_up: int = 0
    cut: int = 0
    fell_back: list[str] = field(default_factory=list)
    counts: ValueCounts = field(default_factory=ValueCounts)

    @property
    def nothing_read(self) -> bool:
        """Whether no request about a document has an answer."""
        return bool(self.fell_back) and not (self.by_model or self.distrusted)

    def __str__(self) -> str:
        counts = self.counts
        lines = [
            f"documents: {self.documents:,}; {self.by_model:,} read by the model, {self.cut:,} of them in part; by rules "
            f"{len(self.fell_back):,} after a failure, {self.distrusted:,} because most was made up; {self.empty:,} empty",
            f"values: {counts.grounded:,} grounded; dropped {counts.ungrounded:,} ungrounded, {counts.leaked:,} copied from the "
            f"prompt's example, {counts.invalid:,} invalid; {counts.corrected:,} corrected by their quote",
            f"beside the rules: {counts.disputed:,} disputed (kept, the rules' value beside them), {counts.overruled:,} overruled in "
            f"suspicious documents, {counts.filled:,} filled",
        ]
        if self.given_up:
            lines.append(
                f"given up: most of what the model says of {self.documents} documents is made up, so the rules read the other "
                f"{self.given_up:,}; see what `minirank doctor --try` says of it"
            )
        if self.fell_back:
            shown = ", ".join(map(printable, self.fell_back[:5])) + (" ..." if len(self.fell_back) > 5 else "")
            lines.append(f"failed: {shown}; try these again with --retry-failed")
        return "\n".join(lines)


@dataclass(frozen=True)
class LLMDocument:
    """A job or a resume that a model reads.

    Args:
        kind: "job" or "resume", of its prompt and reader.
        name: of the document, for people.
        text: of the document.
        by_rules: reads it, with what a model has marked in the place of the tagger, or None.
        gazetteer: of the rules, and of the names of what a model found; nothing of it is sent.
        since: its day, seconds since the epoch, or None.
    """

    kind: str
    name: str
    text: str
    by_rules: Callable[[ModelMarks | None], AnyFeatures]
    gazetteer: Gazetteer | None = None
    since: int | None = None

    @classmethod
    def of_job(cls, job: dict, gazetteer: Gazetteer | None = None) -> Self:
        """A line of jobs.jsonl; who wrote an ad is not masked, but for addresses and numbers."""
        text = f"{job['title']}\n{job['description']}"
        return cls("job", f"job {job['job_id']}", text, partial(job_by_rules, job, gazetteer), gazetteer, job.get("posted_at"))

    @classmethod
    def of_resume(cls, resume: dict, gazetteer: Gazetteer | None = None) -> Self:
        """A line of resumes.jsonl."""
        updated = resume["updated_at"]
        name = f"resume {resume['resume_id']} of {iso_time(updated) or 'no date'}"
        return cls("resume", name, resume["text"], partial(resume_by_rules, resume, gazetteer), gazetteer, updated)

    @cached_property
    def rules(self) -> AnyFeatures:
        """Its features by rules, with ids, flags and masks."""
        return self.by_rules(None)

    @cached_property
    def masked(self) -> MaskedDocument:
        """What a model may see of it."""
        return MaskedDocument(self.text, self.rules.flagged, self.rules.masked)

    def requests(self, asker: Asker, most: int = PIECE) -> Iterator[tuple[tuple[int, int], Request]]:
        """Spans of `masked.text` with what is asked about each, as far as is known by now: a span that the model
        could not hold, or said too much about, is in two halves."""
        waiting = chunks(self.masked.text, most)[::-1]
        while waiting:
            start, end = waiting.pop()
            text = self.masked.text[start:end]
            request = load_prompt(self.kind).request(f"{self.name}, characters {start} to {end}", text)
            least = _HALVED.get(asker.failure(request) or "")
            if least is not None and len(text) >= least:
                waiting += [(start + a, start + b) for a, b in reversed(halves(text))]
            else:
                yield (start, end), request

    def answered(self, asker: Asker, counts: ValueCounts, most: int = PIECE) -> AnyFeatures | None:
        """What the answers say that the document says too; None where one is missing."""
        prompt, parts = load_prompt(self.kind), []
        for (start, end), request in self.requests(asker, most):
            answer = asker.answer(request)
            if answer is None:
                return None
            source = SentText(self.masked, start, end, prompt.folded_example, counts)
            parts.append(READERS[self.kind](answer, source, self.gazetteer, self.since))
        return merge(parts)

    def read(self, asker: Asker, most: int, report: ExtractionReport) -> AnyFeatures:
        """Features of the answers; the rules' where one is missing, or where more of it is made up than is not."""
        report.documents += 1
        if not self.masked.text:
            report.empty += 1
            return self.rules
        counts = ValueCounts()
        found = self.answered(asker, counts, most)
        if found is None:
            report.fell_back.append(self.name)
            return self.rules
        if counts.dropped > counts.grounded:
            report.distrusted += 1
            checked = self.rules
        else:
            report.by_model += 1
            report.cut += len(self.text) > TEXT_LIMIT
            checked = cross_check(found, self.rules, counts)
        report.counts.add(counts)
        return checked

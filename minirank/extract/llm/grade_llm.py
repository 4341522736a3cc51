"""Relevance grades by a model: a job beside a resume, evidence that must stand in the resume, rules where that fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...data import DataFolder
from ...llm_client import Request
from ..feature_files import Features, iso_time
from ..grades import LEVELS, Grade, Pairs
from ..rules.grade_rules import grade_by_rules
from .asker import Asker
from .grounding import SentText, ValueCounts
from .masked_document import MaskedDocument, chunks
from .prompts import load_prompt

TEXT = 3_000  # characters of a job and of a resume that are shown
UNPROVEN = 0.5  # what is left of the confidence in a grade above 1 of 4 without a quote that stands in the resume


@dataclass
class GradeReport:
    """What became of the pairs.

    Args:
        by_model, by_rules: graded by the model; by rules after a failed request.
        unproven: grades above 1 of 4 whose evidence does not stand in the resume.
        counts: of quotes.
    """

    by_model: int
    by_rules: int
    unproven: int
    counts: ValueCounts

    def __str__(self) -> str:
        counts = self.counts
        return (
            f"pairs: {self.by_model:,} graded by the model, {self.by_rules:,} by rules after a failure\n"
            f"evidence: {counts.grounded:,} quotes grounded; dropped {counts.ungrounded:,} ungrounded, {counts.leaked:,} copied from "
            f"the prompt's example; {self.unproven:,} grades without evidence (confidence times {UNPROVEN:g})"
        )


class Grader:
    """Asks for grades of pairs.

    Args:
        folder: DataFolder.
        features: of its jobs and resumes; flagged and masked spans are not shown to the model.
    """

    def __init__(self, folder: DataFolder, features: Features) -> None:
        self.folder, self.features = folder, features
        self._job = lru_cache(maxsize=64)(self._make_job)
        self._resume = lru_cache(maxsize=4096)(self._make_resume)

    def requests(self, pairs: Pairs) -> Iterator[Request]:
        """What is asked about each pair."""
        prompt = load_prompt("grade")
        for job, resume in zip(pairs.job.tolist(), pairs.resume.tolist(), strict=True):
            job_id, snapshot, masked = self.folder.jobs[job]["job_id"], self.folder.resumes[resume], self._resume(resume)
            key = f"job {job_id}, resume {snapshot['resume_id']} of {iso_time(snapshot['updated_at']) or 'no date'}"
            yield prompt.request(key, masked.text[slice(*_start(masked))], self._job(job))

    def grades(self, pairs: Pairs, asker: Asker) -> tuple[list[Grade], GradeReport]:
        """Grades of pairs; asks what the store does not hold.

        Raises:
            FatalError: nothing further can be asked; what was answered is kept.
        """
        asker.ask(lambda: self.requests(pairs))
        prompt, counts = load_prompt("grade"), ValueCounts()
        grades: dict[int, Grade] = {}
        missing, unproven = [], 0
        for row, request in enumerate(self.requests(pairs)):
            answer = asker.answer(request)
            if answer is None:
                missing.append(row)
                continue
            masked = self._resume(int(pairs.resume[row]))
            source = SentText(masked, *_start(masked), prompt.folded_example, counts)
            proven = sum(source.find(quote) is not None for quote in answer["evidence"])
            counts.grounded += proven
            sure = answer["confidence"]
            if answer["relevance"] > 1 and not proven:
                unproven += 1
                sure *= UNPROVEN
            reason = masked.restored(" ".join(answer["reason"].split()))
            grades[row] = Grade(answer["relevance"] / (LEVELS - 1), sure, reason, "llm")
        by_rules = grade_by_rules(self.folder, self.features, pairs.take(np.array(missing, np.int64))) if missing else []
        grades |= zip(missing, by_rules, strict=True)
        return [grades[row] for row in range(len(pairs))], GradeReport(len(pairs) - len(missing), len(missing), unproven, counts)

    def _make_job(self, row: int) -> str:
        job, features = self.folder.jobs[row], self.features.jobs[row]
        masked = MaskedDocument(f"{job['title']}\n{job['description']}", features.flagged, features.masked)
        return masked.text[slice(*_start(masked))]

    def _make_resume(self, row: int) -> MaskedDocument:
        features = self.features.resumes[row]
        return MaskedDocument(self.folder.resumes[row]["text"], features.flagged, features.masked)


def _start(masked: MaskedDocument) -> tuple[int, int]:
    """The span of a document that is shown."""
    return next(iter(chunks(masked.text, TEXT)), (0, 0))

"""Extraction of a folder by a model, whole documents or sentence by sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from minirank.extract.feature_files import Features, write_features
from minirank.extract.llm.asker import Asker
from minirank.extract.llm.documents import PIECE, ExtractionReport, LLMDocument
from minirank.extract.llm.sentences import SentenceDocument
from minirank.extract.rules.gazetteer import Gazetteer
from minirank.llm_client import Request

from ...data import DataFolder

STYLES: dict[str, type[LLMDocument]] = {"document": LLMDocument, "spans": SentenceDocument}
SAMPLE = 8  # documents that show whether a model makes up most of what it says
_ROUNDS = 6  # of halving what a model cannot hold


def documents(folder: DataFolder, gazetteer: Gazetteer | None = None, style: str = "document") -> Iterator[LLMDocument]:
    """Every job, then every snapshot of a resume."""
    kind = STYLES[style]
    yield from (kind.of_job(job, gazetteer) for job in folder.jobs)
    yield from (kind.of_resume(resume, gazetteer) for resume in folder.resumes)


def requests(folder: DataFolder, asker: Asker, piece: int = PIECE, style: str = "document") -> Iterator[Request]:
    """What is asked about a folder, as far as is known by now."""
    return _requests(documents(folder, style=style), asker, piece)


def _requests(found: Iterable[LLMDocument], asker: Asker, piece: int) -> Iterator[Request]:
    return (request for document in found for _, request in document.requests(asker, piece))


def extract_folder_llm(
    folder: DataFolder, asker: Asker, piece: int = PIECE, gazetteer: Gazetteer | None = None, style: str = "document"
) -> tuple[Features, ExtractionReport]:
    """Extract every job and every snapshot of a resume by a model, and write the features beside the data.

    Answers stay in the asker's store: what it holds is not asked again, whatever the gazetteer, of which nothing is
    sent. A document of which a request fails, or most of whose values are made up, is read by rules alone; so are all but
    SAMPLE, spread over the folder, where most of these are.

    Args:
        folder: DataFolder.
        asker: asks the model, and keeps its answers.
        piece: characters of a document in one request; what the model still cannot hold is halved.
        gazetteer: of the rules, and of the names of what the model finds.
        style: one of STYLES.
    Returns: Features aligned with the folder, and what became of the documents; where all failed, nothing is written.
    Raises:
        RunError: a file cannot be written.
        FatalError: nothing further can be asked; what was answered is kept.
    """
    total = len(folder.jobs) + len(folder.resumes)
    sample = range(0, total, max(1, total // SAMPLE))[:SAMPLE]
    if len(sample) < total and _mostly_made_up(folder, asker, piece, style, sample):
        given_up = ExtractionReport(given_up=total - len(sample))
        found: list[Any] = [
            document.read(asker, piece, given_up) if at in sample else document.rules
            for at, document in enumerate(documents(folder, gazetteer, style))
        ]
        report = given_up
    else:
        ask_all(lambda: requests(folder, asker, piece, style), asker)
        report = ExtractionReport()
        found = [document.read(asker, piece, report) for document in documents(folder, gazetteer, style)]
    features = Features(found[: len(folder.jobs)], found[len(folder.jobs) :])
    if not report.nothing_read:
        write_features(folder, features, asker.client.model, gazetteer)
    return features, report


def ask_all(wanted: Callable[[], Iterable[Request]], asker: Asker) -> None:
    """Ask, and ask again in halves what the model cannot hold."""
    for _ in range(_ROUNDS):
        if not asker.ask(wanted):
            break


def _mostly_made_up(folder: DataFolder, asker: Asker, piece: int, style: str, sample: range) -> bool:
    """Whether the rules have to read most of a sample of documents, since the model makes up most of what it says of them."""

    def chosen() -> Iterator[LLMDocument]:
        return (document for at, document in enumerate(documents(folder, style=style)) if at in sample)

    retry = asker.retry_failed
    ask_all(lambda: _requests(chosen(), asker, piece), asker)
    asker.retry_failed = retry  # of the others, too
    report = ExtractionReport()
    for document in chosen():
        document.read(asker, piece, report)
    asker.failures.reasons.clear()  # they are noted when the documents are read for good
    return 2 * report.distrusted > len(sample)

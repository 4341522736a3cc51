"""A model's trial: three postings whose truth is known, read by the rules and by the model, and what follows from that."""

from __future__ import annotations

import math
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import yaml

from minirank.extract.llm.asker import NOT_ASKED, Asker
from minirank.extract.llm.documents import LLMDocument
from minirank.extract.llm.extract_llm import STYLES, ask_all
from minirank.extract.llm.grounding import ValueCounts
from minirank.extract.llm.span_scores import Span, f1, interval, tally
from minirank.extract.normalised_text import sentence_starts
from minirank.extract.schema import AnyFeatures
from minirank.llm_client import Client, FatalError, Store

_ASKED = ("must_have", "nice_to_have", "soft_skills", "responsibilities", "languages", "education")  # of a candidate
_MARKED = re.compile(r"\[\[(.*?)\]\]")
SECONDS = 600.0  # for the postings in one style
ENOUGH = 20  # sentences: an interval over fewer says nothing


@dataclass(frozen=True)
class Posting:
    """A posting, and what it asks for: (start, end) of `title + "\\n" + description`."""

    title: str
    description: str
    truth: tuple[Span, ...]

    @property
    def text(self) -> str:
        """As offsets count."""
        return f"{self.title}\n{self.description}"


@dataclass(frozen=True)
class StyleTrial:
    """How a model did in one style.

    Args:
        style: one of STYLES.
        f1: of what it finds in the sentences that it read in time.
        gain: (F1 above that of the rules there, its 95 % interval from, to).
        grounded: share of what it named that stands in the postings; None where it named nothing.
        failed: requests that failed, of so many.
        seconds, tokens_in, tokens_out: all postings together.
        why: the most frequent failure in words, blank without one.
        read: sentences that it read in time, of so many.
    """

    style: str
    f1: float
    gain: tuple[float, float, float]
    grounded: float | None
    failed: tuple[int, int]
    seconds: float
    tokens_in: int
    tokens_out: int
    why: str
    read: tuple[int, int]

    @property
    def is_whole(self) -> bool:
        """Whether it read all of the postings in time."""
        return self.read[0] == self.read[1]

    @property
    def finds_more(self) -> bool:
        """Whether it finds more than the rules, beyond chance."""
        return self.gain[1] > 0 and (self.is_whole or self.read[0] >= ENOUGH)

    def __str__(self) -> str:
        gain, low, high = self.gain
        grounded = "nothing named" if self.grounded is None else f"{self.grounded:.0%} of what it names stands there"
        failures = f"; {self.failed[0]} of {self.failed[1]} requests failed: {self.why}" if self.failed[0] else ""
        found = f"F1 {self.f1:.2f}, {gain:+.2f} beside the rules (95 % {low:+.2f} to {high:+.2f}); {grounded}; " if self.read[0] else ""
        part = "" if self.is_whole else f"too slow: {self.read[0]} of {self.read[1]} sentences read in time; "
        return f"{part}{found}{self.seconds:.1f} s, {self.tokens_in:,} tokens in, {self.tokens_out:,} out{failures}"


@cache
def postings() -> tuple[Posting, ...]:
    """Those of the package."""
    found = []
    for item in yaml.safe_load(resources.files(__package__).joinpath("trial_postings.yaml").read_text(encoding="utf-8")):
        text, truth = f"{item['title']}\n", []
        for number, part in enumerate(_MARKED.split(item["description"])):
            if number % 2:
                truth.append((len(text), len(text) + len(part)))
            text += part
        found.append(Posting(item["title"], text[len(item["title"]) + 1 :], tuple(truth)))
    return tuple(found)


def asked_spans(features: AnyFeatures) -> list[Span]:
    """Where a posting asks for something, by its features: each span once."""
    found = (getattr(features, name) or () for name in _ASKED)
    return sorted({(value.start, value.end) for item in found for value in (item if isinstance(item, tuple) else (item,))})


def rules_trial() -> tuple[np.ndarray, float]:
    """((S, 4) counts of what the rules find by sentence, seconds)."""
    documents = list(_documents(LLMDocument))
    documents[0].by_rules(None)  # loads the lexicon
    began = time.perf_counter()
    found = [document.by_rules(None) for document in documents]
    return _counts(found), time.perf_counter() - began


def try_styles(
    client: Client,
    rules: np.ndarray,
    tell: Callable[[StyleTrial], None] = lambda trial: None,
    styles: Iterable[str] = tuple(STYLES),
    seconds: float = SECONDS,
) -> list[StyleTrial]:
    """Extract the postings in every style.

    Args:
        client: of the model.
        rules: counts of `rules_trial`.
        styles: of STYLES.
        tell: called with each style's trial.
        seconds: for each style; what is not answered by then is left out.
    Raises:
        FatalError: nothing can be asked.
    """
    trials = []
    for style in styles:
        trials.append(_try(style, client, rules, seconds))
        tell(trials[-1])
    return trials


def _try(style: str, client: Client, rules: np.ndarray, limit: float) -> StyleTrial:
    documents, counts = list(_documents(STYLES[style])), ValueCounts()
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "trial.sqlite") as store:
        asker = Asker(client, store)
        began = time.perf_counter()
        try:
            with client.pace.within(limit):
                ask_all(lambda: (request for document in documents for _, request in document.requests(asker)), asker)
        except FatalError as error:
            if error.kind != "timeout":  # else the model is slow in this style
                raise
        seconds = time.perf_counter() - began
        found = [document.answered(asker, counts) for document in documents]
        read = np.concatenate([_sentences_read(document, asker, f) for document, f in zip(documents, found, strict=True)])
        ledger, ended = store.ledger(), store.counts()
    mine, theirs = _counts(found)[read], rules[read]
    named = counts.grounded + counts.dropped
    gain = (float(f1(mine) - f1(theirs)), *interval(mine, theirs)) if read.any() else (0.0, 0.0, 0.0)
    share = counts.grounded / named if named else None
    asker.failures.reasons.pop(NOT_ASKED, None)
    why, tokens = asker.failures.most(), (ledger["tokens_in"], ledger["tokens_out"])
    return StyleTrial(style, float(f1(mine)), gain, share, (ended.failed, ended.input), seconds, *tokens, why, (int(read.sum()), len(read)))


def _sentences_read(document: LLMDocument, asker: Asker, found: AnyFeatures | None) -> np.ndarray:
    """(S,) bool, the sentences of a posting before the first about which a request came to no end; none where it has no features then."""
    starts = sentence_starts(document.text)
    left = [document.masked.source_span(*span)[0] for span, request in document.requests(asker) if asker.is_open(request)]
    end = min(left, default=math.inf) if not left or found is not None else 0
    return np.array([after <= end for after in (*starts[1:], len(document.text))])


def verdict(trials: list[StyleTrial]) -> tuple[str | None, str]:
    """(the style to use, None for the rules; why, in words)."""
    tried = [trial for trial in trials if trial.read[0]]
    if not tried:
        return None, "keep the rules: the model is too slow here, nothing was read in time"
    best = max(tried, key=lambda trial: trial.gain[0])
    gain, _, high = best.gain
    part = "" if best.is_whole else f", by the {best.read[0]} sentences that it read in time"
    if best.finds_more:
        how = "use it" if best.style == "document" else f"use --style {best.style}"
        return best.style, f"{how}: there it finds more than the rules{part}"
    if high < 0:
        return None, f"keep the rules: they find more than this model{' in either style' if len(tried) > 1 else ''}{part}"
    return None, f"keep the rules: that this model finds {'more' if gain > 0 else 'less'} ({gain:+.2f}{part}) may be chance"


def _documents(kind: type[LLMDocument]) -> Iterator[LLMDocument]:
    for number, posting in enumerate(postings(), start=1):
        yield kind.of_job({"job_id": f"trial {number}", "title": posting.title, "description": posting.description})


def _counts(found: Sequence[AnyFeatures | None]) -> np.ndarray:
    """(S, 4) of all sentences of all postings; a posting without features counts as one in which nothing was found."""
    read = zip(postings(), found, strict=True)
    return np.concatenate([tally([] if f is None else asked_spans(f), posting.truth, sentence_starts(posting.text)) for posting, f in read])

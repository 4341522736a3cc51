"""A document read sentence by sentence, by models too small for a whole one: they mark skills, the rules do the rest.

A model is asked for nothing but the skills, tools and knowledge of one sentence, in its own words (`Request.quotes`). What it
marks takes the place of what the tagger marks: names, must-have or nice-to-have, negations, depths and everything else are
the rules'.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

import yaml

from minirank.extract.llm.asker import Asker
from minirank.extract.llm.documents import LLMDocument
from minirank.extract.llm.grounding import FoldedText, SentText, ValueCounts
from minirank.extract.llm.masked_document import PLACEHOLDERS
from minirank.extract.normalised_text import sentence_starts
from minirank.extract.rules.lexicon import lexicon
from minirank.extract.rules.open_forms import ModelMarks
from minirank.extract.schema import AnyFeatures
from minirank.llm_client import Request, quotes, validate

MOST_WORDS = 60  # of a sentence in one request: a text that lost its stops is cut
_MARKUP = " *#_=:|>[]/~+•-\"'"
PROMPT = "spans"


@dataclass(frozen=True)
class SentencePrompt:
    """What is said to a model beside a sentence: instructions, and examples as a chat that went well.

    Args:
        version: counted up with every change of the file, since answers are stored under it.
        system: the instructions.
        examples: {"sentence", "skills"}.
        schema: JSON schema of an answer.
        max_tokens: of an answer.
    """

    version: int
    system: str
    examples: list[dict[str, Any]]
    schema: dict[str, Any]
    max_tokens: int

    def request(self, key: str, sentence: str) -> Request:
        """What is sent about a sentence.

        Args:
            key: its name, for people.
            sentence: with placeholders for personal data, which no quote may hold.
        """
        messages = [{"role": "system", "content": self.system.strip()}]
        for example in self.examples:
            answer = json.dumps({"skills": example["skills"]}, ensure_ascii=False)
            messages += [{"role": "user", "content": example["sentence"]}, {"role": "assistant", "content": answer}]
        messages.append({"role": "user", "content": sentence})
        quoted = PLACEHOLDERS.sub("\n", sentence)
        return Request(key, tuple(messages), self.schema, self.max_tokens, version=f"{PROMPT}/{self.version}", quotes=quoted)

    @cached_property
    def folded_examples(self) -> FoldedText:
        """Everything of the examples that a model may copy."""
        return FoldedText("\n".join(example["sentence"] for example in self.examples))


@cache
def sentence_prompt() -> SentencePrompt:
    """The prompt of the package, read and checked once a process.

    Raises:
        ValueError: an example breaks the schema, or quotes what its sentence does not say.
    """
    prompt = SentencePrompt(**yaml.safe_load(resources.files(__package__).joinpath(f"prompt_{PROMPT}.yaml").read_text(encoding="utf-8")))
    for example in prompt.examples:
        wrong = validate({"skills": example["skills"]}, prompt.schema)
        if wrong is not None or not set(example["skills"]) <= set(quotes.runs(example["sentence"])):
            raise ValueError(f"prompt {PROMPT}: the example {example['sentence']!r} does not pass its own grounding: {wrong or 'no quote'}")
    return prompt


class SentenceDocument(LLMDocument):
    """A job or a resume of which a model reads sentences."""

    @cached_property
    def sentences(self) -> list[tuple[int, int]]:
        """Spans of `masked.text` that are asked about: what holds a word, and is no heading and no title of a job."""
        text, words = self.masked.text, lexicon()
        headings = words.job_headings if self.kind == "job" else words.resume_headings
        starts, title = sentence_starts(text), self.text.find("\n") if self.kind == "job" else 0
        found: list[tuple[int, int]] = []
        for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
            is_title = start < end and self.masked.source_span(start, end)[0] < title
            if not is_title and headings.get(text[start:end].strip(_MARKUP + "\n").lower()) is None:
                found += _pieces(text, start, end)
        return found

    def requests(self, asker: Asker, most: int = 0) -> Iterator[tuple[tuple[int, int], Request]]:
        """Each sentence with what is asked about it; nothing here hangs on earlier answers, or on `most`."""
        prompt = sentence_prompt()
        for start, end in self.sentences:
            yield (start, end), prompt.request(f"{self.name}, characters {start} to {end}", self.masked.text[start:end])

    def answered(self, asker: Asker, counts: ValueCounts, most: int = 0) -> AnyFeatures | None:
        """What the rules read with the model's marks; None where no sentence has an answer."""
        marks = self.marks(asker, counts)
        return None if marks is None else self.by_rules(marks)

    def marks(self, asker: Asker, counts: ValueCounts) -> ModelMarks | None:
        """What the model quotes; None where no sentence has an answer."""
        marks, example = ModelMarks([], []), sentence_prompt().folded_examples
        for (start, end), request in self.requests(asker):
            answer = asker.answer(request)
            if answer is None:
                marks.unread.append(self.masked.source_span(start, end))
                continue
            source = SentText(self.masked, start, end, example, counts)
            for quote in answer["skills"]:
                if span := source.find(quote):
                    counts.grounded += 1
                    marks.spans.append(source.to_source(*span))
        return None if marks.unread and len(marks.unread) == len(self.sentences) else marks


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence without blanks around it, in pieces of MOST_WORDS words; none where it holds no word."""
    words = quotes.words(PLACEHOLDERS.sub(lambda m: " " * len(m[0]), text[start:end]))
    firsts = [0, *(words[at][0] for at in range(MOST_WORDS, len(words), MOST_WORDS))] if words else []
    for first, last in zip(firsts, [*firsts[1:], end - start]):
        piece = text[start + first : start + last]
        at = start + first + len(piece) - len(piece.lstrip())
        yield at, at + len(piece.strip())

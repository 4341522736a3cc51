"""The prompts: versioned files of the package, each with an example that must pass its own grounding when it is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

import yaml

from minirank.extract.llm.answers import READERS
from minirank.extract.llm.grounding import FoldedText, SentText, ValueCounts
from minirank.extract.llm.masked_document import MaskedDocument
from minirank.llm_client import Request, validate

NAMES = ("job", "resume", "signals", "grade")
QUOTES = {"signals": "shared", "grade": "evidence"}  # where answers without a reader quote


@dataclass(frozen=True)
class Prompt:
    """What is said to a model beside the document.

    Args:
        name: "job", "resume", "signals" or "grade".
        version: counted up with every change of the file, since answers are stored under it.
        system: the instructions.
        example: document, answer, and job where there is one.
        schema: JSON schema of an answer.
        max_tokens: of an answer.
    """

    name: str
    version: int
    system: str
    example: dict[str, Any]
    schema: dict[str, Any]
    max_tokens: int

    def messages(self, document: str, job: str | None = None) -> tuple[dict[str, str], ...]:
        """The chat about a document, and about a job where the prompt compares the two."""
        answer = json.dumps(self.example["answer"], ensure_ascii=False)
        shown = f"Example:\n{_quoted(self.example['document'], self.example.get('job'))}\nAnswer: {answer}"
        return (
            {"role": "system", "content": f"{self.system.strip()}\n\n{shown}"},
            {"role": "user", "content": f"{_quoted(document, job)}\nAnswer with one JSON object."},
        )

    def request(self, key: str, document: str, job: str | None = None) -> Request:
        """What is sent about a document.

        Args:
            key: a name of the document, for people.
            document, job: as `messages` takes them.
        """
        return Request(key, self.messages(document, job), self.schema, self.max_tokens, version=f"{self.name}/{self.version}")

    @cached_property
    def folded_example(self) -> FoldedText:
        """Everything of the example that a model may copy."""
        return FoldedText("\n".join([self.example["document"], self.example.get("job", ""), *_strings(self.example["answer"])]))


@cache
def load_prompt(name: str) -> Prompt:
    """A prompt of the package, read and checked once a process.

    Raises:
        ValueError: the file lacks a key, or has one that no prompt has; its example breaks its schema, or claims what
            its own document does not say.
    """
    content = yaml.safe_load(resources.files(__package__).joinpath(f"prompt_{name}.yaml").read_text(encoding="utf-8"))
    expected = {"version", "max_tokens", "system", "example", "schema"}
    if set(content) != expected:
        raise ValueError(f"prompt {name} must have the keys {', '.join(sorted(expected))}, got {', '.join(sorted(content))}")
    prompt = Prompt(name=name, **content)
    _check_example(prompt)
    return prompt


def _check_example(prompt: Prompt) -> None:
    """An example that breaks the rules would teach a model to break them."""
    answer, document = prompt.example["answer"], MaskedDocument(prompt.example["document"])
    wrong = validate(answer, prompt.schema)
    if wrong is None and prompt.name in READERS:
        counts = ValueCounts()
        READERS[prompt.name](answer, SentText(document, 0, len(document.text), FoldedText(""), counts))
        wrong = f"{counts.dropped + counts.corrected} of its values do not pass" if counts.dropped + counts.corrected else None
    elif wrong is None:
        quotes, text = answer[QUOTES[prompt.name]], FoldedText(document.text)
        wrong = next((f"{quote!r} does not stand in its document" for quote in quotes if text.find(quote) is None), None)
    if wrong is not None:
        raise ValueError(f"prompt {prompt.name}: the example does not pass its own grounding: {wrong}")


def _strings(answer: Any) -> Iterator[str]:
    """All texts in an answer."""
    if isinstance(answer, str):
        yield answer
    elif isinstance(answer, dict | list):
        for item in answer.values() if isinstance(answer, dict) else answer:
            yield from _strings(item)


def _quoted(document: str, job: str | None) -> str:
    """The document between marks that `MaskedDocument` takes out of any document."""
    head = "" if job is None else f"<job>\n{job.strip()}\n</job>\n"
    tag = "document" if job is None else "resume"
    return f"{head}<{tag}>\n{document.strip()}\n</{tag}>"

"""What a case of a document is: a file made by a script, and what a reader must make of it.

The cases stand in pdf_cases.py and office_cases.py, each a list CASES; `python bench/documents/cases.py` writes their table.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from minirank.data.documents.document import Unreadable
from minirank.data.documents.readers import read_document


@dataclass(frozen=True)
class Case:
    """A document and its trouble.

    Args:
        format: such as `PDF`. trouble: in a few words, such as `white on white`.
        name: of the file. make: its bytes.
        shown: parts of the text that must be found in this order; blanks and line ends count as one blank.
        hidden: (wording, key of WHYS) of every text that is not seen; no word of it is in the text.
        problem: a part of the one line where the file is not read.
        notes: parts of the notes.
        fields: what the reader must say besides.
    """

    format: str
    trouble: str
    name: str
    make: Callable[[], bytes]
    shown: tuple[str, ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    problem: str | None = None
    notes: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.format}, {self.trouble}"


def one_blank(text: str) -> str:
    """The text with a blank in place of any run of blanks and line ends."""
    return re.sub(r"\s+", " ", text).strip()


def wrong_in(case: Case) -> list[str]:
    """What the reader did otherwise than it must; empty where it did all."""
    try:
        documents = read_document(case.make(), case.name)
    except Unreadable as error:
        return [] if case.problem and case.problem in str(error) else [f"not read: {error}"]
    if case.problem is not None:
        return [f"read, expected {case.problem!r}: {documents}"]
    text = one_blank("\n".join(document.text for document in documents))
    wrong, at = [], 0
    for part in map(one_blank, case.shown):
        found = text.find(part, at)
        if found < 0:
            wrong.append(f"{part!r} is not in {text[at:]!r}")
        at = max(at, found + len(part))
    hidden = [(one_blank(each.text), each.why) for document in documents for each in document.hidden]
    wrong += [f"hidden {each} was not found in {hidden}" for each in case.hidden if each not in hidden]
    wrong += [f"{each} is said to be hidden" for each in hidden if each not in case.hidden]
    wrong += [f"{word!r} is in the text" for words, _ in case.hidden for word in [words] if one_blank(words) in text]
    notes = [note for document in documents for note in document.notes]
    wrong += [f"no note says {part!r}: {notes}" for part in case.notes if not any(part in note for note in notes)]
    for name, value in case.fields.items():
        said = [document.fields.get(name) for document in documents]
        if value not in said:
            wrong.append(f"{name} is {said}, expected {value!r}")
    return wrong

"""Which reader reads which file. A reader is a function (bytes of the file, its name) -> documents; it raises `Unreadable`.

Readers are imported in the process that reads, when a file asks for them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module

from .document import Document, Hidden, Unreadable
from .file_kinds import REFUSED, suffix_of
from .unseen_characters import without_unseen

Reader = Callable[[bytes, str], list[Document]]

# Suffix -> module of this package and function.
READERS = {
    ".pdf": "pdf.read_pdf:read_pdf",
    **dict.fromkeys((".docx", ".docm", ".dotx", ".dotm"), "docx.read_docx:read_docx"),
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html.read_html:read_html"),
    **dict.fromkeys((".json", ".jsonld", ".jsonl", ".ndjson"), "read_json:read_json"),
    **dict.fromkeys((".csv", ".tsv"), "read_csv:read_csv"),
    **dict.fromkeys((".txt", ".text", ".md", ".markdown"), "read_text:read_text"),
}


def read_document(content: bytes, name: str) -> list[Document]:
    """The documents in a file: one, or of a spreadsheet or a list of JSON several.

    Args:
        name: of the file, with its suffix.
    Raises:
        Unreadable: one line that says why, without the name.
    """
    if not content:
        raise Unreadable("the file is empty")
    suffix = suffix_of(content, name)
    if suffix in REFUSED:
        problem, remedy = REFUSED[suffix]
        raise Unreadable(f"{problem} ({suffix})", remedy=remedy)
    if suffix not in READERS:
        raise Unreadable(f"no reader for {suffix or 'a file without a suffix'}", remedy=f"known are {', '.join(sorted(READERS))}")
    module, function = READERS[suffix].split(":")
    read: Reader = getattr(import_module(f".{module}", __package__), function)
    documents = [_cleaned(document) for document in read(content, name)]
    if not documents or not any(document.text.strip() or document.hidden for document in documents):
        raise Unreadable("no text in it")
    return documents


_NO_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]|[\ud800-\udfff]")


def _cleaned(document: Document) -> Document:
    """Without what is no character of a text: control characters, halves of surrogate pairs, other line ends than \\n; and without
    what hides in characters that are not seen."""

    def clean(text: str) -> str:
        return _NO_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n"))

    hidden = tuple(Hidden(clean(each.text), each.why, each.where) for each in document.hidden if each.text.strip())
    fields = {name: clean(value).strip() for name, value in document.fields.items() if value and value.strip()}
    text, unseen = without_unseen(clean(document.text).strip())
    return replace(document, text=text, hidden=hidden + unseen, fields=fields)

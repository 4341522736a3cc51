"""Text files (.txt, .md)."""

from __future__ import annotations

from .document import Document
from .text_encoding import decoded


def read_text(content: bytes, name: str) -> list[Document]:
    """The one document of a text file.

    Raises:
        Unreadable: its encoding is not certain.
    """
    return [Document(decoded(content))]

"""Text files."""

from __future__ import annotations

from .document import Document, Unreadable


def read_plain_text(content: bytes, name: str) -> list[Document]:
    """The one document of a text file in UTF-8."""
    try:
        return [Document(content.decode("utf-8-sig"))]
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8", remedy="save it as UTF-8") from None

"""What a document holds once it is read: what a person sees, and apart from it what a person does not see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from minirank.errors import DataError

# Why a person does not see a text.
WHYS = {
    "white": "in the colour of what lies behind it",
    "tiny": "in letters too small to read",
    "outside": "outside the page",
    "clipped": "cut away by a clipping path, or by a box that is too small for it",
    "invisible": "drawn in invisible mode",
    "transparent": "without opacity",
    "covered": "under an image or a shape",
    "layer": "in a layer that is switched off",
    "ocr": "an invisible layer over a scanned page, as OCR writes it",
    "hidden": "marked as hidden: a run of Word, an element of HTML",
    "zero-width": "in characters that no screen shows",
}
FIELDS = ("kind", "id", "title", "location", "team_id", "date")


@dataclass(frozen=True)
class Hidden:
    """A text that is in the file and that a person does not see.

    Args:
        text: its wording. why: a key of `WHYS`. where: such as `page 2`, "" where there is no such place.
    """

    text: str
    why: str
    where: str = ""


@dataclass(frozen=True)
class Document:
    """One job or resume as a reader found it.

    Args:
        text: what a person sees, in reading order; lines end with \\n, a blank line separates paragraphs.
        hidden: what a person does not see; not in `text`.
        notes: what the user should know, one clause each, such as `the second table is a picture and was not read`.
        fields: what the format says beside the text, by a name of `FIELDS`: kind (`jobs` or `resumes`, where the format is of one of the
            two alone), id, title, location, team_id, date (ISO 8601, of its last change). What is not certain is not there.
    """

    text: str
    hidden: tuple[Hidden, ...] = ()
    notes: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)


class Unreadable(DataError):
    """A file without a text that could be read: `Unreadable("no text: its pages are pictures", remedy="run OCR over it")`."""

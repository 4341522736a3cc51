"""A PDF file as a document. PDFium reads and draws it: pypdfium2, see READERS.md for why."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterable
from statistics import median

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from ..document import Document, Hidden, Unreadable
from ..file_kinds import PASSWORD
from .pieces import PageText, Piece, read_pieces
from .reading_order import GAP, SAME_LINE, Span, in_reading_order
from .seen import DRAWS_NOTHING, FAINT, Drawn, contrasts_colour

HIGHEST = 792.0  # points: sizes count as if every page were shown as high as a letter page
SMALLEST = 2.0  # points of such a page
NARROWEST = 0.1  # of a font's usual width
LARGE = 0.7  # of a page's area: an image of that size may be a scan
UNKNOWN = 0.3  # of a file's glyphs without letters: what is left is no text
TITLE_LINES = 5  # of the text, among which the title that the file names must be found
HEADING = 1.15  # of the usual size
LONGEST_HEADING = 120  # characters
OCR = "run OCR over it first"
ANEW = "fetch or save it anew"


def read_pdf(content: bytes, name: str) -> list[Document]:
    """The one document of a PDF file.

    Raises:
        Unreadable: locked, damaged, or without text.
    """
    try:
        file = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        raise _refusal(error, content) from None
    try:
        return [_read(file)]
    finally:
        file.close()


def _refusal(error: pdfium.PdfiumError, content: bytes) -> Unreadable:
    code = getattr(error, "err_code", None)
    if code == raw.FPDF_ERR_PASSWORD:
        return PASSWORD
    if code == raw.FPDF_ERR_SECURITY:
        return Unreadable("locked in a way that is not known", remedy="save it without a lock")
    if b"%PDF-" not in content[:1024]:
        return Unreadable("is no PDF, whatever its name says", remedy="save it as PDF")
    return Unreadable("damaged, or cut off", remedy=ANEW)


def _read(file: pdfium.PdfDocument) -> Document:
    texts: list[str] = []
    hidden: list[Hidden] = []
    pictures, damaged, heading, unknown, letters = [], [], "", 0, 0
    if file.get_formtype():
        file.init_forms()  # gives fields their looks
    for number in range(len(file)):
        try:
            page = _flat(file, number)
        except pdfium.PdfiumError:
            damaged.append(number + 1)
            continue
        try:
            found = read_pieces(page)
            shown, unseen = _sorted(page, found, number + 1)
            heading = heading if texts else _heading(shown)
            if not found.pieces and _largest_picture(page) >= LARGE:
                pictures.append(number + 1)
        except pdfium.PdfiumError:
            damaged.append(number + 1)
            continue
        finally:
            page.close()
        texts.append(_text(shown))
        hidden += unseen
        unknown += found.unknown
        letters += sum(len(piece.text) for piece in found.pieces)
    if unknown > UNKNOWN * (unknown + letters):
        raise Unreadable("its fonts do not say which letters they draw", remedy=OCR)
    text = "\n\n".join(filter(None, texts))
    if not text and not hidden and pictures:
        raise Unreadable("no text: its pages are pictures", remedy=OCR)
    if not text and not hidden and damaged:
        raise Unreadable("damaged: no page can be read", remedy=ANEW)
    notes = [f"page {number} is damaged and was not read" for number in damaged]
    notes += [f"page {number} is a picture and was not read; {OCR}" for number in pictures]
    return Document(text, tuple(hidden), tuple(notes), _fields(file, text, heading))


def _flat(file: pdfium.PdfDocument, number: int) -> pdfium.PdfPage:
    """A page on which form fields and text boxes are a part of what is drawn."""
    page = file[number]
    kinds = set()
    for at in range(raw.FPDFPage_GetAnnotCount(page.raw)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, at)
        kinds.add(raw.FPDFAnnot_GetSubtype(annotation))
        raw.FPDFPage_CloseAnnot(annotation)
    if (
        kinds <= {raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP}
        or raw.FPDFPage_Flatten(page.raw, raw.FLAT_NORMALDISPLAY) != raw.FLATTEN_SUCCESS
    ):
        return page
    page.close()
    return file[number]


def _sorted(page: pdfium.PdfPage, found: PageText, number: int) -> tuple[list[Piece], list[Hidden]]:
    """What a person sees on a page, and what not."""
    if not found.pieces:
        return [], []
    if min(found.width, found.height) <= 0:  # a crop box that lies beside the page
        return [], [Hidden(_text(found.pieces), "outside", f"page {number}")]
    scale = HIGHEST / max(found.width, found.height)
    drawn = Drawn(page, found)
    shown: list[Piece] = []
    unseen: dict[str, list[Piece]] = {}
    for piece, seen in zip(found.pieces, drawn.seen):
        if piece.drawn.size * scale < SMALLEST or piece.drawn.narrow < NARROWEST:
            unseen.setdefault("tiny", []).append(piece)
        elif seen:
            shown.append(piece)
        else:
            unseen.setdefault(_why(piece, found, drawn), []).append(piece)
    if not shown and _largest_picture(page) >= LARGE:
        scanned = [piece for why in ("invisible", "covered") for piece in unseen.pop(why, ())]
        if scanned:
            unseen["ocr"] = scanned
    place = f"page {number}"
    return shown, [Hidden(_text(pieces), why, place) for why, pieces in unseen.items()]


def _why(piece: Piece, page: PageText, drawn: Drawn) -> str:
    """Why a piece is not seen, a key of `WHYS`."""
    left, top, right, bottom = piece.box
    x, y = (left + right) / 2, (top + bottom) / 2
    if not (0 <= x <= page.width and 0 <= y <= page.height):
        return "outside"
    if piece.drawn.mode in DRAWS_NOTHING:
        return "invisible"
    if piece.drawn.opacity < FAINT:
        return "transparent"
    if _in_layer(piece.drawn.handle):
        return "layer"
    if not any(contrasts_colour(colour[:3], drawn.behind(piece)) for colour in piece.drawn.colours):
        return "white"
    return "clipped" if raw.FPDFClipPath_CountPaths(raw.FPDFPageObj_GetClipPath(piece.drawn.handle)) > 0 else "covered"


def _in_layer(handle: ctypes._Pointer) -> bool:
    """Whether a text object belongs to optional content."""
    for at in range(raw.FPDFPageObj_CountMarks(handle)):
        mark, length = raw.FPDFPageObj_GetMark(handle, at), ctypes.c_ulong()
        buffer = (raw.FPDF_WCHAR * 8)()
        raw.FPDFPageObjMark_GetName(mark, buffer, ctypes.sizeof(buffer), length)
        if bytes(buffer).decode("utf-16-le").rstrip("\0") == "OC":
            return True
    return False


def _largest_picture(page: pdfium.PdfPage) -> float:
    """The share of a page that its largest image takes."""
    width, height = page.get_size()
    areas = [0.0]
    for each in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = each.get_bounds()
        areas.append((right - left) * (top - bottom))
    return max(areas) / max(width * height, 1.0)


def _text(pieces: Iterable[Piece]) -> str:
    """Pieces in reading order: those that stand upright, then those that are turned, angle by angle."""
    by_angle: dict[float, list[Piece]] = {}
    for piece in pieces:
        by_angle.setdefault(piece.drawn.angle, []).append(piece)
    return "\n\n".join(in_reading_order(_spans(by_angle[angle], angle)) for angle in sorted(by_angle))


def _spans(pieces: list[Piece], angle: float) -> list[Span]:
    """Texts without a wide gap, as if they stood upright."""
    spans: list[Span] = []
    for piece in pieces:
        left, right, baseline = _upright(piece, angle)
        size = piece.drawn.size
        before = spans[-1] if spans else None
        same = before is not None and abs(baseline - before.baseline) <= SAME_LINE * min(size, before.size)
        if before is not None and same and min(abs(left - before.right), abs(before.left - right)) <= GAP * size:
            blank = " " if piece.spaced else ""
            merged = f"{before.text}{blank}{piece.text}"
            spans[-1] = Span(
                min(before.left, left), max(before.right, right), before.baseline, max(before.size, size), merged, before.order
            )
        else:
            spans.append(Span(left, right, baseline, size, piece.text, len(spans)))
    return spans


def _upright(piece: Piece, angle: float) -> tuple[float, float, float]:
    """(left, right, baseline) of a piece in a page that is turned until it stands upright."""
    left, top, right, bottom = piece.box
    x, y = piece.drawn.baseline
    if angle == 90:  # downwards
        return top, bottom, -x
    if angle == 180:
        return -right, -left, -y
    if angle == 270:  # upwards
        return -bottom, -top, x
    return left, right, y


def _heading(pieces: list[Piece]) -> str:
    """What stands on a page in the largest letters, "" where they are not larger than others or where it is no title."""
    sizes = [piece.drawn.size for piece in pieces if piece.drawn.angle == 0]
    if not sizes or max(sizes) < HEADING * median(sizes):
        return ""
    largest = [piece for piece in pieces if piece.drawn.angle == 0 and piece.drawn.size > 0.95 * max(sizes)]
    text = " ".join(_text(largest).split())
    return text if len(text) <= LONGEST_HEADING and any(map(str.isalpha, text)) else ""


def _fields(file: pdfium.PdfDocument, text: str, heading: str) -> dict[str, str]:
    """The title, which the file names and shows at its top or shows in the largest letters, and the date of its last change."""
    known = file.get_metadata_dict()
    title, fields = known.get("Title", "").strip(), {}
    lines = [line.strip().casefold() for line in text.split("\n") if line.strip()][:TITLE_LINES]
    if title and title.casefold() in " ".join(lines):
        fields["title"] = title
    elif heading:
        fields["title"] = heading
    date = iso_date(known.get("ModDate", "")) or iso_date(known.get("CreationDate", ""))
    if date:
        fields["date"] = date
    return fields


def iso_date(text: str) -> str:
    """`D:20240501103000+02'00'` as ISO 8601; "" where it is no full date."""
    found = re.match(r"(?:D:)?(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z|[+-]\d\d'?(?:\d\d)?)?", text.strip())
    if not found:
        return ""
    year, month, day, hour, minute, second, zone = found.groups()
    if hour is None:
        return f"{year}-{month}-{day}"
    digits = (zone or "").replace("'", "").ljust(5, "0") if zone not in (None, "Z") else ""
    offset = f"{digits[:3]}:{digits[3:5]}" if digits else "+00:00" if zone == "Z" else ""
    return f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}{offset}"

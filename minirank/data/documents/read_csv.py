"""Spreadsheets saved as CSV: one job or resume a row, in columns whose names say what they hold; what is not certain is refused."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import datetime

from .document import Document, Unreadable
from .text_encoding import decoded

# Field of a document -> the names of its column, the surest first; case, blanks, `_` and `-` do not count.
_COLUMNS = {
    "text": (
        "description text resumetext jobdescription resume cv body content beschreibung stellenbeschreibung lebenslauf texte descripción"
    ).split(),
    "id": "jobid resumeid id candidateid applicantid requisitionid reqid referenceid reference referenz referenznummer kennung".split(),
    "title": "title jobtitle position jobname titel stellentitel jobtitel titre título puesto".split(),
    "location": "location joblocation city place workplace ort standort arbeitsort lieu ciudad".split(),
    "team_id": "teamid team".split(),
    "date": (
        "postedat updatedat lastupdated dateposted dateupdated posted updated date lastmodified datemodified createdat datum stand fecha"
    ).split(),
}
_OURS = {name for names in _COLUMNS.values() for name in names}
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_DAY_FIRST = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})(?:,?\s+(\d{1,2}:\d{2}(?::\d{2})?))?$")
_SLASHES = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?:,?\s+(\d{1,2}:\d{2}(?::\d{2})?))?$")


def read_csv(content: bytes, name: str) -> list[Document]:
    """The documents in the rows of a CSV file.

    Raises:
        Unreadable: its encoding, its separator, a column or a date is not certain, or a row has another number of cells.
    """
    text = decoded(content)
    separator = _separator(text)
    try:
        rows = [*_rows(text, separator)]
    except csv.Error as error:
        raise Unreadable(f"no CSV: {error}", remedy="put double quotes around a text that holds separators or line ends") from None
    header, body = rows[0][1], rows[1:]
    places = _places([_plain(cell) for cell in header], header)
    columns = {field: [row[place].strip() for _, row in body] for field, place in places.items()}
    if "date" in columns:
        columns["date"] = iso_dates(columns["date"], header[places["date"]], [line for line, _ in body])
    left = [cell.strip() for place, cell in enumerate(header) if place not in places.values() and cell.strip()]
    notes = (f"not read: its column{'s' if len(left) > 1 else ''} {', '.join(left)}",) if left else ()
    return [
        Document(columns["text"][n], (), notes if not n else (), {field: cells[n] for field, cells in columns.items() if field != "text"})
        for n in range(len(body))
        if any(cells[n] for field, cells in columns.items() if field != "id")
    ]


def _separator(text: str) -> str:
    """What separates the cells of the header."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    if (m := re.match(r"sep=(.)$", first)) is not None:  # how Excel is told
        return m[1]
    known = {sign: sum(_plain(cell) in _OURS for cell in next(csv.reader([first], delimiter=sign))) for sign in _SEPARATORS}
    best = max(known.values())
    found = [sign for sign, count in known.items() if count == best]
    if not best:
        names = "text or description, and beside it id, title, location, date"
        raise Unreadable(f"no column of its first line is known: {first[:80]}", remedy=f"name the columns {names}")
    return found[0]


def _rows(text: str, separator: str) -> list[tuple[int, list[str]]]:
    """(line, cells) of the header and of each row that is not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    for row in reader:
        if any(cell.strip() for cell in row) and not (line == 1 and re.match("sep=.$", separator.join(row).strip())):
            while rows and len(row) > len(rows[0][1]) and not row[-1].strip():
                row.pop()  # separators at the end
            if rows and len(row) != len(rows[0][1]):
                problem = f"line {line} has {len(row)} cells, the first one {len(rows[0][1])}"
                raise Unreadable(problem, remedy="put double quotes around a text that holds separators or line ends")
            rows.append((line, row))
        line = reader.line_num + 1
    return rows


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-.]+", "", name.strip().casefold())


def _places(names: Sequence[str], header: Sequence[str]) -> dict[str, int]:
    """Where the column of each field stands.

    Raises:
        Unreadable: none is the text, or two could be one field.
    """
    places = {}
    for field, known in _COLUMNS.items():
        found = [place for place, name in enumerate(names) if name in known]
        own = [place for place in found if names[place] in known[:2]]
        found = own if len(own) == 1 else found
        if len(found) > 1:
            both = " and ".join(header[place].strip() for place in found[:2])
            raise Unreadable(f"its columns {both} could both be the {field}", remedy=f"rename all but one, or name one of them {known[0]}")
        if found:
            places[field] = found[0]
    if "text" not in places:
        raise Unreadable(f"no column is known as the text: {', '.join(header)[:100]}", remedy="name one of them text or description")
    return places


def iso_dates(cells: Sequence[str], column: str, lines: Sequence[int]) -> list[str]:
    """Dates as ISO 8601; `31.12.2024` is day first, `12/31/2024` what the column's other dates allow.

    Raises:
        Unreadable: names the column and a cell that is no date, or may be two.
    """
    slashed = [m for cell in cells if (m := _SLASHES.match(cell)) is not None]
    day_first, month_first = any(int(m[1]) > 12 for m in slashed), any(int(m[2]) > 12 for m in slashed)
    remedy = "write dates as 2024-12-31"
    if slashed and day_first == month_first and any(m[1] != m[2] for m in slashed):
        many = "both orders stand in it" if day_first else f"{slashed[0][0]} may be day or month first"
        raise Unreadable(f"the dates of its column {column.strip()} are not certain: {many}", remedy=remedy)
    dates = []
    for cell, line in zip(cells, lines):
        m = _DAY_FIRST.match(cell) or _SLASHES.match(cell)
        if m is not None:
            one, two, year, time = m.groups()
            day, month = (two, one) if m.re is _SLASHES and month_first else (one, two)
            cell = f"{year}-{int(month):02}-{int(day):02}" + (f"T{time if time.index(':') == 2 else f'0{time}'}" if time else "")
        try:
            if cell:
                datetime.fromisoformat(cell)
        except ValueError:
            raise Unreadable(f"line {line}: its column {column.strip()} holds no date: {cell[:40]}", remedy=remedy) from None
        dates.append(cell)
    return dates

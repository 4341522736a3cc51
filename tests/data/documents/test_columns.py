"""Columns and tables whose lines stand at common heights, drawn line by line: what belongs together stays together."""

import pytest

from minirank.data.documents.pdf.reading_order import Span, in_reading_order

PROSE = (
    "Pipelines that ran every night in Python and",
    "loaded forty sources into one warehouse, with",
    "tests of every table and a page that showed",
    "which of them were late and by how much.",
    "The team of four was led for two years, and",
    "every release went out on a Thursday at noon.",
)
ENTRIES = ("Data engineer, Acme", *PROSE[:3], "Nurse, General Hospital", *PROSE[3:], "Clerk")
LIST = (
    "Data engineer, Acme, 2019 - 2022",
    "- Built pipelines in Python",
    "- Led a team of four",
    "Nurse, 2015 - 2018",
    "- Wrote the rota",
    "Cook",
)
LISTS = ("Contact", "Springfield", "", "SKILLS", "Python", "SQL")
SHORT = ("Skills", "Python", "SQL")
DATES = ("2019 - 2022", "", "", "", "2015 - 2018", "", "", "", "2012 - 2014")
PLACES = ("Berlin", "", "", "", "Oslo", "", "", "", "Rome")
LABELS = ("Name", "Born", "Address", "Profile")
VALUES = ("Anna Miller", "12 May 1990", "12 Main Street, Springfield", *PROSE)


def read(*columns):
    """The text of columns, each (left end, lines), a letter five points wide."""
    found = [(100 + 14.0 * n, left, text) for left, lines in columns for n, text in enumerate(lines) if text]
    return in_reading_order([Span(left, left + 5 * len(text), y, 10.0, text, n) for n, (y, left, text) in enumerate(sorted(found))])


@pytest.mark.parametrize(
    "columns",
    [
        ((40, LISTS), (190, PROSE)),
        ((40, PROSE), (380, LISTS)),
        ((40, SHORT), (190, PROSE)),
        ((40, PROSE), (380, SHORT)),
        ((40, LISTS), (190, LIST)),
        ((40, SHORT), (190, LIST)),
        ((40, LIST), (380, SHORT)),
        ((40, ("", "", *SHORT)), (190, PROSE)),
        ((40, SHORT), (130, PROSE), (380, ("Languages", "English", "German"))),
        ((40, PROSE), (320, PROSE[::-1])),
    ],
)
def test_columns_are_read_one_after_the_other(columns):
    assert read(*columns).split() == " ".join(line for _, lines in columns for line in lines).split()


@pytest.mark.parametrize(
    "columns",
    [
        ((72, DATES), (170, ENTRIES)),
        ((72, ENTRIES), (500, DATES)),
        ((72, ENTRIES), (500, PLACES)),
        ((72, LABELS), (200, VALUES)),
        ((72, ("Python", "SQL", "Spark")), (200, ("5 years", "7 years", "2 years")), (330, ("expert", "expert", "advanced"))),
        (
            (72, ("SKILL", "Python", "SQL", "Spark")),
            (200, ("USED FOR", "pipelines of every night since 2015", "reports", "a year at Acme")),
        ),
        ((72, ("\u2022", "", "\u2022", "\u2022")), (96, PROSE)),
    ],
)
def test_rows_stay_together(columns):
    rows = {}
    for _, lines in columns:
        for n, text in enumerate(lines):
            rows[n] = f"{rows.get(n, '')} {text}".strip()
    assert read(*columns).split() == " ".join(rows.values()).split()

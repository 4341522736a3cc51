"""CSV for spreadsheets: formulas are marked, numbers are not, and every text can be had back."""

import csv
import io
import itertools

import numpy as np
import pytest
from case_table import cases

from minirank.data.csv_cells import marked, original, write_csv
from minirank.data.problems import Problems
from minirank.data.read_files import read_csv

FORMULAS = ["=1+1", "+1+cmd", "-1-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", "\uff0b1", "\uff0dx", "\uff20x", " =1"]
FORMULAS += [
    "\x00=1",
    "\u200b=1",
    "\ufeff=1",
    "\xa0=1",
    "'=1",
    "''=1",
    "=",
    "-",
    "- no python",
    "+49 30 1234",
    "-1e",
    "--1",
    "-0x1",
    "\tx",
    "'-12",
    "'\t",
]
TEXTS = ["r1", "", "'", "it's", "1", "-12", "+4.5e3", "-.5", "-1.", "+491234", "a=b", "1-2", "'1", "e\u0301", "\u5c71", "x\x00"]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_begins_like_a_formula_is_marked(text):
    assert marked(text) == f"'{text}"
    assert original(marked(text)) == text


@pytest.mark.parametrize("text", TEXTS)
def test_numbers_and_other_texts_stay(text):
    assert marked(text) == text == original(text)


def test_every_text_can_be_had_back():
    """Every text of up to four of the characters that matter: marking is undone, and no two texts share a cell."""
    texts = ["".join(chars) for size in range(5) for chars in itertools.product("'=-1.e a\t\uff1d", repeat=size)]
    cells = [marked(text) for text in texts]
    assert [original(cell) for cell in cells] == texts
    assert len(set(cells)) == len(texts)
    assert not any(cell.startswith("\t") or cell.strip().startswith(("=", "@", "+", "\uff1d")) for cell in cells)


@cases("""
    end=
    "\\n"
    "\\r\\n"
""")
def test_rows_are_read_back_as_they_were(tmp_path, end):
    ids = [*FORMULAS, *TEXTS, "a\rb", "a\nb", "a\r\nb", 'a"b', "a,b", "a\x00", "\x00"]
    numbers = np.linspace(-1, 1, len(ids)).astype(np.float32)
    stream = io.BytesIO()
    write_csv(stream, ["id", "score", "=1"], [np.array(ids, object), numbers, ids], end=end)
    text = stream.getvalue().decode()
    assert text.startswith(f"id,score,'=1{end}") and text.endswith(end)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [original(row["id"]) for row in rows] == [original(row["'=1"]) for row in rows] == ids
    assert [float(row["score"]) for row in rows] == numbers.astype(float).tolist()  # a negative number stays one
    (tmp_path / "x.csv").write_bytes(stream.getvalue())
    problems = Problems()
    _, table = read_csv(tmp_path / "x.csv", "x.csv", problems)
    assert not problems.count and len(table.lines) == len(ids)  # by our own reader too


def test_a_file_without_rows_has_its_header():
    stream = io.BytesIO()
    write_csv(stream, ["a", "b"], [[], []])
    assert stream.getvalue() == b"a,b\n"

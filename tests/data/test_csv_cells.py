"""CSV for spreadsheets: formulas are marked, numbers are not, and every text can be had back."""

import csv
import io
import itertools

import numpy as np
import pytest
from case_table import cases

from minirank.data import csv_cells
from minirank.data.csv_cells import marked, original, write_csv
from minirank.data.float_text import WIDEST, powers, write_floats
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


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_floats_have_the_text_of_python(seed):
    """Floats of any bits, powers of two, few digits, whole numbers, and what stands at the borders of the notations."""
    random = np.random.default_rng(seed)
    any_bits = np.frombuffer(random.bytes(80_000), np.float64)
    borders = [0.0, -0.0, 1.0, 1e15, 1e16, 123456789012345680.0, 9007199254740993.0, 5e-324, 2.2250738585072014e-308, 1e-4, 1e-5, 0.3, 1e22]
    few = random.integers(0, 10**6, 5_000) / 10.0 ** random.integers(0, 12, 5_000)
    parts = (
        any_bits[np.isfinite(any_bits)],
        np.ldexp(1.0, np.arange(-1074, 1024)),
        np.array(borders),
        few,
        random.random(5_000),
        np.arange(99.0),
    )
    numbers = np.concatenate([*parts, [1.7976931348623157e308, -1e-100]])
    text, lengths = np.zeros((len(numbers), WIDEST), np.uint8), np.zeros(len(numbers), np.int64)
    write_floats(numbers.view(np.uint64), powers(), text, lengths)
    assert [bytes(row[:length]).decode() for row, length in zip(text, lengths)] == list(map(repr, numbers.tolist()))


def test_many_rows_are_written_as_few_are(monkeypatch):
    """Texts that need quotes or a mark, halves of surrogate pairs, numbers of every kind, and what is no number."""
    rows = 40
    texts = np.array(["plain", "a,b", 'say "x"', "=1+1", "", "\ud800", "line\nbreak", "é", None, 12] * 4, object)
    floats = np.random.default_rng(0).random(rows)
    columns = [texts, floats, floats.astype(np.float32), np.where(floats < 0.1, np.nan, floats), np.arange(rows), floats < 0.5, list(texts)]
    names = [f"c{place}" for place in range(len(columns))]
    for chosen in (columns, columns[:1], columns[1:2]):
        written = []
        for few in (rows + 1, 1):
            monkeypatch.setattr(csv_cells, "FEW", few)
            stream = io.BytesIO()
            write_csv(stream, names[: len(chosen)], chosen, end="\r\n")
            written.append(stream.getvalue())
        assert written[0] == written[1] and written[0].count(b"\r\n") >= rows

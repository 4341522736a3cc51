"""What compiled loops read of a CSV file is what the module `csv` reads of it, to the last error."""

import bz2
import gzip
import random
import struct

import numpy as np
import pytest

from minirank.data import fast_csv, read_files
from minirank.data.csv_kernels import SPARE, parse_numbers, powers_of_five
from minirank.data.problems import Problems
from minirank.data.read_files import Column, read_csv
from minirank.data.table.merge import merge
from minirank.data.table.raw_table import RawTable, _factorise
from minirank.data.texts import Texts, WrittenNumbers


def both(path, monkeypatch, **options):
    """What each of the two reads: names, lines, columns, problems."""
    found = []
    for least in (0, 10**12):
        monkeypatch.setattr(read_files, "FAST", least)
        monkeypatch.setattr(read_files, "COMPILED", least)
        problems = Problems()
        names, table = read_csv(path, path.name, problems, **options)
        columns = {} if table is None else {name: (each.codes.tolist(), list(each.values)) for name, each in table.columns.items()}
        found.append((names, None if table is None else table.lines.tolist(), columns, [*map(str, problems.kept)], problems.count))
    return found


PIECES = [
    "a",
    "b",
    '"',
    '""',
    ",",
    ",",
    ",",
    "\n",
    "\n",
    "\r\n",
    " ",
    "\t",
    "é",
    "\u00a0",
    "x y",
    "12",
    "-0.5",
    '"q,\nr"',
    '"s""t"',
    "\x00",
]


@pytest.mark.parametrize("block", [64, 2**18])
def test_texts_of_any_kind(tmp_path, monkeypatch, block):
    """Most of these are not regular and say so; half of them are."""
    monkeypatch.setattr(fast_csv, "BLOCK", block)
    chance, path, read = random.Random(block), tmp_path / "a.csv", 0
    taken, columns_of = [], fast_csv.read_columns
    monkeypatch.setattr(fast_csv, "read_columns", lambda *given: taken.append(columns_of(*given)) or taken[-1])
    for case in range(240):
        width = chance.randint(1, 4)
        cells = lambda: "".join(chance.choices(PIECES, k=chance.randint(0, 3)))  # noqa: E731
        regular = lambda: chance.choice(["a", "", " b ", '"c"', '"d,e"', '"f\n g"', ' "h""i" ', "é", "7", "\u2003j"]).replace('" ', '"')  # noqa: E731
        rows = [[(cells if chance.random() < 0.02 * (case % 3) else regular)() for _ in range(width)] for _ in range(chance.randint(0, 40))]
        end = chance.choice(["\n", "\n", "\r\n"])
        text = "".join(",".join(row) + (end if chance.random() < 0.9 else end + end) for row in [[f"n{k}" for k in range(width)], *rows])
        content = text.removesuffix(chance.choice([end, ""])).encode()
        path.write_bytes((b"\xef\xbb\xbf" if case % 7 == 0 else b"") + (content + b"\xff" if case % 50 == 49 else content))
        fast, slow = both(path, monkeypatch, header=case % 5 > 0)
        assert fast == slow, text
    read = sum(each is not None for each in taken)
    assert 80 < read < len(taken) - 20


def test_a_first_row_of_two_lines_begins_on_the_first(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text('\n"k\n1",BAD\nx,1\n')
    fast, slow = both(tmp_path / "a.csv", monkeypatch, header=False)
    assert fast == slow and slow[1] == [2, 4]


def test_other_separators_and_packed_files(tmp_path, monkeypatch):
    rows = "".join(f"{k};{k % 7};'x;{k}\n" for k in range(3000))
    for name, opened in (("a.csv", open), ("a.csv.gz", gzip.open), ("a.csv.bz2", bz2.open)):
        with opened(tmp_path / name, "wt") as stream:
            stream.write(f"a;b;c;d\n{rows}")
        fast, slow = both(tmp_path / name, monkeypatch, separator=";", only=lambda names: ["d", "b"])
        assert fast == slow and fast[2]["d"][1][:2] == ["0", "1"]
    (tmp_path / "a.csv.gz").write_bytes((tmp_path / "a.csv.gz").read_bytes()[:-200])
    fast, slow = both(tmp_path / "a.csv.gz", monkeypatch, separator=";")
    assert fast == slow and fast[1] is None and fast[4] == 1


def test_numbers_are_those_of_python():
    chance = random.Random(1)
    texts = [repr(struct.unpack("d", struct.pack("Q", chance.getrandbits(64)))[0]) for _ in range(20_000)]
    texts += [
        f"{chance.choice(['', '-', '+'])}{chance.randrange(10 ** chance.randint(1, 19))}e{chance.randint(-330, 310)}" for _ in range(20_000)
    ]
    texts += [f"{chance.uniform(-1e4, 1e4):.{chance.randint(0, 17)}f}" for _ in range(20_000)]
    halves = [(2**53 + 2 * k + 1) * 2**e for k in (0, 1, 5, 1000, 2**51) for e in range(11)]  # half way between two float64
    texts += [str(each + d) for each in halves for d in (-1, 0, 1)] + ["0", "-0", "00012", ".5", "5.", "1E5", "1e+5", "9007199254740993"]
    texts += [
        "1e308",
        "1.7976931348623157e308",
        "1.8e308",
        "4.9e-324",
        "2.2250738585072011e-308",
        "0e999999999",
        "1e",
        "e1",
        "+",
        "",
        ".",
        "1 2",
    ]
    texts += ["--1", "1e+", "0x1", "1_0", "nan", "inf", "1.2.3", "12345678901234567890123", "0.00000000000000000000001234567890123456789"]
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([len(each) for each in encoded])
    content = np.frombuffer(b"".join(encoded) + bytes(SPARE), np.uint8)
    bits = np.empty(len(texts), np.int64)
    left = parse_numbers(content.copy(), ends - [len(each) for each in encoded], ends, *powers_of_five(), bits)
    for text, is_left, found in zip(texts, left.tolist(), bits.view(np.float64).tolist()):
        if not is_left:
            assert struct.pack("d", found) == struct.pack("d", float(text)), text
    assert left[:60_000].mean() < 0.06  # infinite, subnormal, or of 20 digits
    assert all(left[texts.index(text)] for text in ("1e", "e1", "+", "", ".", "1 2", "--1", "1e+", "0x1", "1_0", "nan", "inf", "1.2.3"))


@pytest.mark.parametrize("dtype", ["i1", "u8", "i8", "f2", "f4", "f8", "?"])
@pytest.mark.parametrize("missing", [frozenset({""}), frozenset({"", "1", "-1.0", "x", "1e3"}), frozenset({"0", "0.0", "nan"})])
def test_numbers_of_arrays_are_the_texts_that_they_were(dtype, missing):
    draw = np.random.default_rng(3)
    with np.errstate(invalid="ignore", over="ignore"):  # of small types
        parts = [each.astype(dtype) for each in (draw.integers(-3, 4, 50), draw.normal(size=200) * 50, np.array([2**53 + 1, 1e3, -0.0]))]
    parts[2] = parts[2][np.isfinite(parts[2])]
    if dtype[0] == "f":
        parts[0][3] = parts[1][7] = np.nan
    columns = [_factorise(part, "a.npz", "x") for part in parts]
    lists = [Column(each.codes, list(each.values)) for each in columns]
    for some in (slice(0, 1), slice(0, 2), slice(0, 3)):
        found, wanted = merge(columns[some], missing), merge(lists[some], missing)
        assert isinstance(found.values, WrittenNumbers) and list(found.values) == wanted.values
        assert found.codes.tolist() == wanted.codes.tolist() and found.codes.dtype == np.int32
        assert [found.values[place] for place in range(-1, len(found.values))] == [wanted.values[-1], *wanted.values]
        raw = [RawTable({"x": each}, ("a",), np.zeros(len(each.codes), np.int8), np.arange(len(each.codes))) for each in (found, wanted)]
        assert raw[0].numbers("x", "").tobytes() == raw[1].numbers("x", "").tobytes()
    assert list(merge([columns[0], lists[1]], missing).values) == merge(lists[:2], missing).values


def test_texts_are_a_list(tmp_path):
    words = ["a", "", "?", "éa", "NA", "10"]
    encoded = [word.encode() for word in words]
    ends = np.cumsum([len(each) for each in encoded])
    texts = Texts(np.frombuffer(b"".join(encoded) + bytes(SPARE), np.uint8), ends - [len(each) for each in encoded], ends, missing=2)
    shown = ["a", "", None, "éa", "NA", "10"]
    assert list(texts) == shown and [texts[k] for k in range(-6, 6)] == shown * 2 and texts[1:4] == shown[1:4]
    assert None in texts and "NA" in texts and "?" not in texts and texts.index(None) == 2 and texts.index("10") == 5
    assert texts.places(frozenset({"NA", "", "zz"})) == [1, 4]

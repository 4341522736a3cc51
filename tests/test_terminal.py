"""What reaches a terminal: nothing that it obeys, in columns that stay in line, and a lost stream that ends no work."""

import errno
import io
import json
import re
import sys

import pytest
from case_table import cases
from checkout import ROOT
from import_graph import sources

from minirank.errors import DataError
from minirank.evaluation.format_metrics import aligned
from minirank.progress import Progress
from minirank.terminal import Output, columns, cut, for_people, json_text, pad, printable


@cases(r"""
    text= | seen
    "\x1b[31mred\x1b[0m" | \x1b[31mred\x1b[0m
    "\x1b]0;title\x07" | \x1b]0;title\x07
    "\x9b2J" | \x9b2J
    "a\nb\r\tc\x00\x7f" | a\nb\r\tc\x00\x7f
    "a\u2028b\u2029c\x85d\x0be" | a\u2028b\u2029c\x85d\x0be
    "abc\u202egnp.exe" | abc\u202egnp.exe
    "\u2066a\u2069\u200e\u200f\u061c" | \u2066a\u2069\u200e\u200f\u061c
    "\u200b\ufeff\xad\u2060" | \u200b\ufeff\xad\u2060
    "\U000e0041\ud800\ufffe" | \U000e0041\ud800\ufffe
    "naïve \u5c71\u7530 \u0645\u06cc\u200c\u0634\u0648\u062f" | naïve 山田 می‌شود
    "C:\\x1b" | C:\x1b
""")
def test_what_a_terminal_would_obey_or_hide_is_visible(text, seen):
    assert printable(text) == seen
    assert printable(seen) == seen


def test_every_character_is_either_shown_or_ascii():
    """No code point below the planes of private use reaches a terminal as a control, and plain texts stay as they are."""
    for code in (*range(0x3000), *range(0xD800, 0xE000), *range(0xFE00, 0x10000), 0x1F600, 0xE0001):
        shown = printable(chr(code))
        assert shown.isprintable() or shown == chr(code), hex(code)
        assert not any(char in "\x1b\x9b\n\r\x85\u2028\u202e" for char in shown)
    assert printable("a\xa0\u3000b") == "a\xa0\u3000b"
    assert printable(" ".join(map(chr, range(33, 127)))) == " ".join(map(chr, range(33, 127)))


def test_wide_characters_keep_a_table_aligned():
    rows = [["candidate", "score", "note"], ["r1", "0.5", "x"], ["\u5c71\u7530", "0.25", "y"], ["e\u0301\x1b[2J", "1", "\uff21"]]
    lines = aligned(rows)
    assert {columns(line) for line in lines} == {columns(lines[0])}
    assert "\\x1b[2J" in lines[-1] and "\x1b" not in "".join(lines)
    assert columns("\u5c71\u7530e\u0301") == 5 and columns("") == 0
    assert pad("\u5c71", 4) == "\u5c71  " and pad("\u5c71", 4, right=True) == "  \u5c71" and pad("abc", 2) == "abc"


def test_a_line_is_cut_by_columns():
    assert cut("abc", 3) == "abc" and cut("abc", 2) == "ab" and cut("\u5c71\u7530", 3) == "\u5c71" and cut("\u5c71", 1) == "" == cut("a", 0)
    assert cut("x" * 10_000 + "\u5c71" * 10_000, 10_001) == "x" * 10_000


def test_an_error_is_one_line_whatever_the_names():
    error = DataError("no job 'x'", file="a\nminirank: error: all is well\x1b[8m", column="\u202eid", remedy="mend\rit")
    assert str(error) == r"a\nminirank: error: all is well\x1b[8m: column \u202eid: no job 'x'; mend\rit"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_shows_what_it_is_told_and_moves_the_cursor_itself(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    terminal = Terminal()
    progress = Progress(Output(terminal), unit="\u5c71\u7530\x1b[2J" * 4)
    progress.count(1, 2)
    progress.say("server said:\r\x1b]8;;http://x\x07 \nforged line")
    shown = terminal.getvalue()
    assert shown.count("\n") == 1 and shown.count("\r") == 3 and "\x1b" not in shown
    assert all(columns(part) <= 29 for part in shown.split("\r")[:-1])
    assert shown.endswith("server said:\\r\\x1b]8;;http://x\\x07 \\nforged line\n")


class Failing(io.StringIO):
    """A stream that cannot be written to."""

    def __init__(self, error):
        super().__init__()
        self.reason, self.calls = error, 0

    def write(self, text):
        self.calls += 1
        raise self.reason


@pytest.mark.parametrize("reason, lost", [(BrokenPipeError(errno.EPIPE, "x"), False), (OSError(errno.ENOSPC, "full"), True)])
def test_a_lost_stream_ends_no_work(monkeypatch, reason, lost):
    stream = Failing(reason)
    monkeypatch.setattr(sys, "stdout", stream)
    with for_people() as output:
        print("one")
        print("two", flush=True)
    assert stream.calls == 1 and (output.lost is reason) == lost
    assert sys.stdout is stream


def test_closed_streams(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    with for_people() as output:
        assert output.lost is None  # nothing was to be written
        print("a mistake", file=sys.stderr)
        assert output.lost is None
        print("a result")
    assert output.lost.errno == errno.EBADF


def test_json_keeps_letters_and_escapes_what_is_not_shown():
    value = {
        "name": "\u5c71\u7530 \u0645\u06cc\u200c\u0634\u0648\u062f caf\u00e9",
        "hostile": "\x1b[2J\x9b2J\u202e\u2028\ufeff\U000e0041\ud800\n\x7f",
    }
    for indent in (None, 1):
        text = json_text(value, indent)
        assert json.loads(text) == value
        assert value["name"] in text
        assert "\\u009b2J\\u202e\\u2028\\ufeff\\udb40\\udc41\\ud800\\n\\u007f" in text
        assert all(char.isprintable() or char in "\n\u200c" for char in text)
    assert json_text("abc") == '"abc"'
    with pytest.raises(ValueError):
        json_text(float("nan"))


def test_what_prints_and_what_writes_csv_stand_in_one_place():
    """Only commands print, through what `cli.main` has put in the place of the streams; only minirank/data/csv_cells.py makes CSV.

    What reads documents is a program of its own, whose output the command reads.
    """
    prints = re.compile(r"(?<![\w.])print\(|sys\.(?:__)?std(?:out|err)\.write")
    for path in sources("minirank"):
        name, text = path.relative_to(ROOT / "minirank").as_posix(), path.read_text(encoding="utf-8")
        assert name.startswith("commands/") or name in ("cli.py", "terminal.py", "data/documents/worker.py") or not prints.search(text), (
            name
        )
        assert name == "data/csv_cells.py" or not re.search(r"csv\.(w|DictW)riter\(", text), name

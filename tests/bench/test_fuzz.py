"""A short form of the campaign of mutated files: three of every kind, and its own eyes."""

import json
from collections import Counter

import pytest
from checkout import ROOT, python

from bench.fuzz.campaign import BAD, _judged, _outputs
from bench.fuzz.kinds import KINDS, is_csv, is_json, is_json_lines, is_npz, is_yaml

EACH = 3


def test_no_mutated_file_ends_in_a_traceback_a_hang_or_a_number_that_is_none(tmp_path):
    kinds = [word for name in KINDS for word in ("--kind", name)]
    python(ROOT / "bench/fuzz/campaign.py", "--seed", 11, "--each", EACH, "--workers", 2, "--log", tmp_path / "log", *kinds)
    records = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    wrong = [{key: record.get(key) for key in ("kind", "case", "verdict", "where")} for record in records if record["verdict"] in BAD]
    assert not wrong
    assert Counter(record["kind"] for record in records) == dict.fromkeys(KINDS, EACH)
    assert sum(record["parsed"] for record in records) > len(records) / 2
    assert {"refused", "accepted"} == {record["verdict"] for record in records}


@pytest.mark.parametrize(
    ("status", "out", "said", "verdict"),
    [
        (0, "wrote it", "", "accepted"),
        (0, "", "", "nothing written"),
        (1, "a problem", "", "refused"),
        (1, "", "", "unclear"),
        (2, "", "reading ...\nminirank: error: no such file\n", "refused"),
        (2, "", "minirank: error: one\nminirank: error: two\n", "unclear"),
        (2, "", "minirank: error: one\nand more\n", "unclear"),
        (2, "", f"minirank: error: {'x' * 2000}\n", "unclear"),
        (3, "", "", "unclear"),
        (0, "fine", "x.py:3: RuntimeWarning: overflow", "unclear"),
    ],
)
def test_verdicts(status, out, said, verdict):
    assert _judged(status, out, said, ["validate", "data"])["verdict"] == verdict


@pytest.mark.parametrize(
    ("name", "text", "verdict"),
    [
        ("o.csv", "job_id,ctr\nnan,0.5\n", "accepted"),
        ("o.csv", "job_id,ctr\nj1,nan\n", "not finite"),
        ("o.csv", "job_id,ctr\nj1,\n", "not finite"),
        ("o.csv", "", "nothing written"),
        (None, "", "nothing written"),
    ],
)
def test_outputs_are_looked_at(tmp_path, monkeypatch, name, text, verdict):
    monkeypatch.chdir(tmp_path)
    if name is not None:
        (tmp_path / name).write_text(text)
    assert _outputs("wrote o.csv", ["score", "run", "data", "--out", "o.csv"])["verdict"] == verdict


@pytest.mark.parametrize(
    ("takes", "good", "bad"),
    [(is_json, b"{}", b"3"), (is_json_lines, b'{"a": 1}\n', b"[1]\n"), (is_csv, b"a,b\n1,2\n", b"a,b\n1\n"), (is_yaml, b"a: 1", b"- 1")],
)
def test_what_a_first_parser_takes(takes, good, bad):
    assert takes(good) and not takes(bad)
    with pytest.raises((ValueError, OSError)):
        is_npz(good)

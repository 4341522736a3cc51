"""An extraction recorded and played back from the command line: the same features, and nothing is sent."""

import json
import threading

import pytest
from extraction_server import honest, serving, write_folder

from minirank.cli import main
from minirank.llm_client import Client, FatalError, Store
from minirank.llm_client.cassette import Player, Recorder

JOBS = {"j1": ("Nurse", "We need triage and 3 years of Python."), "j2": ("Brewer", "We require Zymurgy.")}
RESUMES = [("r1", "Ann Lee, ann@x.org\nTriage nurse, knows triage and SQL. 4 years of work experience."), ("r2", "Brewer\nZymurgy and SQL")]
CANARY = "sk-canary-9876543210"
FILES = ("job_features.jsonl", "resume_features.jsonl", "hiring_signals.jsonl")


@pytest.fixture
def data(tmp_path):
    (tmp_path / "data").mkdir()
    return write_folder(tmp_path / "data", JOBS, RESUMES)


@pytest.fixture
def recorded(data, tmp_path, monkeypatch, capsys):
    """(path of a cassette, features as recorded), from a server that knows no json_schema."""
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    path, lock, asked = tmp_path / "cassette.jsonl", threading.Lock(), []

    def half_able(messages):
        with lock:
            asked.append(1)
            first = len(asked) == 1  # the others know by then
        return (500, {"detail": "Input should be 'text' or 'json_object'"}) if first else honest(messages)

    with serving(half_able) as (url, chats):
        assert main(["extract", str(data), "--base-url", url, "--model", "m", "--record", str(path)]) == 0
        said = capsys.readouterr().err
    assert f"{len(chats)} exchanges recorded in {path}" in said and len(chats) == 5
    return path, [(data / name).read_bytes() for name in FILES]


def test_a_record_says_where_it_comes_from_and_holds_no_key_and_no_name(recorded):
    text = recorded[0].read_text()
    header = json.loads(text.splitlines()[0])
    assert header["server"].startswith("BaseHTTP") and header["model"] == "m"
    assert header["recorded"].startswith("20") and "127.0.0.1" in header["base_url"]
    assert CANARY not in text and "ann@x.org" not in text and "Ann Lee" not in text


def test_a_replay_gives_the_same_features_without_a_server(recorded, data, tmp_path, capsys):
    path, features = recorded
    for name in FILES:
        (data / name).unlink()
    for _ in range(3):  # whichever thread comes first
        command = ["extract", str(data), "--replay", str(path), "--store", str(tmp_path / "other.sqlite"), "--concurrency", "4"]
        assert main(command) == 0, capsys.readouterr().err
        assert [(data / name).read_bytes() for name in FILES] == features
        with Store(tmp_path / "other.sqlite") as store:
            assert {item.provenance["rung"] for item in store.items()} == {"json_object"}
        (tmp_path / "other.sqlite").unlink()
    assert "4 read by the model" in capsys.readouterr().out


def test_a_replay_with_another_text_or_prompt_says_so_and_makes_nothing_up(recorded, data, tmp_path, capsys):
    lines = (data / "jobs.jsonl").read_text().replace("Zymurgy", "Brewing")
    (data / "jobs.jsonl").write_text(lines)
    assert main(["extract", str(data), "--replay", str(recorded[0]), "--store", str(tmp_path / "other.sqlite")]) == 2
    said = capsys.readouterr().err
    assert "has no such exchange; record it again with this prompt and model" in said and "Traceback" not in said
    assert main(["extract", str(data), "--replay", str(recorded[0]), "--model", "another", "--store", str(tmp_path / "third.sqlite")]) == 2


def test_a_record_goes_on_where_it_was_killed(recorded):
    """The store has what was asked before the kill, the cassette has it too, and half a line more."""
    path, _ = recorded
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole[:-1]) + whole[-1][:40])
    base_url = json.loads(whole[0])["base_url"]
    player = Player(path)  # stands for the server that is gone
    recorder = Recorder(player, path, Client(base_url, "m").key)
    with pytest.raises(FatalError, match="no such exchange"):
        recorder.post("/chat/completions", b"{}", 1.0)
    recorder.end()
    assert path.read_bytes() == b"".join(whole[:-1])
    path.write_bytes(b"".join(whole[:2]) + whole[2][:40] + b"\n")
    with pytest.raises(FatalError, match="not a cassette"):
        Player(path)
    path.write_bytes(b"".join(whole).replace(b"\n", b"\r\n").rstrip())  # as an editor may leave it
    assert Player(path).model == "m"


def test_files_that_are_no_cassette(data, tmp_path, capsys):
    other = tmp_path / "other.jsonl"
    odd = (b'{"base_url": 5}\n', b'{"base_url": "http://h"}\n{"path": 1}\n')
    for content in (b"", b"hello\n", b"[1]\n", *odd, b"\xff\xfe\n", b"[" * 100_000):
        other.write_bytes(content)
        assert main(["extract", str(data), "--replay", str(other)]) == 2
        assert "is not a cassette" in capsys.readouterr().err
    assert main(["extract", str(data), "--replay", str(tmp_path / "absent.jsonl")]) == 2
    assert "absent.jsonl cannot be read: No such file" in capsys.readouterr().err
    other.write_text("notes that somebody wants to keep\n")
    with serving(honest) as (url, chats):
        command = ["extract", str(data), "--base-url", url, "--model", "m", "--store", str(tmp_path / "s.sqlite")]
        assert main([*command, "--record", str(other)]) == 2 and other.read_text().startswith("notes")
        assert main([*command, "--record", str(tmp_path / "no" / "folder.jsonl")]) == 2
        assert chats == []
        assert "folder.jsonl cannot be written" in capsys.readouterr().err
        assert main([*command, "--record", str(tmp_path / "new.jsonl"), "--dry-run"]) == 0 and not (tmp_path / "new.jsonl").exists()


def test_a_record_of_what_the_store_holds_is_empty_and_says_why(recorded, data, tmp_path, capsys):
    with serving(honest) as (url, chats):
        assert main(["extract", str(data), "--base-url", url, "--model", "m", "--record", str(tmp_path / "b.jsonl")]) == 0
    assert "0 exchanges recorded" in (said := capsys.readouterr().err) and "another --store" in said and chats == []


def test_a_cassette_of_another_server_is_not_continued(recorded):
    with pytest.raises(FatalError, match="is a cassette of http://127"):
        Recorder(Client("http://127.0.0.1:9", "m").transport, recorded[0], Client("http://127.0.0.1:9", "m").key)


def test_a_full_disk_ends_the_record_and_keeps_the_answers(data, tmp_path, capsys):
    with serving(honest) as (url, _):
        command = ["extract", str(data), "--base-url", url, "--model", "m", "--store", str(tmp_path / "s.sqlite"), "--concurrency", "1"]
        assert main([*command, "--record", "/dev/full"]) == 2
        said = capsys.readouterr().err
        assert "/dev/full cannot be written: No space left" in said and "Traceback" not in said
        assert main(command) == 0

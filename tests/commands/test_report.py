"""`minirank report` writes a page, says how to open it, and never writes over what is there."""

import os

import pytest
from command_line import refused, run

from minirank import cli


def test_it_writes_a_page_and_says_how_to_open_it(capsys, place):
    status, said, _ = run(capsys, "report", "run")
    page = (place / "run" / "report.html").read_text(encoding="utf-8")
    assert status == 0 and said.splitlines() == [
        "wrote run/report.html",
        f"open it in a browser: {(place / 'run' / 'report.html').as_uri()}",
    ]
    assert page.startswith("<!doctype html>") and "<script src" not in page and "trained on a table" in page
    assert run(capsys, "report", "run", "--out", "other.html")[0] == 0 and (place / "other.html").read_text()[:15] == page[:15]


def test_what_is_there_stays_unless_it_is_given_up(capsys, place):
    (place / "run" / "report.html").write_text("kept")
    assert "--out run/report.html: exists; choose another name, or overwrite it with --force" in refused(capsys, "report", "run")
    assert (place / "run" / "report.html").read_text() == "kept"
    assert run(capsys, "report", "run", "--force")[0] == 0 and (place / "run" / "report.html").read_text() != "kept"


@pytest.mark.parametrize(
    "out, message",
    [
        ("{trained}/rows.csv", "rows.csv, which would be overwritten; choose another name"),
        ("run/model.npz", "this command reads run/model.npz"),
        ("run/checkpoint.npz", "this command reads run/checkpoint.npz"),
        ("run", "is a folder; name a file"),
        ("none/page.html", "none is no folder; make it"),
    ],
)
def test_it_never_writes_there(capsys, trained, place, out, message):
    out = out.format(trained=trained)

    def files():
        return {path: path.read_bytes() for folder in (trained, place) for path in sorted(folder.rglob("*")) if path.is_file()}

    before = files()
    assert message in refused(capsys, "report", "run", "--out", out, "--force")
    assert files() == before


def test_what_is_no_run_is_said_in_a_line(capsys, place):
    assert "none: there is no such folder; give the folder of a run" in refused(capsys, "report", "none")
    assert ".: no run (versions.json is missing); give the folder of a run" in refused(capsys, "report", ".")
    assert "trained on a table" in refused(capsys, "report", "run", "--job", "j1")


def test_a_run_that_is_hurt_gets_a_page(capsys, place):
    (place / "run" / "model.npz").unlink()
    os.truncate(place / "run" / "data.json", 10)
    assert run(capsys, "report", "run")[0] == 0
    page = (place / "run" / "report.html").read_text()
    assert "model.npz: missing" in page and "data.json: truncated or damaged" in page


def test_into_a_pipe(capfdbinary, place):
    assert cli.main(["report", "run", "--out", "/dev/stdout"]) == 0
    said = capfdbinary.readouterr()
    assert said.out.startswith(b"<!doctype html>") and b"wrote " in said.err and not (place / "run" / "report.html").exists()

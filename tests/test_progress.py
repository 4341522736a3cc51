"""The line that tells how far a long task is: renewed on a terminal, plain lines in a log."""

import io

import pytest

from minirank import progress as told
from minirank.progress import Progress, duration, stage, telling
from minirank.terminal import Output


class Terminal(io.StringIO):
    def isatty(self):
        return True


def counted(seconds, done, total, failed=0, unit="calls"):
    log, now = io.StringIO(), [0.0]
    progress = Progress(log, unit, clock=lambda: now[0])
    now[0] = seconds
    progress.count(done, total, failed)
    return log.getvalue()


def test_progress_is_plain_lines_in_a_log_and_one_line_on_a_terminal():
    now = [0.0]
    log, terminal = io.StringIO(), Terminal()
    for stream in (log, terminal):
        now[0] = 0.0
        progress = Progress(stream, clock=lambda: now[0])
        progress.begin(0)
        for step in range(1, 26):
            now[0] += 1
            progress.step("epoch 1", 100 * step, 5000, 0.5)
        progress.say("done")
    assert log.getvalue().splitlines() == [
        "epoch 1   20 %  loss 0.5000  100 rows/s  at most 40 s left",
        "epoch 1   40 %  loss 0.5000  100 rows/s  at most 30 s left",
        "done",
    ]
    shown = terminal.getvalue()
    assert shown.count("\n") == 1 and shown.count("\r") == 27 and shown.endswith("done\n")
    assert f"epoch 1  [{'#' * 10:20}]   50 %  loss 0.5000  100 rows/s" in shown
    assert [duration(seconds) for seconds in (7.4, 185, 7449)] == ["7 s", "3:05", "2:04:09"]


def test_counts_in_words():
    assert counted(15, 120, 1000, 3) == "120 of 1,000 calls  3 failed  8.0/s  1:50 left\n"
    assert counted(10, 50, 0) == "50 calls  5.0/s\n"
    assert counted(10, 60, 120, unit="texts") == "60 of 120 texts  6.0/s  10 s left\n"
    assert counted(10, 100, 72100).endswith("2:00:00 left\n")
    assert counted(1, 5, 10) == "" and counted(1, 10, 10) == "10 of 10 calls  10.0/s  0 s left\n"


def test_counts_on_a_terminal_and_in_a_log():
    for stream in (Terminal(), io.StringIO()):
        ticks = iter(range(0, 1000, 5))
        progress = Progress(stream, clock=lambda ticks=ticks: next(ticks))
        for finished in range(1, 6):
            progress.count(finished, 5, 0)
        progress.say("a notice")
        assert stream.getvalue().count("\n") >= 2 and "5 of 5 calls" in stream.getvalue() and stream.getvalue().endswith("a notice\n")
        assert ("\r" in stream.getvalue()) == stream.isatty()


@pytest.mark.parametrize("stream, times", [(io.StringIO, [5, 15, 25]), (Terminal, range(2, 35))])
def test_what_is_waited_for_is_shown_where_nothing_else_is(stream, times):
    log, now = stream(), [0.0]
    progress = Progress(log, clock=lambda: now[0])
    for second in range(1, 35):
        now[0] = second
        progress.wait(f"{second} s")
    lines = log.getvalue().replace("\r", "\n").split("\n")
    assert [int(line.split()[1]) for line in lines if line.startswith("waiting: ")] == list(times)
    progress.count(2, 2)
    progress.wait("no longer")
    assert "no longer" not in log.getvalue()


def test_without_a_stream_nothing_is_said(capsys):
    progress = Progress()
    progress.wait("nothing")
    progress.begin(0)
    progress.step("epoch 1", 1, 2, 0.5)
    progress.count(2, 2)
    progress.say("nothing")
    assert capsys.readouterr() == ("", "")


class OutStream(io.StringIO):
    """As a notebook's stderr is: no terminal, of a class of ipykernel."""


OutStream.__module__ = "ipykernel.iostream"


@pytest.mark.parametrize("wrap", [lambda stream: stream, Output])
def test_in_a_notebook_the_line_renews_itself(wrap):
    """The same stream of another module is a log."""
    notebook, now = OutStream(), [0.0]
    assert not notebook.isatty()
    progress = Progress(wrap(notebook), clock=lambda: now[0])
    progress.begin(0)
    for step in range(1, 5):
        now[0] += 1
        progress.step("epoch 1", step, 4, 0.5)
    progress.say("done")
    assert notebook.getvalue().count("\r") == 6 and f"[{'#' * 15:20}]   75 %" in notebook.getvalue()
    assert notebook.getvalue().endswith("\rdone\n")


def slow_loop(stream, seconds_each, total=20):
    """A loop of `total` rows, each of so many seconds, within which nobody knows who tells."""
    now = [0.0]
    progress = Progress(stream, clock=lambda: now[0])
    with telling(progress):
        for _ in told.counted("reading", range(total), total):
            now[0] += seconds_each
    progress.say("done")
    return stream.getvalue()


def test_a_stage_is_shown_from_two_seconds_on_and_every_ten_seconds_in_a_log():
    assert slow_loop(io.StringIO(), 1.0).splitlines() == [
        "reading: 2 of 20 rows  1.0 rows/s  18 s left",
        "reading: 12 of 20 rows  1.0 rows/s  8 s left",
        "done",
    ]
    assert slow_loop(io.StringIO(), 0.09) == slow_loop(Terminal(), 0.09) == "done\n"


def test_a_stage_renews_its_line_on_a_terminal_and_leaves_none():
    shown = slow_loop(Terminal(), 1.0)
    lines = [line for line in shown.split("\r") if line.strip()]
    assert [line.split()[1] for line in lines[:-1]] == [str(done) for done in range(2, 21)] and lines[-1] == "done\n"
    before_done = shown.split("\r")[-2]
    assert before_done.isspace() and len(before_done) >= len(lines[-2].rstrip())


def test_a_stage_of_unknown_size_has_no_time_left():
    log, now = io.StringIO(), [0.0]
    with telling(Progress(log, clock=lambda: now[0])), stage("reading", 0, "texts") as at:
        now[0] = 4.0
        at(400_000)
    assert log.getvalue() == "reading: 400,000 texts  100,000 texts/s\n"


def test_a_stage_is_silent_where_nobody_tells_and_afterwards(capsys):
    log = io.StringIO()
    ticks = iter(range(0, 1000, 5))
    with telling(Progress(log, clock=lambda: next(ticks))):
        pass
    assert list(told.counted("reading", range(3), 3)) == [0, 1, 2]
    assert log.getvalue() == "" and capsys.readouterr() == ("", "")

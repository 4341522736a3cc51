"""The command line. Each group of commands is a module of `commands/`, which imports what is heavy only when it runs."""

from __future__ import annotations

import argparse
import gc
import importlib
import sys
from collections.abc import Sequence

from . import __version__
from .errors import MinirankError
from .progress import Progress, telling
from .terminal import for_people, printable

GROUPS = (
    "data",
    "ingest",
    "extract",
    "train",
    "tune",
    "predict",
    "rank",
    "ab",
    "report",
    "demo",
    "doctor",
    "warm",
)  # modules of commands/, in the order of the help
COLLECT = (100_000, 20, 100)  # when Python looks for objects in circles: not each time that another 700 of a million are read
LONGEST_LINE = 1_000  # characters of an error
INTERRUPTED = 130  # as a shell reports Ctrl-C


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    made = argparse.ArgumentParser(prog="minirank", description="Rank candidates for a job: train, evaluate, explain.")
    made.add_argument("--version", action="version", version=f"minirank {__version__}")
    commands = made.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for group in GROUPS:
        importlib.import_module(f".commands.{group}", __package__).register(commands)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: without the program's name; by default those of the process.
    Returns:
        The exit status: 0; 1 when `validate` found problems in the data or `doctor` a server that cannot be used (the
        report is on stdout); 2 after an error that the user can mend (one line on stderr), also where the work is done but
        its report could not be written to stdout; 130 after Ctrl-C. A reader of the output that went away is no error.
    """
    with for_people() as output:
        status = _status(arguments)
        output.flush()
        if output.lost is not None:
            reason = output.lost.strerror or output.lost
            status = _fail(f"standard output: cannot be written: {reason}; the command did its work, but what it printed is lost")
        return status


def _status(arguments: Sequence[str] | None) -> int:
    """Run one command; every error that a user can cause becomes one line."""
    command = None
    try:
        gc.set_threshold(*COLLECT)
        options = parser().parse_args(arguments)
        command = options.command
        with telling(Progress(sys.stderr)):
            return options.run(options) or 0
    except SystemExit as ended:  # of the parser, which has said why
        return int(ended.code or 0)
    except MinirankError as error:
        return _fail(str(error), error.exit_code)
    except OSError as error:
        return _fail(f"{error.filename or command}: {error.strerror or error}; check the path, permissions and free space")
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)


def _fail(text: str, status: int = MinirankError.exit_code) -> int:
    line = " ".join(part.strip() for part in text.split("\n"))
    if len(line) > LONGEST_LINE:  # a cell of the user's in it; the end says what to do
        line = f"{line[: LONGEST_LINE // 2]} ... {line[-LONGEST_LINE // 2 :]}"
    print(f"minirank: error: {printable(line)}", file=sys.stderr)
    return status

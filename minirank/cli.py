"""The command line. Each group of commands is a module of `commands/`, which imports what is heavy only when it runs."""

from __future__ import annotations

import argparse
import gc
import importlib
import sys
import traceback
from collections.abc import Sequence

from . import __version__
from .errors import MinirankError
from .parallel.launch import Launch
from .parallel.ranks import ALONE, Ranks
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
    """Run one command; every error that a user can cause becomes one line, of all ranks together."""
    launch = Launch.of()
    with launch.speaking():
        return _on_ranks(launch, arguments)


def _on_ranks(launch: Launch, arguments: Sequence[str] | None) -> int:
    command, ranks = None, ALONE
    try:
        gc.set_threshold(*COLLECT)
        options = parser().parse_args(arguments)
        command = options.command
        ranks = options.ranks = launch.join(command, hasattr(options, "on_ranks"))
        with telling(Progress(sys.stderr)):
            status = options.run(options) or 0
        ranks.wait()
        return status
    except SystemExit as ended:  # of the parser, which has said why
        return int(ended.code or 0)
    except MinirankError as error:
        return _fail(str(error), error.exit_code, ranks)
    except OSError as error:
        text = f"{error.filename or command}: {error.strerror or error}; check the path, permissions and free space"
        return _fail(text, MinirankError.exit_code, ranks)
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED, ranks)
    except Exception:
        if ranks.size > 1:  # or the others would wait for this one
            traceback.print_exc(file=launch.stderr)
            return _fail("this is a fault of minirank, see above", 1, ranks)
        raise


def _fail(text: str, status: int = MinirankError.exit_code, ranks: Ranks = ALONE) -> int:
    line = " ".join(part.strip() for part in text.split("\n"))
    if len(line) > LONGEST_LINE:  # a cell of the user's in it; the end says what to do
        line = f"{line[: LONGEST_LINE // 2]} ... {line[-LONGEST_LINE // 2 :]}"
    return ranks.fail(f"minirank: error: {printable(line)}", status)

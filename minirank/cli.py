"""The command line. Each group of commands is a module of `commands/`, which imports what is heavy only when it runs."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence

from . import __version__
from .errors import MinirankError

GROUPS = ("data", "extract", "train", "predict", "rank", "demo", "doctor", "warm")  # modules of commands/, in the order of the help
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
        report is on stdout); 2 after an error that the user can mend (one line on stderr); 130 after Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what a terminal's encoding lacks must not end the command
    options = parser().parse_args(arguments)
    try:
        status = options.run(options) or 0
        sys.stdout.flush()
        return status
    except MinirankError as error:
        return _fail(str(error), error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads on; nothing to say at exit either
        return 0
    except OSError as error:
        return _fail(f"{error.filename or options.command}: {error.strerror or error}; check the path, permissions and free space")
    except MemoryError as error:
        return _fail(f"not enough memory{f' ({error})' if str(error) else ''}; give the process more, or less to do at once")
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)


def _fail(text: str, status: int = MinirankError.exit_code) -> int:
    line = " ".join(text.split())
    if len(line) > LONGEST_LINE:  # a cell of the user's in it; the end says what to do
        line = f"{line[: LONGEST_LINE // 2]} ... {line[-LONGEST_LINE // 2 :]}"
    print(f"minirank: error: {line}", file=sys.stderr)
    return status

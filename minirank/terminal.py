"""What people read: nothing in it moves the cursor, hides or reorders text, and a stream that is lost ends no work.

Ids, titles, file names, quotes and a server's messages are other people's texts. Whatever the command line prints passes `Output`,
and a line that holds such texts passes `printable` before, so that it stays one line. Files keep every character, and --json
escapes all but ASCII anyway.
"""

from __future__ import annotations

import errno
import io
import json
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, TextIO, cast

JOINERS = "\u200c\u200d"  # invisible, but scripts and emoji are not written rightly without them


def printable(text: str, keep: str = "") -> str:
    """A text with every character that a terminal would obey or not show in visible form, such as `\\x1b`, `\\n` or `\\u202e`.

    Args:
        keep: characters that stay as they are.
    """
    return _escaped(text, keep, lambda char: char.encode("unicode_escape").decode("ascii"))


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON in which letters of all scripts stay to be read, and every other character that `printable` shows is escaped.

    Raises:
        ValueError: a number that JSON does not have.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    return _escaped(text, "\n", lambda char: json.dumps(char)[1:-1])


def _escaped(text: str, keep: str, escape: Callable[[str], str]) -> str:
    def shown(found: re.Match) -> str:
        char = found[0]
        return char if char.isprintable() or char in JOINERS or unicodedata.category(char) == "Zs" else escape(char)

    return text if text.isprintable() else re.sub(f"[^ -~{re.escape(keep)}]", shown, text)


def columns(text: str) -> int:
    """How many columns of a terminal a printable text takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def pad(text: str, width: int, right: bool = False) -> str:
    """A printable text filled up with blanks to `width` columns, on its left where it is to stand at the right."""
    blanks = " " * (width - columns(text))
    return blanks + text if right else text + blanks


def cut(text: str, width: int) -> str:
    """The beginning of a printable text, as far as it takes at most `width` columns."""
    while columns(text) > width:
        text = text[: -max(1, (columns(text) - width) // 2)]
    return text


def show(*lines: str) -> None:
    """Print lines, each of which stays one line whatever names it holds."""
    print("\n".join(map(printable, lines)))


def complain(line: str) -> None:
    """Print a line to where errors go."""
    print(printable(line), file=sys.stderr)


class Output:
    """A stream that people read: what is written to it becomes printable, and an error of writing is kept rather than raised.

    A reader that goes away (`| head`) or a full disk must not end a command in the middle of its work: a model would
    stay untrained because nobody reads its progress.

    Args:
        stream: None for one that is closed.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self.error = OSError(errno.EBADF, "it is closed") if stream is None else None
        self._stream, self._used = stream or io.StringIO(), False
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what a terminal's encoding lacks must not end the command

    @property
    def lost(self) -> OSError | None:
        """Why something that was written is not there; None where it is, or where nobody wants to read it."""
        return None if isinstance(self.error, BrokenPipeError) or not self._used else self.error

    def write(self, text: str) -> int:
        """Write a text in its printable form."""
        self.control(printable(text, keep="\n"))
        return len(text)

    def control(self, text: str) -> None:
        """Write a text as it is, to move the cursor."""
        self._used = self._used or bool(text)
        self._try(self._stream.write, text)

    def flush(self) -> None:
        """Write what the stream still holds."""
        self._try(self._stream.flush)

    def _try(self, call: Any, *arguments: str) -> None:
        if self.error is not None:
            return
        try:
            call(*arguments)
        except OSError as error:
            self.error = error
            with suppress(OSError), open(os.devnull, "wb") as nowhere:  # or Python complains at exit of what the stream still holds
                os.dup2(nowhere.fileno(), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def for_people() -> Iterator[Output]:
    """Within it sys.stdout and sys.stderr are `Output`s; gives that of stdout."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the number of the closed stream, or a file that is written later does
    out, err = Output(sys.stdout), Output(sys.stderr)
    with redirect_stdout(cast(TextIO, out)), redirect_stderr(cast(TextIO, err)):
        try:
            yield out
        finally:
            out.flush()
            err.flush()

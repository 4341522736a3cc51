"""Collects the lines of a document while it is walked through: what is seen, and apart from it what is not."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .document import Hidden

_BLANK = re.compile(r"[ \t\n\r\f]+")


class Lines:
    """Text that grows piece by piece.

    Args:
        hidden: unseen text is added to it; unseen pieces with nothing seen between them are one text.
    """

    def __init__(self, hidden: list[Hidden]) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._hidden = hidden
        self._apart = True  # whether the next unseen piece begins a text of its own
        self._mark = ""

    def add(self, text: str, why: str | None = None, where: str = "") -> None:
        """A piece of the line: seen, or unseen for the reason `why`."""
        if why is None:
            self._line.append(text)
            self._apart = self._apart or bool(text.strip())
        elif not self._apart and (self._hidden[-1].why, self._hidden[-1].where) == (why, where):
            self._hidden[-1] = Hidden(self._hidden[-1].text + text, why, where)
        elif text.strip():
            self._hidden.append(Hidden(text, why, where))
            self._apart = False

    def flow(self, text: str, why: str | None = None) -> None:
        """A piece in which any run of blanks and line ends is one blank, also one that begins in the piece before."""
        text = _BLANK.sub(" ", text)
        if why is None and text.startswith(" ") and (not self._line or self._line[-1].endswith((" ", "\n"))):
            text = text[1:]
        if text:
            self.add(text, why)

    def mark(self, text: str) -> None:
        """What goes before the next line that is not blank, such as the dash of a list."""
        self._mark = text

    def end_line(self) -> None:
        """The line is done; a blank one stays blank."""
        first, *more = "".join(self._line).strip(" ").split("\n")
        self._lines += [self._mark + first if first.strip() else "", *more]
        self._line, self._mark = [], ""
        if not self._apart:
            self._hidden[-1] = Hidden(self._hidden[-1].text + "\n", self._hidden[-1].why, self._hidden[-1].where)

    def end_begun_line(self) -> None:
        """The line is done, if anything stands in it."""
        if "".join(self._line).strip():
            self.end_line()
        else:
            self._line = []

    def blank(self) -> None:
        """A blank line, unless there is one."""
        self.end_begun_line()
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def extend(self, text: str) -> None:
        """Lines that are done."""
        self._lines += text.split("\n")

    def row(self, cells: Iterable[str]) -> None:
        """The row of a table: `a | b | c` where every cell is one line, else cell below cell. Empty cells are left out."""
        cells = [cell for cell in cells if cell]
        if not any("\n" in cell for cell in cells):
            self._lines += [" | ".join(cells)] if cells else []
            return
        for cell in cells:
            self.blank()
            self.extend(cell)
        self.blank()

    def text(self) -> str:
        """All lines; of blank lines only one in a row."""
        self.end_begun_line()
        return tidy("\n".join(self._lines))


def tidy(text: str) -> str:
    """A text without blanks at the ends of lines, blank lines at its ends, and more than one of them in a row."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip()

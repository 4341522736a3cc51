"""The person's name in the name of a file: `CV_Jane_Doe.pdf`, `resume-jane-doe`, `JaneDoeCV`."""

from __future__ import annotations

import re
from itertools import pairwise

from minirank.extract.personal.name_words import NameReader, Word

_CV = r"(?:cv|resume|lebenslauf|curriculum[ _.-]?vitae|vita|bewerbung)"
_EXTENSION = r"\.(?:pdf|docx?|odt|rtf|txt)(?!\w)"
_SIGNS = (".pdf", ".doc", ".odt", ".rtf", ".txt")
_CV_SIGN = re.compile(rf"(?<![^\W_]){_CV}[_.-][^\W_]|[_.-]{_CV}(?![^\W_])|[^\W\d_]{_CV}(?=$|[_.-])")
_FILE = re.compile(rf"(?<![^\W_]){_CV}[_.-][\w'.-]{{1,40}}?(?: [\w'.-]{{1,40}}?){{0,2}}?{_EXTENSION}|[\w.'-]{{4,70}}{_EXTENSION}")
_LINE = re.compile(r"(?:^|(?<=\n))[\w.' -]{4,70}(?=\n|$)")
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|'(?=[^\W\d_]))*")
_OTHER = frozenset(
    "cv resume lebenslauf curriculum vitae vita bewerbung cover letter application pdf doc docx odt rtf txt final new updated update en de"
    " fr es eng english german french spanish version copy draft latest old short long full template example sample my own file document"
    " jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august september october november"
    " csv report data dataset ranking screening matching generator december attachment attached see the of for and parser"
    " screener builder".split()
)
_LINES = 600  # characters of the first lines, where a file's name may stand without its extension


class FileNames(NameReader):
    """Reads names of files."""

    def file_names(self) -> None:
        """The words of a file's name that are nothing else, as a name."""
        flat = self.flat
        extended = any(map(flat.__contains__, _SIGNS))
        if not extended and not any(map(flat[:_LINES].__contains__, ("cv", "resume", "lebenslauf", "vitae", "bewerbung"))):
            return
        for m in _FILE.finditer(flat) if extended else ():
            if _CV_SIGN.search(m[0]) is not None or (m.start() < _LINES and _first(m[0]) in self.lists.plain_given_names):
                self._file_name(*m.span())
        for m in _LINE.finditer(flat, 0, _LINES):
            if _CV_SIGN.search(m[0]) is not None and ("_" in m[0] or " " not in m[0].strip() or re.search(_EXTENSION, m[0])):
                self._file_name(*m.span())

    def _file_name(self, start: int, end: int) -> None:
        if self.taken.find(1, start, end) >= 0:
            return
        lists = self.lists
        words = [word for m in _WORD.finditer(self.text, start, end) for word in self._camel(*m.span())]
        kept = [
            word
            for word in words
            if word.flat not in _OTHER
            and word.flat not in lists.heading_words
            and (word.flat in lists.given_names or word.flat in lists.trades or word.flat not in lists.work_words)
            and word.flat not in lists.organisation_words
        ]
        known = any(w.flat in lists.given_names or (self._unknown(w.flat) and len(w.flat) > 2) for w in kept)
        spelled = len(kept) > 1 or (len(kept) == 1 and kept[0].text[0].isupper())
        if len(kept) <= 5 and known and spelled and len(kept) < len(words):
            self.add(kept)
            self.taken[start:end] = b"\1" * (end - start)

    def _camel(self, start: int, end: int) -> list[Word]:
        """The words of `JaneDoeCV`."""
        text = self.text
        cuts = [n for n in range(start + 1, end) if text[n].isupper() and (text[n - 1].islower() or text[n + 1 : n + 2].islower())]
        places = [start, *(n for n in cuts if text[n - 1] != "'"), end]
        return [Word(text[a:b], a, b) for a, b in pairwise(places)]


def _first(flat: str) -> str:
    """The first word of a file's name."""
    m = _WORD.search(flat.replace("_", " "))
    return m[0] if m is not None else ""

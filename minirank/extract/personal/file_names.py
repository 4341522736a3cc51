"""The person's name in the name of a file: `CV_Jane_Doe.pdf`, `resume-jane-doe`, `JaneDoeCV`."""

from __future__ import annotations

import re

from minirank.extract.personal.name_words import NameReader, Word

_CV = r"(?:cv|resume|lebenslauf|curriculum[ _.-]?vitae|vita|bewerbung|cover[ _.-]?letter|application)"
_EXTENSION = r"\.(?:pdf|docx?|odt|rtf|txt)(?!\w)"
_SIGNS = (".pdf", ".doc", ".odt", ".rtf", ".txt")
_NAMED = re.compile(rf"(?<![^\W_]){_CV}[_.-][^\W_]|[_.-]{_CV}(?![^\W_])|[^\W\d_]{_CV}(?:$|[_.-])|{_EXTENSION}")
_PIECE = re.compile(r"[^\n|:;,\t(){}\[\]<>/\\\"]{4,80}")
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|'(?=[^\W\d_]))*")
_CAMEL = re.compile(r"(?<=[^\W\d_])(?=[^\W\d_])")
_OTHER = frozenset(
    "cv resume lebenslauf curriculum vitae vita bewerbung cover letter application pdf doc docx odt rtf txt final new updated update en de"
    " fr es eng english german french spanish version copy draft latest old short long full template example sample my own file document"
    " jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august september october november"
    " december attachment attached see the of for and parser screening screener builder".split()
)
_LINES = 600  # characters of the first lines, where a file's name may stand without its extension


class FileNames(NameReader):
    """Reads names of files."""

    def file_names(self) -> None:
        """The words of a file's name that are nothing else, as a name."""
        flat = self.flat
        extended = any(sign in flat for sign in _SIGNS)
        if not extended and not any(sign in flat[:_LINES] for sign in ("cv", "resume", "lebenslauf", "vitae", "bewerbung")):
            return
        for m in _PIECE.finditer(flat, 0, len(flat) if extended else _LINES):
            signs = list(_NAMED.finditer(m[0]))
            if not signs or (m.start() > _LINES and not any(s[0][0] == "." for s in signs)):
                continue
            start, end = m.span()
            if signs[-1][0][0] == "." and re.match(_EXTENSION, signs[-1][0]):  # the last word of a sentence, or all of a line
                blank = flat.rfind(" ", start, start + signs[-1].start())
                end, start = start + signs[-1].end(), start if _NAMED.match(m[0].lstrip()) or blank < 0 else blank + 1
            elif not any(sign in m[0].strip() for sign in "_-.") and " " in m[0].strip():
                continue
            self._file_name(start, end)

    def _file_name(self, start: int, end: int) -> None:
        if any(a < end and start < b for a, b in self.taken):
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
        if 0 < len(kept) <= 5 and known and len(kept) < len(words):
            self.add(kept)
            self.taken.append((start, end))

    def _camel(self, start: int, end: int) -> list[Word]:
        """The words of `JaneDoeCV`."""
        text = self.text
        cuts = [n for n in range(start + 1, end) if text[n].isupper() and (text[n - 1].islower() or text[n + 1 : n + 2].islower())]
        places = [start, *(n for n in cuts if text[n - 1] != "'"), end]
        return [Word(text[a:b], a, b) for a, b in zip(places, places[1:], strict=False)]

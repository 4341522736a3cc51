"""Where a resume says what the tagger has marked in a job: the same words, which may be inflected, one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterable

from minirank.extract.edited_text import EditedText
from minirank.extract.schema import Flag, Mask
from minirank.features.word_counts import words

_WORD = re.compile(r"[\w+#]+")
_STEM, _ENDING = 4, 3  # characters: what words of one stem share at least, and what each may add


def alike(a: str, b: str) -> bool:
    """Whether two words in lower case are the same or inflected forms of one: `databases` and `database`, not `java` and `javascript`."""
    if a == b:
        return True
    shared = next((at for at, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    return shared >= _STEM and max(len(a), len(b)) - shared <= _ENDING


class WordsOfText:
    """The words of a resume, in which forms are looked up.

    Args:
        text: the resume's, without flagged and masked spans.
        hidden: these spans, which no quote may reach across.
    """

    def __init__(self, text: EditedText, hidden: Iterable[Mask | Flag] = ()) -> None:
        self.text, self.hidden = text, [(span.start, span.end) for span in hidden]
        self.words = [(m[0].lower(), m.start(), m.end()) for m in _WORD.finditer(text.text)]
        self._starts: dict[str, list[int]] = {}
        for place, (word, _, _) in enumerate(self.words):
            self._starts.setdefault(word[:_STEM], []).append(place)

    def find(self, form: str) -> tuple[str, int, int] | None:
        """The first place that says a form: (quote, start, end), offsets into the source; None where there is none."""
        wanted = words(form)
        if not wanted:
            return None
        for first in self._starts.get(wanted[0][:_STEM], ()):
            said = self.words[first : first + len(wanted)]
            if len(said) == len(wanted) and all(alike(word, held[0]) for word, held in zip(wanted, said)):
                start, end = self.text.source_span(said[0][1], said[-1][2])
                if not any(a < end and start < b for a, b in self.hidden):
                    return self.text.source[start:end], start, end
        return None

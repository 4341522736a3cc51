"""What the tagger sees of a word: itself, its neighbours, its line, and what the rules say about it.

Every feature is a string `name=value`, known by its CRC-32 alone: the weights file needs no vocabulary. Training reads the strings
(`features`); tagging computes the same CRC-32 without them (tagger_scores.py).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from zlib import crc32

import numpy as np

from minirank.extract.normalised_text import NormalisedText
from minirank.extract.rules.lexicon import lexicon

Spans = list[tuple[int, int]]  # (start, end), sorted
Marks = Mapping[str, list[tuple[int, int, str]]]  # what marks a span -> (start, end, label of a few letters), sorted
Classes = Mapping[int, tuple[int, int]]  # CRC-32 of a word -> its word classes (coarse, fine), as training learns them

LONGEST_SENTENCE = 200  # words; a longer one is cut
LONGEST_WORD = 30  # characters; the rest is not looked at
REACH = 2  # words before and after a word that its features speak of

OUTSIDE = ("", "", "", "", None)  # SPELLED before the first and after the last word
_DIGITS = re.compile(r"\d")
_SHAPES = ((re.compile(r"[A-Z\u00c0-\u00de]+"), "X"), (re.compile(r"[a-z\u00df-\u024f]+"), "x"), (re.compile(r"\d+"), "0"))
# The word before the phrase tells its kind: `knowledge of`, `ability to`, `experience in`.
CUES = frozenset(
    "experience experienced knowledge understanding skills skill ability able background proficiency proficient"
    " familiar familiarity expertise degree education bachelor master fluent responsible passion passionate"
    " interest interested capacity comfortable strong good excellent using use in with of to for as including such"
    " like on from by within through about we our us you your they their it this that will is are be have has must"
    " should can benefits offer salary competence competencies qualified certified hands-on working".split()
)
_COMPANY, _CANDIDATE = frozenset(("we", "our", "us")), frozenset(("you", "your", "you'll"))
_LINE_LENGTHS = (1, 2, 3, 5, 8, 13, 21, 34)


def _near(side: str) -> dict[str, slice]:
    return {f"{side}w": slice(None), f"{side}e2": slice(-2, None), f"{side}e3": slice(-3, None), f"{side}p3": slice(3)}


# How many words further on a word stands -> name of a feature -> what of its letters that is.
ALONE: dict[int, dict[str, slice]] = {
    -2: {"w-2": slice(None)},
    -1: _near("a"),
    0: {"w": slice(None)} | {f"p{n}": slice(n) for n in range(1, 6)} | {f"e{n}": slice(-n, None) for n in range(1, 6)},
    1: _near("b"),
    2: {"w+2": slice(None)},
}
BIAS = "bias"  # a feature of every word
# Name of a feature -> the columns that it joins with `|`; a number behind one is how many words further on it is read.
_JOINED = {
    "s": "shape",
    "s1": "shape-1 shape",
    "s2": "shape shape+1",
    "s3": "shape-1 shape shape+1",
    "w-1,0": "word-1 word",
    "w0,1": "word word+1",
    "w-1,1": "word-1 word+1",
    "w-2,-1": "word-2 word-1",
    "w1,2": "word+1 word+2",
    "c": "coarse-1 coarse coarse+1",
    "c0,-1,0": "coarse-1 coarse",
    "c0,0,1": "coarse coarse+1",
    "c1,-1,0": "fine-1 fine",
    "c1,0,1": "fine fine+1",
    "form": "form-1 form form+1",
    "said": "said",
    "said,s": "said shape",
    "said,w": "said word",
    "verb": "verb",
    "since": "since",
    "at": "begin end",
}
_MARKED = {"{0}": "{0}", "{0}-": "{0}.before {0}", "{0}+": "{0} {0}.after", "{0}s": "{0} shape"}  # for each name of Marks
_PART = re.compile(r"(\S+?)([+-]\d)?(?: |$)")
GRAINS = ("coarse", "fine")  # of word classes
SPELLED = ("word", "shape", "coarse", "fine", "form")  # what the word alone decides: its word classes, its form as an action verb
FOLLOWED = ("said", "verb", "since", "begin", "end")  # last cue, last verb, words since then, words to both ends of the sentence
FARTHEST = {"since": 9, "begin": 4, "end": 3}  # words; more count as so many


@lru_cache
def templates(marked: tuple[str, ...]) -> dict[str, list[tuple[str, int]]]:
    """Name of each feature that joins columns -> its (column, how many words further on).

    The columns are SPELLED, FOLLOWED, and for each name in `marked` the label of the word, of the one before and of the one after.
    """
    joined = _JOINED | {key.format(name): parts.format(name) for name in marked for key, parts in _MARKED.items()}
    return {name: [(column, int(shift or 0)) for column, shift in _PART.findall(parts)] for name, parts in joined.items()}


class Sentences:
    """Words of a text, sentence after sentence. Letters: N words, S sentences.

    Args:
        starts, ends: (N,) int64, offsets into the text.
        spellings: N (word, shape), see `spelling`.
        commas: (N,) bool, whether a comma stands before the word. Commas are no words: annotated corpora often lack them.
        borders: (S + 1,) int64, the first word of each sentence, and N; no sentence is empty.
    """

    def __init__(
        self, starts: np.ndarray, ends: np.ndarray, spellings: list[tuple[str, str]], commas: np.ndarray, borders: np.ndarray
    ) -> None:
        self.starts, self.ends, self.spellings, self.commas, self.borders = starts, ends, spellings, commas, borders

    def __len__(self) -> int:
        return len(self.borders) - 1

    @property
    def words(self) -> list[list[str]]:
        """The words of each sentence."""
        return [[word for word, _ in self.spellings[a:b]] for a, b in pairwise(self.borders.tolist())]


def sentences(document: NormalisedText) -> Sentences:
    """Sentences of a NormalisedText that hold a word."""
    quotes = document.words[0]
    is_comma = np.array([quote == "," for quote in quotes], bool)
    kept = np.flatnonzero(~is_comma)
    starts, ends = (np.array(offsets, np.int64)[kept] for offsets in document.words[1:])
    number = np.searchsorted(document.sentences, starts, side="right")
    index = np.arange(len(kept))
    opens = number != np.append(0, number[:-1])  # sentences count from 1
    opens |= (index - np.maximum.accumulate(np.where(opens, index, 0))) % LONGEST_SENTENCE == 0
    spellings = [spelling(quote[:LONGEST_WORD]) for quote in quotes if quote != ","]
    return Sentences(starts, ends, spellings, is_comma[kept - 1] & ~opens, np.append(np.flatnonzero(opens), len(kept)))


@lru_cache(maxsize=20_000)
def spelling(quote: str) -> tuple[str, str]:
    """A word in lower case with digits as 0, and the beginning of its shape: `Xx`, `X`, `x0`."""
    quote = quote.encode(errors="replace").decode()  # half a surrogate pair has no bytes
    word = _DIGITS.sub("0", quote.lower())
    for pattern, letter in _SHAPES:
        quote = pattern.sub(letter, quote)
    return word, quote[:6]


def features(document: NormalisedText, found: Sentences, marks: Marks, classes: Classes) -> Iterator[list[str]]:
    """Features of every word of every sentence.

    Args:
        document: NormalisedText.
        found: its sentences.
        marks: {name: sorted list of (start, end, label)}: spans that the rules propose.
        classes: Classes.
    Yields: a list of strings a word, all of one length, sentence after sentence.
    """
    verbs, joined, at = lexicon().verbs, templates(tuple(marks)), 0
    labels: dict[str, list[str]] = {}
    for name, spans in marks.items():
        own = _labels(found, spans)
        labels |= {name: own, f"{name}.before": ["", *own[:-1]], f"{name}.after": [*own[1:], ""]}
    for words, line in zip(found.words, line_features(document, found), strict=True):
        shapes = [shape for _, shape in found.spellings[at : at + len(words)]]
        spelled = [(word, shape, *word_classes(word, classes), verbs.get(word)) for word, shape in zip(words, shapes, strict=True)]
        beyond = [OUTSIDE] * REACH
        columns: dict[str, Sequence] = dict(zip(SPELLED, zip(*beyond, *spelled, *beyond, strict=True), strict=True))
        columns |= dict(zip(FOLLOWED, zip(*beyond, *_followed(words), strict=True), strict=True))
        columns |= {name: [""] * REACH + of[at : at + len(words)] for name, of in labels.items()}
        for i in range(REACH, REACH + len(words)):
            row = [f"{name}={columns['word'][i + place][part]}" for place, parts in ALONE.items() for name, part in parts.items()]
            row += [f"c{grain},{place}={columns[column][i + place]}" for grain, column in enumerate(GRAINS) for place in ALONE]
            row += [f"{name}=" + "|".join(str(columns[column][i + shift]) for column, shift in parts) for name, parts in joined.items()]
            yield [*row, BIAS, *line]
        at += len(words)


def word_classes(word: str, classes: Classes) -> tuple[int, int]:
    """Classes of a word, coarse and fine; -1 of a rare one."""
    return classes.get(crc32(word.encode()), (-1, -1))


def _followed(words: list[str]) -> Iterator[tuple]:
    """The columns FOLLOWED of each word of a sentence."""
    verbs = lexicon().verbs
    said, verb, since = "", "", 0
    for i, word in enumerate(words):
        ends = (min(i, FARTHEST["begin"]), min(len(words) - 1 - i, FARTHEST["end"]))
        yield said, verb, verb and min(since, FARTHEST["since"]), *ends
        since += 1
        if word in CUES:
            said = word
        if word in verbs:
            verb, since = verbs[word], 0


def line_features(document: NormalisedText, found: Sentences) -> Iterator[list[str]]:
    """Features that all words of a sentence share, a list of strings a sentence."""
    before = heading = ""
    for begin, words in zip(found.starts[found.borders[:-1]].tolist(), found.words, strict=True):
        opening = " ".join(words[:3])
        if len(words) <= 4:
            heading = opening
        yield _line_features(document, begin, words, before, heading)
        before = opening


def _line_features(document: NormalisedText, begin: int, words: list[str], line: str, heading: str) -> list[str]:
    opens = begin < 12 or document.plain.rfind("\n", begin - 12, begin) >= 0
    people = ("" if _COMPANY.isdisjoint(words) else "we") + ("" if _CANDIDATE.isdisjoint(words) else "you")
    kind = _kind_of_line(document.section(begin), bisect_right(_LINE_LENGTHS, len(words)), opens, people)
    return [*kind, f"first={words[0]}", f"last={words[-1]}", f"line={line}", f"heading={heading}"]


@lru_cache
def _kind_of_line(section: str | None, length: int, opens: bool, people: str) -> list[str]:
    return [f"section={section}", f"length={length}", f"section,length={section}|{length}", f"opens={opens}", f"people={people}"]


def _labels(found: Sentences, spans: list[tuple[int, int, str]]) -> list[str]:
    """B-, I- or no label of every word, N str."""
    labels, at = [], 0
    for start, end in zip(found.starts.tolist(), found.ends.tolist(), strict=True):
        while at < len(spans) and spans[at][1] <= start:
            at += 1
        marked = at < len(spans) and spans[at][0] < end
        labels.append(("B" if spans[at][0] >= start else "I") + spans[at][2] if marked else "")
    return labels

"""What the tagger sees of a word: itself, its neighbours, its line, and what the rules say about it.

Every feature is a string `name=value`, known by its CRC-32 alone: the weights file needs no vocabulary.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import chain
from zlib import crc32

from minirank.extract.normalised_text import NormalisedText
from minirank.extract.rules.lexicon import lexicon

Spans = list[tuple[int, int]]  # (start, end), sorted
Marks = Mapping[str, list[tuple[int, int, str]]]  # what marks a span -> (start, end, label), sorted

WORDS = re.compile(r"<\w{1,20}>|[^\W_](?:[\w.+#'/&-]*[\w+#])?|\x01+|[^\s\x01]")
LONGEST_SENTENCE = 200  # words; a longer one is cut
LONGEST_WORD = 30  # characters; the rest is not looked at

_OUTSIDE = ""  # before the first and after the last word
_NOTHING, _UNKNOWN = ("", ""), (-1, -1)  # their word classes, and those of a rare word
_DIGITS = re.compile(r"\d")
_SHAPES = ((re.compile(r"[A-Z\u00c0-\u00de]+"), "X"), (re.compile(r"[a-z\u00df-\u024f]+"), "x"), (re.compile(r"\d+"), "0"))
# The word before the phrase tells its kind: `knowledge of`, `ability to`, `experience in`.
_CUES = frozenset(
    "experience experienced knowledge understanding skills skill ability able background proficiency proficient"
    " familiar familiarity expertise degree education bachelor master fluent responsible passion passionate"
    " interest interested capacity comfortable strong good excellent using use in with of to for as including such"
    " like on from by within through about we our us you your they their it this that will is are be have has must"
    " should can benefits offer salary competence competencies qualified certified hands-on working".split()
)
_LINE_LENGTHS = (1, 2, 3, 5, 8, 13, 21, 34)


class Sentence:
    """Words of a sentence.

    Args:
        starts, ends: offsets into the text.
        words: in lower case, digits as 0.
        shapes: `Xx`, `X`, `x0`.
        commas: whether a comma stands before the word. Commas are no words: annotated corpora often lack them.
    """

    __slots__ = ("commas", "ends", "number", "shapes", "starts", "words")

    def __init__(self, number: int) -> None:
        self.number = number
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.words: list[str] = []
        self.shapes: list[str] = []
        self.commas: list[bool] = []


def sentences(document: NormalisedText) -> list[Sentence]:
    """Sentences of a NormalisedText that hold a word, in order."""
    found, current, comma = [], None, False
    for m in WORDS.finditer(document.plain):
        quote = m[0]
        if quote == ",":
            comma = True
            continue
        number = bisect_right(document.sentences, m.start())
        if current is None or number != current.number or len(current.words) == LONGEST_SENTENCE:
            current, comma = Sentence(number), False
            found.append(current)
        word, shape = spelling(quote[:LONGEST_WORD])
        current.starts.append(m.start())
        current.ends.append(m.end())
        current.words.append(word)
        current.shapes.append(shape)
        current.commas.append(comma)
        comma = False
    return found


@lru_cache(maxsize=20_000)
def spelling(quote: str) -> tuple[str, str]:
    """A word in lower case with digits as 0, and the beginning of its shape."""
    quote = quote.encode(errors="replace").decode()  # half a surrogate pair has no bytes
    word = _DIGITS.sub("0", quote.lower())
    for pattern, letter in _SHAPES:
        quote = pattern.sub(letter, quote)
    return word, quote[:6]


def features(document: NormalisedText, found: list[Sentence], marks: Marks, classes: Mapping[int, tuple[int, int]]) -> Iterator[list[int]]:
    """Features of every word of every sentence.

    Args:
        document: NormalisedText.
        found: its sentences.
        marks: {name: sorted list of (start, end, label)}: spans that the rules propose.
        classes: CRC-32 of a word -> its word classes (coarse, fine), as training learns them.
    Yields: a list of hashes (uint32) a word, sentence after sentence.
    """
    verbs = lexicon().verbs
    labels = {name: _labels(found, spans) for name, spans in marks.items()}
    line, heading, at = _OUTSIDE, _OUTSIDE, 0
    for sentence in found:
        words, shapes = sentence.words, sentence.shapes
        count = len(words)
        if len(words) <= 4:
            heading = " ".join(words[:3])
        kinds: list[tuple] = [classes.get(crc32(word.encode()), _UNKNOWN) for word in words]
        kinds = [_NOTHING, _NOTHING, *kinds, _NOTHING, _NOTHING]
        padded = [_OUTSIDE, _OUTSIDE, *words, _OUTSIDE, _OUTSIDE]
        shaped = [_OUTSIDE, *shapes, _OUTSIDE]
        context = _line_features(document, sentence, line, heading)
        said, verb, since = _OUTSIDE, _OUTSIDE, 9
        for i in range(count):
            w2, w1, word, n1, n2 = padded[i : i + 5]
            s1, shape, m1 = shaped[i : i + 3]
            row = [*context, *_own(word), *_near("a", w1), *_near("b", n1), *_classes(*kinds[i : i + 5])]
            strings = [f"s={shape}", f"s1={s1}|{shape}", f"s2={shape}|{m1}", f"s3={s1}|{shape}|{m1}"]
            strings += (f"w-2={w2}", f"w+2={n2}", f"w-1,0={w1}|{word}", f"w0,1={word}|{n1}", f"w-1,1={w1}|{n1}")
            strings += (f"w-2,-1={w2}|{w1}", f"w1,2={n1}|{n2}", f"form={verbs.get(w1)}|{verbs.get(word)}|{verbs.get(n1)}")
            strings += (f"said={said}", f"said,s={said}|{shape}", f"said,w={said}|{word}")
            strings += (f"verb={verb}", f"since={verb and since}", f"at={min(i, 4)}|{min(count - 1 - i, 3)}")
            for name, of in labels.items():
                b, o, a = of[at + i : at + i + 3]
                strings += (f"{name}={o}", f"{name}-={b}|{o}", f"{name}+={o}|{a}", f"{name}s={o}|{shape}")
            row += _hashes(strings)
            yield row
            since = min(since + 1, 9)
            if word in _CUES:
                said = word
            if word in verbs:
                verb, since = verbs[word], 0
        at += count
        line = " ".join(words[:3])


def _hashes(strings):
    return [crc32(s.encode()) for s in strings]


@lru_cache(maxsize=20_000)
def _own(word):
    ends = ((f"p{n}={word[:n]}", f"e{n}={word[-n:]}") for n in range(1, 6))
    return _hashes([f"w={word}", "bias", *chain.from_iterable(ends)])


@lru_cache(maxsize=40_000)
def _near(side, word):
    return _hashes((f"{side}w={word}", f"{side}e2={word[-2:]}", f"{side}e3={word[-3:]}", f"{side}p3={word[:3]}"))


@lru_cache(maxsize=40_000)
def _classes(w2, w1, word, n1, n2):
    """Hashes of the word classes around a word, coarse and fine ones."""
    strings = [f"c={w1[0]}|{word[0]}|{n1[0]}"]
    for grain, (a, b, c, d, e) in enumerate(zip(w2, w1, word, n1, n2, strict=True)):
        strings += (f"c{grain},-2={a}", f"c{grain},-1={b}", f"c{grain},0={c}", f"c{grain},1={d}", f"c{grain},2={e}")
        strings += (f"c{grain},-1,0={b}|{c}", f"c{grain},0,1={c}|{d}")
    return _hashes(strings)


def _line_features(document, sentence, line, heading):
    words, begin = sentence.words, sentence.starts[0]
    section = document.section(begin)
    opens = document.plain.rfind("\n", max(0, begin - 12), begin) >= 0 or begin < 12
    length = bisect_right(_LINE_LENGTHS, len(words))
    said = "we" if not {"we", "our", "us"}.isdisjoint(words) else ""
    said += "you" if not {"you", "your", "you'll"}.isdisjoint(words) else ""
    strings = [f"section={section}", f"length={length}", f"section,length={section}|{length}", f"opens={opens}", f"people={said}"]
    return _hashes([*strings, f"first={words[0]}", f"last={words[-1]}", f"line={line}", f"heading={heading}"])


def _labels(found, spans):
    """B-, I- or no label of every word, with one empty label before the first and after the last.

    A list of len(words) + 2, so that word `i` has its neighbours at `i` and `i + 2`.
    """
    labels, at = [""], 0
    for start, end in ((start, end) for sentence in found for start, end in zip(sentence.starts, sentence.ends, strict=True)):
        while at < len(spans) and spans[at][1] <= start:
            at += 1
        marked = at < len(spans) and spans[at][0] < end
        labels.append(("B" if spans[at][0] >= start else "I") + spans[at][2] if marked else "")
    return [*labels, ""]

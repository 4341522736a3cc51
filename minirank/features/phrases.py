"""The phrases of a text that extraction gave no name: items of lists and sentences, without the words that frame them.

`Solid grounding in moving data about, SQL and Python` has three items; two of them hold a name. What stands around the names of
many skills (`solid grounding in _`) is a frame, whoever wrote it, and what it frames is a phrase: `moving data about`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import pairwise
from typing import Any

from minirank.extract import Value
from minirank.extract.rules.lexicon import Tokens

Words = tuple[str, ...]
SKILLS = ("must_have", "nice_to_have", "skills")  # keys of what extraction calls a skill
LONGEST, FRAME = 12, 6  # words of a phrase, and on either side of one
MOST_ITEMS = 400  # of a text that are read
FRAMED_NAMES = 4  # different names that make a frame of what stands around them

_ENDS = frozenset("\n , ; : | • · ( ) [ ] ! ? 。 、 ， ； ： ！ ？ （ ） ؛ ، ।".split(" "))
_JOINED = frozenset("and und et y e och og en i ve ja & + or oder ou o".split())
_LABELS = frozenset(":：")  # what they close is a label: it says what follows, and is no item itself
_WIDE = 3  # characters between two words that a dash stands in, as in ` - `


@dataclass(frozen=True)
class Item:
    """A piece of a text between two marks.

    Args:
        words: in lower case.
        name: kind and value of what extraction found in it, or None.
        at: places of the first word of that and of the word after it.
    """

    words: Words
    name: tuple[str, Any] | None = None
    at: tuple[int, int] = (0, 0)


class ReadText:
    """The items of a text, and what extraction found in it.

    Args:
        text: its plain form, without flagged and masked spans.
        features: `JobFeatures` or `ResumeFeatures`.

    Attributes:
        names: of its skills.
        title: normalised, or None.
        items: in order.
    """

    def __init__(self, text: str, features: Any) -> None:
        quoted: dict[Words, tuple[str, Any]] = {}
        for kind, value in _values(features):
            quoted.setdefault(_words(value.quote), (kind, value.value))
        quoted.pop((), None)
        starts: dict[str, list[Words]] = defaultdict(list)
        for words in sorted(quoted, key=lambda words: -len(words)):
            starts[words[0]].append(words)
        self.names = {name for kind, name in quoted.values() if kind in SKILLS}
        self.title = None if features.title is None else features.title.value
        self.items: list[Item] = []
        for words, end in _pieces(text):
            items = _named(words, quoted, starts)
            self.items += (item for item in items if item.name is not None or end not in _LABELS)
            if len(self.items) >= MOST_ITEMS:
                break

    def phrases(self, frames: Frames) -> Iterator[tuple[Words, bool, list[tuple[int, Words]]]]:
        """Of each item without a name: its words, whether a skill stands beside it, and how it can be read, see `Frames.readings`."""
        skill = [item.name is not None and item.name[0] in SKILLS for item in self.items]
        for place, item in enumerate(self.items):
            if item.name is None:
                beside = any(skill[max(place - 1, 0) : place + 2])
                yield item.words, beside, frames.readings(item.words)


class Frames:
    """What stands around the names of skills.

    Args:
        texts: training texts.
    """

    def __init__(self, texts: Iterable[ReadText]) -> None:
        framed: dict[tuple[Words, Words], set[Any]] = {((), ()): set()}
        for text in texts:
            for item in text.items:
                if item.name is not None and item.name[0] in SKILLS:
                    left, right = item.words[: item.at[0]], item.words[item.at[1] :]
                    if len(left) <= FRAME and len(right) <= FRAME:
                        framed.setdefault((left, right), set()).add(item.name[1])
        self._read: dict[Words, list[tuple[int, Words]]] = {}
        self._rights: dict[Words, list[Words]] = defaultdict(list)
        for (left, right), names in framed.items():
            if len(names) >= FRAMED_NAMES or not left + right:
                self._rights[left].append(right)

    def readings(self, words: Words) -> list[tuple[int, Words]]:
        """(words of the frame, phrase) for every frame that fits an item, the empty one included."""
        if words in self._read:
            return self._read[words]
        found = self._read[words] = []
        for begin in range(min(FRAME + 1, len(words))):
            for right in self._rights.get(words[:begin], ()):
                end = len(words) - len(right)
                if begin < end <= begin + LONGEST and words[end:] == right:
                    found.append((begin + len(right), words[begin:end]))
        return found


@lru_cache(2**16)
def _words(quote: str) -> Words:
    """The words of a quote; many texts have the same."""
    return tuple(Tokens(quote).words)


def _values(features: Any) -> Iterator[tuple[str, Value]]:
    """The values of features under their keys, but for whole sentences and what has no name of its own."""
    for field in fields(features):
        held = getattr(features, field.name)
        for value in held if isinstance(held, tuple) else (held,):
            if isinstance(value, Value) and value.source != "tagger" and field.name != "responsibilities":
                yield field.name, value


def _pieces(text: str) -> Iterator[tuple[Words, str]]:
    """The words between two marks of lists, lines and sentences, and the mark behind them."""
    tokens = Tokens(text)
    words, starts, ends = tokens.words, tokens.starts, tokens.ends
    begin = 0
    for place, word in enumerate(words):
        gap = starts[place + 1] - ends[place] if place + 1 < len(words) else _WIDE
        if word in _ENDS or gap >= _WIDE or (word in "./" and gap > 0):
            closed = word in _ENDS or word in "./"
            if begin < place + (not closed):
                yield tuple(words[begin : place + (not closed)]), word if closed else ""
            begin = place + 1


def _named(words: Words, quoted: dict[Words, tuple[str, Any]], starts: dict[str, list[Words]]) -> Iterator[Item]:
    """A piece as items: its joined parts, and all of it where none of them has a name."""
    borders = [-1, *(place for place, word in enumerate(words) if word in _JOINED), len(words)]
    parts = [_item(words[a + 1 : b], quoted, starts) for a, b in pairwise(borders) if a + 1 < b]
    yield from parts
    if len(borders) > 2 and not any(part.name for part in parts):
        yield _item(words, quoted, starts)


def _item(words: Words, quoted: dict[Words, tuple[str, Any]], starts: dict[str, list[Words]]) -> Item:
    for place, word in enumerate(words):
        for quote in starts.get(word, ()):
            if words[place : place + len(quote)] == quote:
                return Item(words, quoted[quote], (place, place + len(quote)))
    return Item(words)

"""The phrases of a `Matcher` in many texts at once: the matches that it finds in each, by compiled code where texts are ASCII."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minirank.extract.rules.lexicon import Matcher, Tokens
from minirank.kernels.cpu.jit import driver, kernel

CHUNK = 4_096  # texts that are scanned at a time


class PhraseScanner:
    """Finds what a matcher finds.

    Args:
        matcher: its phrases become a table of words, and a tree of them.

    Attributes:
        matcher: as given.
        found: kinds and names; `scan` gives places in it.
    """

    def __init__(self, matcher: Matcher) -> None:
        self.matcher = matcher
        self.found: list[tuple[str, str]] = []
        words: dict[str, int] = {}
        nodes = [matcher.trie]
        edges: list[list[tuple[int, int]]] = []
        ends: list[list[int]] = []
        for node in nodes:  # which grows meanwhile
            edges.append([])
            ends.append([])
            for word, child in node.items():
                if word is None:
                    ends[-1] = list(range(len(self.found), len(self.found) + len(child)))
                    self.found += child
                else:
                    edges[-1].append((words.setdefault(word, len(words)), len(nodes)))
                    nodes.append(child)
        coded = [word.encode() for word in words]
        self._letters = np.frombuffer(b"".join(coded) or b"\0", np.uint8)
        self._bounds = _offsets(coded)
        self._slots = np.full(4 << max(len(words), 1).bit_length(), -1, np.int32)
        insert_words(self._letters, self._bounds, self._slots)
        self._edges = np.array([edge for of_node in edges for edge in of_node] or [(0, 0)], np.int32)
        self._edge_bounds, self._end_bounds = _offsets(edges), _offsets(ends)
        self._told = np.array([kind is not None for kind, _ in self.found] or [False])
        self._first = np.full(max(len(words), 1), -1, np.int32)
        for word, child in edges[0]:
            self._first[word] = child

    def scan(self, texts: Sequence[str]) -> np.ndarray:
        """(matches, 4) int32, text by text and in their order: the text, start, end and a place in `found`."""
        parts = [self._scan(texts[first : first + CHUNK], first) for first in range(0, len(texts), CHUNK)]
        return np.concatenate([np.empty((0, 4), np.int32), *parts])

    def _scan(self, texts: Sequence[str], first: int) -> np.ndarray:
        plain = [text if text.isascii() else "" for text in texts]
        content, starts = "".join(plain).encode(), _offsets(plain)
        letters = np.frombuffer(content + b"\0", np.uint8)
        tree = self._edges, self._edge_bounds, self._end_bounds, self._told, self._first
        scratch = np.empty((int(np.diff(starts).max(initial=0)) + 1, 3), np.int32)
        found, count = np.empty((0, 4), np.int32), len(content) // 64
        while count > len(found):
            found = np.empty((count, 4), np.int32)
            count = scan_phrases(letters, starts, self._letters, self._bounds, self._slots, *tree, scratch, found)
        found = found[:count].copy()
        odd = [place for place, text in enumerate(texts) if not text.isascii()]
        if odd:
            place_of = {pair: place for place, pair in enumerate(self.found)}
            further = [
                (place, match.start, match.end, place_of[match.kind, match.name])
                for place in odd
                for match in self.matcher.scan(Tokens(texts[place]))
            ]
            found = np.concatenate([found, np.array(further, np.int32).reshape(-1, 4)])
            found = found[np.argsort(found[:, 0], kind="stable")]
        found[:, 0] += first
        return found


@kernel
def small(letter):
    """A letter of ASCII in lower case."""
    return letter + 32 if 65 <= letter <= 90 else letter


@kernel
def place_of(letters, first, last, words, bounds, slots):
    """The place of a word in a table, -1 where it is not there; `insert_words` adds it."""
    code = np.uint64(0xCBF29CE484222325)
    for at in range(first, last):
        code = (code ^ np.uint64(small(letters[at]))) * np.uint64(0x100000001B3)  # FNV-1a
    slot = np.int64((code ^ (code >> np.uint64(32))) & np.uint64(len(slots) - 1))
    while slots[slot] >= 0:
        word = slots[slot]
        if bounds[word + 1] - bounds[word] == last - first:
            same = True
            for at in range(last - first):
                if words[bounds[word] + at] != small(letters[first + at]):
                    same = False
                    break
            if same:
                return word, slot
        slot = (slot + 1) & (len(slots) - 1)
    return -1, slot


@driver
def insert_words(words, bounds, slots):
    """Fill the table of words.

    Args:
        words, bounds: word w is words[bounds[w]] .. words[bounds[w + 1] - 1], lower case.
    Writes:
        slots: (a power of two,) int32, the places of words; -1 stands there.
    """
    for word in range(len(bounds) - 1):
        _, slot = place_of(words, bounds[word], bounds[word + 1], words, bounds, slots)
        slots[slot] = word


@kernel
def is_alphanumeric(letter):
    """Whether a letter is part of a longer word, see `lexicon.Tokens`."""
    return 48 <= letter <= 57 or 65 <= letter <= 90 or 97 <= letter <= 122


@kernel
def is_blank(letter):
    """Whether a letter is no word and in none."""
    return letter == 32 or letter == 45 or letter == 9 or 11 <= letter <= 13 or 28 <= letter <= 31


@kernel
def read_words(letters, first, last, words, bounds, slots, tokens):
    """The words of a text, as `Tokens` has them; how many there are.

    Writes:
        tokens: (.., 3) int32, place in the table, start and end.
    """
    at, count = first, 0
    while at < last:
        begin, letter = at, letters[at]
        at += 1
        if is_blank(letter):
            continue
        if is_alphanumeric(letter):
            while at < last and is_alphanumeric(letters[at]):
                at += 1
        elif letter == 1:
            while at < last and letters[at] == 1:
                at += 1
        tokens[count, 0] = place_of(letters, begin, at, words, bounds, slots)[0]
        tokens[count, 1], tokens[count, 2] = begin - first, at - first
        count += 1
    return count


@driver
def scan_phrases(letters, starts, words, bounds, slots, edges, edge_bounds, end_bounds, told, roots, tokens, out):
    """The longest phrases, from left to right, as `Matcher.scan` finds them.

    Args:
        letters: the texts, one behind the other. starts: (n + 1,) where each begins. words, bounds, slots: the table of words.
        edges, edge_bounds: word and node of each branch, node by node. end_bounds: the phrases that end at a node. told: whether such a
            phrase is found. roots: (words,) nodes below the root, -1 for none.
        tokens: scratch, as long as a text can have words.
    Writes:
        out: (.., 4) int32, as many matches as there is room for.
    Returns:
        how many there are.
    """
    found = 0
    for text in range(len(starts) - 1):
        count = read_words(letters, starts[text], starts[text + 1], words, bounds, slots, tokens)
        first = 0
        while first < count:
            word = tokens[first, 0]
            node = roots[word] if word >= 0 else -1
            if node < 0:
                first += 1
                continue
            at, best, past = first + 1, -1, first + 1
            while node >= 0:
                if end_bounds[node] < end_bounds[node + 1]:
                    best, past = node, at
                child = -1
                if at < count:
                    for edge in range(edge_bounds[node], edge_bounds[node + 1]):
                        if edges[edge, 0] == tokens[at, 0]:
                            child = edges[edge, 1]
                at, node = at + 1, child
            if best >= 0:
                for phrase in range(end_bounds[best], end_bounds[best + 1]):
                    if told[phrase]:
                        if found < len(out):
                            out[found, 0], out[found, 1], out[found, 2], out[found, 3] = text, tokens[first, 1], tokens[past - 1, 2], phrase
                        found += 1
            first = past
    return found


def _offsets(parts: Sequence) -> np.ndarray:
    return np.concatenate([[0], np.cumsum([len(part) for part in parts], dtype=np.int64)])


DRIVERS = (insert_words, scan_phrases)


def run_drivers() -> None:
    """Compile them, by use on a phrase and a text that is long enough to be scanned."""
    PhraseScanner(Matcher([("a", "skill", "a")])).scan(["a " * 64])

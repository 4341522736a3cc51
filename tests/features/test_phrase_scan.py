"""Phrases in many texts at once: what `Matcher.scan` finds in each."""

import random

import pytest

from minirank.extract import lexicon
from minirank.extract.rules.lexicon import Matcher, Tokens
from minirank.features.phrase_scan import PhraseScanner

WORDS = [
    "full-stack",
    "Full",
    "stack",
    "c++",
    "C",
    "+",
    "no",
    "No",
    "python",
    "PYTHON",
    "\n",
    "\x01\x01",
    "-",
    " ",
    "\t",
    "\x1c",
    "_",
    "ü",
    "İ",
    "漢字",
]
PHRASES = [
    ("full stack", "skill", "a"),
    ("full-stack developer", "skill", "b"),
    ("full", "x", "c"),
    ("full", "y", "c"),
    ("stack c++", None, ""),
]
PHRASES += [
    ("c++", "skill", "d"),
    ("c", "skill", "e"),
    ("no python no", "not", "f"),
    ("ü", "skill", "g"),
    ("\n c", "z", "h"),
    ("_ +", "z", "i"),
]


def texts(count):
    draw = random.Random(3)
    return ["".join(draw.choice(["", " "]) + draw.choice(WORDS) for _ in range(draw.randint(0, 40))) for _ in range(count)]


@pytest.mark.parametrize("phrases", [PHRASES, [], None], ids=["overlapping", "none", "lexicon"])
def test_the_matches_are_those_of_the_matcher(phrases):
    matcher = lexicon().facts if phrases is None else Matcher(phrases)
    scanner, found = PhraseScanner(matcher), texts(600)
    expected = [(row, *match) for row, text in enumerate(found) for match in matcher.scan(Tokens(text))]
    assert [(row, start, end, *scanner.found[which]) for row, start, end, which in scanner.scan(found).tolist()] == expected
    assert bool(expected) == (phrases != [])
    assert len(scanner.scan([])) == len(scanner.scan([""])) == 0

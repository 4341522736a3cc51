"""The words of words.json as sets, and the form of a text in which they are looked up."""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache
from importlib import resources

from minirank.extract.rules.lexicon import lexicon


def _folds() -> dict[int, int]:
    """Letters with accents -> the small letter without them, one for one."""
    found = {code: code for code in range(128)}  # SPEED: what a table lacks takes several times as long
    found |= {ord(a): ord(b) for a, b in zip("ŁłØøĐđıİ", "llooddii", strict=True)}
    for first, last in ((0xC0, 0x250), (0x386, 0x3D0), (0x400, 0x460), (0x1E00, 0x2000)):
        for code in range(first, last):
            plain = unicodedata.normalize("NFD", chr(code))[0].lower()
            if code not in found and len(plain) == 1 and plain.isalpha():
                found[code] = ord(plain)
    return found


_FOLDS = _folds()


def fold(text: str) -> str:
    """The text in lower case without accents, as long as it was: `José Łuk` is `jose luk`."""
    return text.lower() if text.isascii() else text.translate(_FOLDS).lower()


_EAST_ASIAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def is_east_asian(text: str) -> bool:
    """Whether a character of Chinese, Japanese or Korean stands in a text."""
    return not text.isascii() and _EAST_ASIAN.search(text) is not None


class WordLists:
    """words.json, folded.

    `given_names`, `ordinary`, `heading_words`, `work_words`, `trades`, `organisation_words`, `places`, `credentials`, `titles`,
    `particles`, `person_verbs`, `demonyms`: sets of words. `entities`: first word -> names of companies and schools that look
    like names of people. `family_words`: family names that another list knows as something else. `given_at_the_head`: given names so
    short, or such places, that they count at the head of a text alone. `traits`: label -> kind. `label_words`: every word of a label.
    `headings`: headings of other scripts.
    `plain_given_names`: given names that are no other word. `no_surnames`: words that are no part of a name behind one.
    `skills`: every word of the lexicon's skills and titles (of what is no everyday word) and languages, and tools that bear names
    of people.
    """

    def __init__(self) -> None:
        data = json.loads(resources.files(__package__).joinpath("words.json").read_text(encoding="utf-8"))

        def words(name: str) -> frozenset[str]:
            return frozenset(fold(" ".join(data[name])).split())

        self.given_names, self.ordinary, self.heading_words = words("given_names"), words("ordinary"), words("heading_words")
        self.work_words, self.trades, self.organisation_words = words("work_words"), words("trades"), words("organisation_words")
        self.places, self.credentials, self.titles = words("places"), words("credentials"), words("titles")
        self.particles, self.person_verbs, self.demonyms = words("particles"), words("person_verbs"), words("demonyms")
        self.family_words, self.given_at_the_head = words("family_words"), words("given_at_the_head")
        self.heading_words -= self.particles | {"e", "y", "en", "a"}
        self.headings = frozenset(data["headings_of_other_scripts"])
        self.entities: dict[str, list[str]] = {}
        for entity in "|".join(data["entities"]).split("|"):
            self.entities.setdefault(re.split(r"\W", entity, maxsplit=1)[0], []).append(fold(entity))
        self.traits = {fold(label): kind for kind, lines in data["traits"].items() for label in "|".join(lines).split("|")}
        self.label_words = frozenset(word for label in self.traits for word in re.findall(r"[^\W\d_]+", label))
        known = lexicon().data  # words of everyday domains are names too: Stone, Wall, Baker
        named = [
            word
            for part in ("skills", "titles", "languages")
            for name, entry in known[part].items()
            if entry.get("domain") not in known["everyday_domains"]
            for word in (name, *entry["aliases"])
        ]
        written = frozenset(word for word in re.findall(r"[^\W\d_]+", fold(" ".join(named))) if len(word) > 2)
        self.skills = (written - self.particles) | words("tools")
        other = self.skills | self.places | self.work_words | self.ordinary
        self.no_surnames = self.skills | self.organisation_words | self.places | (self.work_words - self.trades)
        self.plain_given_names = frozenset(name for name in self.given_names if len(name) > 2) - other


@cache
def word_lists() -> WordLists:
    """The lists of the package, read once."""
    return WordLists()

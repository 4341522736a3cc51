"""Words of the finer signals (pay, availability, leadership, conditions, depth, stress, industries) in ten languages and more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import resources
from itertools import chain

from minirank.extract.rules.lexicon import Match, Matcher, Tokens

_OF_TEXTS = ("pay", "period", "availability", "leadership", "conditions", "stress", "industries", "house", "currencies")


class SignalWords:
    """signal_words.json, compiled: kind -> name -> phrases, several in a string between `|`.

    Args:
        data: the file as it is.

    `cues`: Matcher of what is looked for in every text; `depth`: of what tells how well a skill is known; `houses`: of
    words inside the names of employers that tell an industry.
    """

    def __init__(self, data: dict) -> None:
        self.data = data
        self.cues = Matcher(chain.from_iterable(self._phrases(kind) for kind in _OF_TEXTS))
        self.depth = Matcher(self._phrases("depth"))
        self.houses = Matcher(self._phrases("houses"))

    def _phrases(self, kind: str) -> Iterator[tuple[str, str, str]]:
        for name in self.data[kind]:
            yield from ((phrase, kind, name) for phrase in self.named(kind, name))

    def named(self, kind: str, name: str) -> list[str]:
        """The phrases of a name."""
        listed = self.data[kind][name]
        return [phrase for part in ([listed] if isinstance(listed, str) else listed) for phrase in part.split("|")]

    def names_of(self, kind: str) -> dict[str, str]:
        """phrase in lower case -> name."""
        return {phrase.lower(): name for name in self.data[kind] for phrase in self.named(kind, name)}


@cache
def signal_words() -> SignalWords:
    """The words of the package, read once."""
    return SignalWords(json.loads(resources.files(__package__).joinpath("signal_words.json").read_text(encoding="utf-8")))


def find_cues(tokens: Tokens) -> dict[str, list[Match]]:
    """Cues of a text by kind, each list in text order."""
    found: dict[str, list[Match]] = {kind: [] for kind in _OF_TEXTS}
    for match in signal_words().cues.scan(tokens):
        found[match.kind].append(match)
    return found


def alternatives(phrases: Iterable[str], escape: Callable[[str], str]) -> str:
    """A part of a pattern that matches any of some phrases, the longest first."""
    return "|".join(map(escape, sorted(phrases, key=lambda phrase: (-len(phrase), phrase))))

"""A text after one scan: what is flagged, and what the lexicon finds outside of that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from minirank.extract.normalised_text import NormalisedText, blank, normalise
from minirank.extract.rules.ambiguity import believable
from minirank.extract.rules.lexicon import Match, Tokens, lexicon
from minirank.extract.schema import Value, first_of_each
from minirank.extract.suspicion import find_stuffing, find_suspicious, merge_flags


class ScannedText(NormalisedText):
    """A normalised text, its flags, and the matches of the lexicon outside them.

    Args:
        text: source text.
        headings: heading in lower case -> section kind.

    `flagged` are the Flags, `tokens` the Tokens of `plain`; `kinds` has the facts by kind ("skill", "soft", "language",
    "education", "remote"), `titles` and `levels` the titles and the words of seniority, each a list of Match.
    """

    def __init__(self, text: str, headings: Mapping[str, str]) -> None:
        words = lexicon()
        plain = normalise(text)
        tokens = Tokens(plain)
        flagged = find_suspicious(text, plain, tokens)
        if flagged:
            plain = blank(plain, flagged)
            tokens = Tokens(plain)
        facts = believable(plain, words.facts.scan(tokens), words.exact)
        stuffed = find_stuffing([(m.start, m.end, m.name) for m in facts if m.kind == "skill"])
        if stuffed:
            flagged = merge_flags([*flagged, *stuffed])
            plain = blank(plain, flagged)
            tokens = Tokens(plain)
            facts = believable(plain, words.facts.scan(tokens), words.exact)
        super().__init__(text, plain, headings)
        self.tokens, self.flagged = tokens, tuple(flagged)
        self.kinds: dict[str, list[Match]] = {"skill": [], "soft": [], "language": [], "education": [], "remote": []}
        for m in facts:
            self.kinds[m.kind].append(m)
        self.titles = words.titles.scan(tokens)
        # `Sales Associate` is no junior: a level counts in front of a title or opening it, not inside it.
        inside = {at for m in self.titles for at in range(m.start + 1, m.end)}
        self.levels = [m for m in words.levels.scan(tokens) if m.name == "lead" or m.start not in inside]

    def value(self, value: str | int, start: int, end: int) -> Value:
        """A value with the span that supports it."""
        return Value(value, self.text[start:end], start, end)

    def named(self, match: Match) -> Value:
        """The name of a match, as a value."""
        return self.value(match.name, match.start, match.end)

    def first_named(self, matches: Iterable[Match]) -> Value | None:
        """The value of the first match, None without any."""
        return next(map(self.named, matches), None)

    def each_named(self, matches: Iterable[Match]) -> tuple[Value, ...]:
        """Values of matches, the first mention of each name."""
        return first_of_each(map(self.named, matches))

"""One scan of a text: what is flagged, and what the lexicon finds outside of that."""

from __future__ import annotations

from minirank.extract.normalised_text import NormalisedText, blank, normalise
from minirank.extract.rules.ambiguity import believable
from minirank.extract.rules.lexicon import Tokens, lexicon
from minirank.extract.schema import Value
from minirank.extract.suspicion import find_stuffing, find_suspicious, merge_flags


class ScannedText:
    """A text after one scan: flags, and the matches of every kind outside them."""

    def __init__(self, text, headings):
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
        self.text, self.plain, self.tokens, self.flagged = text, plain, tokens, tuple(flagged)
        self.document = NormalisedText(text, plain, headings)
        self.kinds = {"skill": [], "soft": [], "language": [], "education": [], "remote": []}
        for m in facts:
            self.kinds[m.kind].append(m)
        self.titles = words.titles.scan(tokens)
        # `Sales Associate` is no junior: a level counts in front of a title or opening it, not inside it.
        inside = {at for m in self.titles for at in range(m.start + 1, m.end)}
        self.levels = [m for m in words.levels.scan(tokens) if m.name == "lead" or m.start not in inside]

    def value(self, value, start, end):
        return Value(value, self.text[start:end], start, end)

    def named(self, matches):
        """Values of matches, the first mention of each name."""
        first = {}
        for m in matches:
            first.setdefault(m.name, m)
        return tuple(self.value(m.name, m.start, m.end) for m in first.values())

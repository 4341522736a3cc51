"""A text after one scan: what is flagged, and what the lexicon finds outside of that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from minirank.extract.masked_text import PLACEHOLDER, read_text
from minirank.extract.normalised_text import NormalisedText
from minirank.extract.rules.ambiguity import believable
from minirank.extract.rules.lexicon import Match, Tokens, lexicon
from minirank.extract.rules.skill_depth import Depth
from minirank.extract.rules.text_language import language_of
from minirank.extract.schema import DEPTH, Flag, Value, first_of_each
from minirank.extract.suspicion import find_hidden, find_stuffing, find_suspicious, merge_flags

_LEVELS = {None: -1} | {depth: level for level, depth in enumerate(DEPTH)}
FORM = "form"  # kind of a Match that has no name in the lexicon: what the tagger has marked


class ScannedText(NormalisedText):
    """The plain form of a text, its masks and flags, and the matches of the lexicon outside of these.

    Args:
        source: str.
        headings: heading in lower case -> section kind.
        names: whether it is about a person, as in `read_text`.

    `masked` and `flagged` are the Masks and Flags, with offsets into the source, `tokens` the Tokens of `plain`, `language` what
    `language_of` says of these; `kinds` has the facts by kind ("skill", "soft", "language", "education", "remote"), `titles` and
    `levels` the titles and the words of seniority, each a list of Match.
    """

    def __init__(self, source: str, headings: Mapping[str, str], names: bool) -> None:
        words = lexicon()
        text, self.masked = read_text(source, names)
        plain = text.text
        tokens = Tokens(plain)
        self.language = language = language_of(tokens.words)
        flagged = find_suspicious(plain, tokens)
        if flagged:
            plain = _blanked(plain, flagged)
            tokens = Tokens(plain)
        facts = believable(plain, words.facts.scan(tokens), words, language)
        stuffed = find_stuffing([(m.start, m.end, m.name) for m in facts if m.kind == "skill"])
        if stuffed:
            flagged = merge_flags([*flagged, *stuffed])
            plain = _blanked(plain, flagged)
            tokens = Tokens(plain)
            facts = believable(plain, words.facts.scan(tokens), words, language)
        super().__init__(text, plain, headings)
        flagged = [Flag(*text.source_span(flag.start, flag.end), flag.reason) for flag in flagged]
        self.tokens, self.flagged = tokens, tuple(merge_flags([*flagged, *find_hidden(text.source)]))
        self.kinds: dict[str, list[Match]] = {"skill": [], "soft": [], "language": [], "education": [], "remote": []}
        for m in facts:
            self.kinds[m.kind].append(m)
        # `Juris Doctor` is a degree and no physician.
        degrees = {at for m in self.kinds["education"] for at in range(m.start, m.end)}
        titles = [m for m in words.titles.scan(tokens) if not (m.start in degrees and m.end - 1 in degrees)]
        ordinary = () if language in ("en", None) else words.ordinary.get(language, ())  # the German `Chef` is no cook
        self.titles = [m for m in titles if plain[m.start : m.end].lower() not in ordinary]
        # `Sales Associate` is no junior: a level counts in front of a title or opening it, not inside it, nor inside a degree.
        inside = degrees.union(at for m in self.titles for at in range(m.start + 1, m.end))
        self.levels = [m for m in words.levels.scan(tokens) if m.start not in inside or (m.name == "lead" and m.start not in degrees)]

    def value(self, value: str | int, start: int, end: int) -> Value:
        """A value with the span that supports it."""
        return Value(value, *self.quote(start, end))

    def open_value(self, value: str, start: int, end: int) -> Value:
        """Words that the tagger has marked, as a value."""
        return Value(value, *self.quote(start, end), source="tagger")

    def named(self, match: Match) -> Value:
        """The name of a match, as a value."""
        return (self.open_value if match.kind == FORM else self.value)(match.name, match.start, match.end)

    def first_named(self, matches: Iterable[Match]) -> Value | None:
        """The value of the first match, None without any."""
        return next(map(self.named, matches), None)

    def each_named(self, matches: Iterable[Match]) -> tuple[Value, ...]:
        """Values of matches, the first mention of each name."""
        return first_of_each(map(self.named, matches))

    def each_skill(self, matches: Iterable[Match], depths: Mapping[Match, Depth]) -> tuple[Value, ...]:
        """As `each_named`, with what the text says of how well each is known: the mention that tells it stands for its name."""
        found: dict[str, tuple[Match, Depth]] = {}
        for match in matches:
            said = depths[match]
            told, best = found.setdefault(match.name, (match, said))
            if said != best:
                deeper = _LEVELS[said.depth] > _LEVELS[best.depth] or (best.depth is None and best.years is None)
                years = max((years for years in (said.years, best.years) if years is not None), default=None)
                found[match.name] = match if deeper else told, Depth(said.depth if deeper else best.depth, years)
        return tuple(self._skill(match, said) for match, said in found.values())

    def _skill(self, match: Match, said: Depth) -> Value:
        source = "tagger" if match.kind == FORM else "rules"
        return Value(match.name, *self.quote(match.start, match.end), source, None, said.depth, said.years)


def _blanked(plain: str, flagged: Iterable[Flag]) -> str:
    """The text with every flagged span overwritten; same length."""
    parts: list[str] = []
    position = 0
    for flag in flagged:
        parts += (plain[position : flag.start], PLACEHOLDER * (flag.end - flag.start))
        position = flag.end
    return "".join((*parts, plain[position:]))

"""Must-have, nice-to-have or neither: what the cues of a sentence say about the skills in it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from itertools import pairwise

from minirank.extract.normalised_text import NormalisedText
from minirank.extract.rules.lexicon import Match

# Of each the words of the languages whose cues lexicon.json has.
_CLAUSE = re.compile(
    r"(?i);|,? (?:but|however|while|whereas|although|though)\b"
    r"|, (?:aber|jedoch|während|mais|tandis que|pero|aunque|ma|anche se|mas|embora|maar|ale|natomiast|dar|însă|men)\b"
)
_NO = re.compile(
    r"(?i)\b(?:no|not|without|never|isn't|aren't|don't|keine?|nicht|ohne|pas|sans|sin|non|senza|sem|não|niet|geen|zonder|nie|bez|nu|fără"
    r"|inte|ingen|utan|ikke|uten|uden)\b"
)
_NOUN = re.compile(
    r"(?i)\b(?:experience|knowledge|familiarity|understanding|exposure|proficiency|command|skills?|erfahrung(?:en)?|\w{0,12}kenntnisse"
    r"|connaissances?|expérience|maîtrise|conocimientos?|experiencia|dominio|conoscenza|esperienza|conhecimentos?|experiência|kennis|ervaring"
    r"|znajomość|doświadczenie|cunoștințe|experiență|kunskaper?|erfarenhet)\b"
)
_PLURAL = re.compile(
    r"(?i)\b(?:are|both|all|sind|wären|sont|seraient|son|serán|sono|são|zijn|są|będą|sunt)\s*"
    r"(?:also |all |both |strictly |absolutely |considered )?$"
)
_LINK = re.compile(
    r"(?i)(?:\b(?:is|are|be|being|as|considered|an?|also|would|strictly|absolutely|ist|sind|wird|werden|wäre|wären|est|sont|sera|serait|es|son"
    r"|será|sería|è|sono|sarà|é|são|jest|są|będzie|este|sunt|constituie|reprezintă|är|zijn|wordt|er|auch|zwingend|aussi)\s*|\(\s*|\s-\s*)$"
)
_CLOSED = re.compile(r"(?i)\s*(?:[.,;)!\n]|$|(?:and|und|et|y|e|en|i|și|och|og)\b|for\b|in this\b|to be\b)")
_WHOLE_LIST = frozenset("required preferred mandatory essential necessary needed desirable desired must".split())


def label_mentions(document: NormalisedText, mentions: list[tuple[int, int]], cues: list[Match]) -> list[str | None]:
    """Labels of skill mentions: "must", "nice", "negation" or None where no cue decides.

    Args:
        document: NormalisedText.
        mentions: list of (start, end), sorted.
        cues: list of Match of kinds must, nice and negation, sorted.
    Returns: list of labels, one a mention.
    """
    labels: list[str | None] = [None] * len(mentions)
    starts, ends = [start for start, _ in mentions], [end for _, end in mentions]
    sentences: dict[tuple[int, int], list[Match]] = {}
    for cue in cues:
        sentences.setdefault(document.sentence(cue.start), []).append(cue)
    for (begin, finish), inside in sentences.items():
        if bisect_left(starts, begin) < bisect_left(starts, finish):
            _label_sentence(document.plain, begin, finish, starts, ends, inside, labels)
    return labels


def _label_sentence(plain, begin, finish, starts, ends, cues, labels):
    """Label the mentions of one sentence, clause by clause."""
    borders = [begin, *(m.end() for m in _CLAUSE.finditer(plain, begin, finish)), finish]
    cue_starts = [c.start for c in cues]
    previous = range(0)
    for start, end in pairwise(borders):
        here = range(bisect_left(starts, start), bisect_left(starts, end))
        said = cues[bisect_left(cue_starts, start) : bisect_left(cue_starts, end)]
        if here:
            _label_clause(plain, start, end, starts, ends, said, labels)
            previous = here
        elif said and said[-1].kind != "negation":  # `Java is not required, but a plus`
            for i in previous:
                labels[i] = said[-1].kind


def _label_clause(plain, start, end, starts, ends, cues, labels):
    """A cue speaks of the mentions behind it, or, when it closes a phrase, of those before it."""
    cursor = start
    refused = False
    for at, cue in enumerate(cues):
        limit = cues[at + 1].start if at + 1 < len(cues) else end
        before = range(bisect_left(starts, cursor), bisect_right(ends, cue.start))
        after = range(bisect_left(starts, cue.end), bisect_left(starts, limit))
        closes = before and (not after or _LINK.search(plain, cursor, cue.start) or _CLOSED.match(plain, cue.end))
        if closes:
            kind = "negation" if refused or _NO.search(plain, cursor, cue.start) else cue.kind
            first = bisect_left(starts, _scope_start(plain, cursor, cue))
            chosen = range(min(first, before[-1]), before.stop)
        else:
            kind, chosen = cue.kind, after
            refused = cue.kind == "negation"
        for i in chosen:
            labels[i] = kind
        cursor = cue.end


def _scope_start(plain, cursor, cue):
    """Where the phrase that a closing cue speaks of begins.

    `Docker, Helm are a plus`: at the cursor; `Python, knowledge of Helm is a plus`: at the noun;
    `Python, Helm is a plus` and `Python, Helm (a plus)`: at the last comma.
    """
    region = plain[cursor : cue.start]
    parenthesis = region.rfind("(")
    if parenthesis >= 0 and ")" not in region[parenthesis:]:
        return cursor + region.rfind(",", 0, parenthesis) + 1
    if (
        cue.name.startswith("are ")
        or _PLURAL.search(region)
        or (cue.name.split()[-1] in _WHOLE_LIST and not region.rstrip().endswith((" is", " be")))
    ):
        return cursor
    nouns = [m.start() for m in _NOUN.finditer(region)]
    return cursor + (nouns[-1] if nouns else region.rfind(",") + 1)

"""What a resume denies: `No experience with Python. Never used SQL.`, `Java: none`, `I want to learn Rust`, a degree not held."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from operator import itemgetter

from minirank.extract.rules.lexicon import Match
from minirank.extract.rules.resume_words import words_between

_REACH, _MOST_WORDS = 70, 7  # characters and words between a negation and the first thing that it denies
_WORD = re.compile(r"[^\W\d_]+|\S")
_JOINT = re.compile(
    r"(?i)[\s,/&+]*(?:\b(?:or|nor|and|oder|und|noch|ou|et|ni|o|y|e|of|en|lub|albo|ani|i|sau|și|nici|eller|och|och|og|nebo|ani|vagy|és|ili"
    r"|veya|или|и|ни|або|та|或|和)\b)?[\s,/&]*(?:\b(?:any|the|in|with|of|de|d'|en|mit|con|com|met|z|cu|med|s|с|з)\b[\s']*)?"
)
_DENIED_BEHIND = re.compile(
    r"(?i)\s{0,2}(?:[:(=-]{1,2}\s{0,2}(?:none|no|not? (?:experience|knowledge|skills|yet)|never(?: used)?|n/?a|keine?|nicht vorhanden"
    r"|aucune?|ninguna?|nessuna|nenhuma?|geen|brak|ingen|ei|нет|немає|无|無|なし|無し)(?!\. ?\d)"
    r"(?= *(?:[\n,.;)/]|$|experience|erfahrung|expérience|experiencia|kenntnisse))"
    r"|(?:の)?(?:使用)?(?:実務)?(?:経験|知識)?(?:は|が)?(?:ありません|ない|なし|無し|無い)|\s?(?:경험|지식)(?:은|이)? ?없)"
)
_OPENS = re.compile(r"(?i)(?:^|[^\w\s]\s{0,3}|\n\s{0,3}|\b(?:have|has|had|with|got|but|and|is|are|or|y|pero|i)\s)$")
_LEARN_BEHIND = re.compile(r"(?i)\W{0,2}(?:\w+ ){0,2}(?:er)?lernen\b")  # `möchte Python lernen`


def affirmed(plain: str, mentions: list[Match], marks: list[Match]) -> list[Match]:
    """Mentions that the text does not deny.

    A negation denies the mention that follows it, where nothing but words such as `experience with` stands between, and the
    list that this mention begins; `not only Python` denies nothing.

    Args:
        plain: normalised text of a resume.
        mentions: sorted.
        marks: of `resume_marks`.
    """
    starts = [m.start for m in mentions]
    denied = {at for at, m in enumerate(mentions) if m.end < len(plain) and plain[m.end] in _BEHIND and _DENIED_BEHIND.match(plain, m.end)}
    for mark in marks:
        if mark.kind != "not":
            continue
        first = bisect_left(starts, mark.end)
        if first == len(mentions) or starts[first] - mark.end > _REACH or not _denies(plain, mark, mentions[first]):
            continue
        denied.add(first)
        for at in range(first + 1, len(mentions)):
            if mentions[at].start > mentions[at - 1].end + _REACH or not _JOINT.fullmatch(plain, mentions[at - 1].end, mentions[at].start):
                break
            denied.add(at)
    return [m for at, m in enumerate(mentions) if at not in denied] if denied else mentions


# A degree that is not, or not yet, held: what may stand before and behind it, on its line.
_NOT_HELD_BEFORE = re.compile(
    r"(?i)\b(?:studying|pursuing|working towards?|reading for|enrolled|completing|candidate for|towards an?|unfinished|incomplete|abandoned"
    r"|dropped out|without completing|seeking|appl(?:y|ied|ying) (?:for|to)|studiere|angestrebte[rns]?|abgebrochene[rns]?|laufende[rns]?"
    r"|en cours de|prépare une?|cursando|estudiando|w trakcie|în curs de|studerar|studerer|учусь)\b[^.,;\n]{0,40}$"
)
_NOT_HELD_AFTER = re.compile(
    r"(?i)[^.;\n]{0,60}?(?:\b(?:in progress|ongoing|unfinished|uncompleted|not completed|incomplete|candidate|students?|expected"
    r"|anticipated|dropped out|not finished|theses|abgebrochen|nicht abgeschlossen|laufend|angestrebt|voraussichtlich|studentin"
    r"|inachevée?|en cours|en curso|sin terminar|inconclus[oa]|incomplet[oa]|in corso|non conclus[oa]|em andamento|niet afgerond"
    r"|nieukończone|w trakcie|неоконченн\w+|pågående)\b)"
)


def held_degrees(plain: str, degrees: list[Match], studying: list[tuple[int, int]]) -> list[Match]:
    """Degrees but those that are still studied for, were abandoned, or are other people's (`supervised PhD students`).

    Args:
        studying: offsets of lines of studies that last until now, sorted.
    """
    return [
        m
        for m in degrees
        if not _NOT_HELD_BEFORE.search(plain, max(plain.rfind("\n", 0, m.start) + 1, m.start - 70), m.start)
        and not _NOT_HELD_AFTER.match(plain, m.end)
        and not _within(studying, m.start)
    ]


def _within(spans: list[tuple[int, int]], offset: int) -> bool:
    """Whether an offset lies in one of sorted spans."""
    at = bisect_right(spans, offset, key=itemgetter(0)) - 1
    return at >= 0 and spans[at][0] <= offset < spans[at][1]


_BEHIND = " :(=-の경지"


def _denies(plain: str, mark: Match, mention: Match) -> bool:
    negation = plain[mark.start : mark.end].lower()
    if negation == "no" and not _OPENS.search(plain, max(0, mark.start - 12), mark.start):
        return False  # Portuguese: `trabalhei no SAP`
    words = _WORD.findall(plain[mark.end : mention.start].lower())
    if len(words) > _MOST_WORDS or not words_between().issuperset(words):
        return False
    if negation == "möchte":
        return _LEARN_BEHIND.match(plain, mention.end) is not None
    return True

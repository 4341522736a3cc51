"""How well each skill is known or must be: cue words, years, bars of skills; and which skills an ad stresses.

`expert in X`, `basic knowledge of X`, `many years of X`   a cue in front; it opens its sentence alone: also `X, Y and Z`
`X (advanced)`, `X - basic`, `X basics`                    a cue behind
`Expert: X, Y`, `Advanced` over lines of skills            a label
`X (5 years)`, `5 years of X`                              years
`X ●●●●○`, `X 4/5`, `X 80 %`                               bars: up to .45 basic, up to .75 solid, above expert
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass

from minirank.extract.normalised_text import NormalisedText
from minirank.extract.rules.lexicon import Match, Tokens
from minirank.extract.rules.requirements import label_mentions
from minirank.extract.rules.signal_words import signal_words
from minirank.extract.rules.years import NUMBER_WORDS
from minirank.extract.schema import DEPTH

_REACH = 48  # characters between a cue and its skill
_MOST_JOINED = 8  # skills of one list that a cue in front of it speaks of
_MOST_YEARS = 50
_OFTEN = 3  # mentions by which an ad stresses a skill
_NOUN = (
    r"(?:knowledge|understanding|experiences?|skills?|expertise|command|background|exposure|familiarity|proficiency|hands-on"
    r"|practical|working"
    r"|professional|commercial|technical|programming|programmer|level|(?:programmier|fach)?kenntnisse|erfahrung(?:en)?|wissen"
    r"|umgang|connaissances?|maîtrise"
    r"|expérience|compétences?|conocimientos?|experiencia|dominio|manejo|conoscenz[ae]|esperienza|competenze|conhecimentos?"
    r"|experiência|domínio|kennis|ervaring"
    r"|znajomość|wiedza|doświadczenie|umiejętność|cunoștințe|experiență|kunskaper|erfarenhet|знани[ея]|опыт|владение)"
)
_LINKS = (
    r"(?:of|in|with|on|using|for|about|mit|im|von|zu|bei|de|du|des|en|sur|avec|con|sobre|di|nell[ao]|del|della|dell'|em|com|met|van"
    r"|op|z|w|ze|în|cu|av|inom|med"
    r"|i|в|с|по|as|the|der|die|das|la|el|los|las|il|le|les|to)"
)
_BEFORE = re.compile(rf"(?i)[ \"'(-]{{0,3}}(?:{_NOUN} ){{0,3}}(?:and {_NOUN} )?(?:{_LINKS} ){{0,3}}(?:d'|l')?")
_LABEL = re.compile(rf"(?i)(?: (?:{_NOUN}|users?|in|of)){{0,2}} ?[:：] ?")
# `X (advanced)`, `X, Y and Z at expert level`: there the list in front is meant.
_BEHIND = re.compile(
    r"(?i)(?:(?P<list>[ (,-]{1,3}(?:both|all|at|on|auf|beide|alle|tous|todos|tutti)(?: at)?(?: an?| the)? )"
    rf"|(?: ?[(\[:|=/-]{{1,2}} ?| {{1,8}}|\.{{2,40}} ?)(?:{_NOUN} ?[:=]? ?)?)"
)
_MORE = re.compile(r"(?P<list>(?!))?[ ,|)(/-]{1,4}")  # behind what is said already: `X (5 years, expert)`
_NOT = re.compile(r"(?i)\b(?:not|no|never|kein\w{0,2}|nicht|pas|non|nie|nu)\s(?:an?\s|really\s|yet\s|un\s)?$")
_JOINT = re.compile(
    r"(?i) ?(?:,|/|&|\+|(?:, ?)?\b(?:and|or|und|oder|sowie|et|ou|y|o|e|en|i|oraz|și|sau|och|eller|и|或|和)\b) ?(?:(?:and|or) )?"
)
_ALONE = re.compile(rf"(?i)[ *#•>-]{{0,6}}(?:{_NOUN} )?")
_ALONE_AFTER = re.compile(rf"(?i)(?: (?:{_NOUN}|skills?|user))?[ :*-]{{0,4}}(?:\n|$)")
# What may stand in front of a cue that speaks of a whole list: `You should be an expert in X, Y and Z`.
_OPENING = re.compile(
    r"(?i)[ \n*•>\d.)-]{0,8}(?:(?:i|i'm|you|you're|you'll|we|the|an?|candidates?|person|must|should|will|have|has|having|am|are|be"
    r"|is|bring|offer|need|require|requires|required"
    r"|with|years|year|yrs|of|jahre|ans|años|\d{1,2}\+?|proven|also|ideally|preferably|and|minimum|at|least|more|than|over|my|ich"
    r"|bin|habe|sie|haben|du|hast|bringst|bringen|mit|verfügst|verfügen|über|je|j'ai|vous|avez|une?|tengo"
    r"|tienes|con|ho|hai|possiede|possiedi|tenho|tem|com|ik|heb|je|hebt|mam|masz|am|ai|o|jag|har|du|en|de) ){0,7}"
)
_WEAK = ("experience ", "erfahrung", "kenntnisse", "expérience", "hands on")
_YEAR_WORDS = frozenset(
    "year years yr yrs jahr jahre jahren an ans année années año años anno anni ano anos jaar rok lata lat ani år 年 год года лет".split()
)
_AMOUNT = re.compile(
    rf"(?i)(?<![\w.,/$€£])(?P<n>\d{{1,2}}|{'|'.join(NUMBER_WORDS)}) ?(?:\+|plus"
    rf"|or more)? ?(?:- ?\d{{1,2}} ?\+? ?)?[ -]?$"
)
_OF_YEARS = re.compile(
    rf"(?i)\+?'?s?'? ?(?:(?:of|de|di|in|with|von|van) )?(?:(?:{_NOUN}|solid|strong|proven|relevant|deep|industry"
    rf"|paid) ){{0,3}}(?:{_LINKS} ){{0,3}}"
)
_YEARS_BEHIND = re.compile(
    r"(?i)(?P<list>[ (,-]{1,3}(?:both|each|all) )? ?[(:,=|-]{0,2} ?(?:for |over |seit |since |about |ca\.? |experience[:,]? |> ?)?"
)
_BAR = re.compile(
    r"[ :|\t-]{0,12}(?:(?P<marks>[•●○◉◎★☆⭐✦✧■□▮▯⬤]{3,10})|(?P<n>\d{1,2})\s?/\s?(?P<of>5|10)(?![\d/])"
    r"|(?P<share>\d{1,3})\s?%(?=\s{0,2}(?:[,;|\n)]|$)))"
)
_HOLLOW = frozenset("○◎☆✧□▯◯⚪◌▢☐")


@dataclass
class Depth:
    """What is said of one mention: a name of DEPTH or None, years or None."""

    depth: str | None = None
    years: int | None = None

    def add(self, said: Depth) -> None:
        """Take over what else is said of it; of two numbers of years the larger one."""
        self.depth = said.depth or self.depth
        if said.years is not None:
            self.years = max(said.years, self.years or 0)


def find_depths(document: NormalisedText, tokens: Tokens, skills: list[Match]) -> list[Depth]:
    """How well each mention of a skill is known, one Depth a mention.

    Args:
        document: NormalisedText.
        tokens: Tokens of it.
        skills: list of Match, in text order.
    """
    found = [Depth() for _ in skills]
    if not skills:
        return found
    plain, starts, ends = document.plain, [m.start for m in skills], [m.end for m in skills]
    given: dict[tuple[int, int], list[tuple[int, Depth]]] = {}  # sentence -> (mention, what a cue says of it and of its list)

    def give(at: int, said: Depth, cue: int) -> None:
        found[at].add(said)
        sentence = document.sentence(starts[at])
        opens = _OPENING.fullmatch(plain, max(sentence[0], cue - 80), cue)
        given.setdefault(sentence, []).append((at, said if opens else Depth()))

    weak: set[int] = set()
    reach = list(ends)  # of each mention: where what is said of it behind it ends
    for start, end, said in _claims(plain, tokens):
        after, before = bisect_left(starts, end), bisect_right(ends, start) - 1
        if before + 1 < after:  # inside a skill: `Visual Basic`; `Python - 3 years` is no Python 3
            if said.years and plain[starts[after - 1] : start].endswith("- "):
                found[after - 1].add(said)
            continue
        if _NOT.search(plain, max(0, start - 16), start):
            continue
        near = after < len(skills) and starts[after] - end <= _REACH
        if near and (_BEFORE if said.depth else _OF_YEARS).fullmatch(plain, end, starts[after]):
            is_weak = said.depth is not None and plain[start:end].lower().replace("-", " ").startswith(_WEAK)
            if said.depth is None or found[after].depth is None or after in weak:
                weak.discard(after)
                weak.update([after] if is_weak else [])
                give(after, said, start)
        elif near and said.depth and _LABEL.fullmatch(plain, end, starts[after]):
            for at in range(after, bisect_left(starts, document.sentence(start)[1])):
                found[at].add(said)
        elif before >= 0 and (behind := _behind(plain, reach[before], start, said, reach[before] > ends[before])):
            found[before].add(said)
            reach[before] = end
            given.setdefault(document.sentence(starts[before]), []).append((before, Depth()))
            while behind["list"] and before and _JOINT.fullmatch(plain, ends[before - 1], starts[before]):
                before -= 1
                found[before].add(said)
        elif said.depth:
            _give_lines(plain, Match(start, end, "depth", said.depth), starts, found)
    for told in given.values():
        if len({at for at, _ in told}) == 1:
            _give_list(plain, starts, ends, found, told)
    for at, end in enumerate(ends):
        if found[at].depth is None and (bar := _BAR.match(plain, end)):
            found[at].depth = _of_bar(document, bar)
    return found


def _claims(plain: str, tokens: Tokens) -> list[tuple[int, int, Depth]]:
    """What a text claims of depths and years, in its order: (start, end, Depth)."""
    claims = [(cue.start, cue.end, Depth(cue.name)) for cue in signal_words().depth.scan(tokens)]
    cued = len(claims)
    for at in [at for at, word in enumerate(tokens.words) if word in _YEAR_WORDS]:
        start = tokens.starts[at]
        if amount := _AMOUNT.search(plain, max(0, start - 24), start):
            years = NUMBER_WORDS.get(amount["n"].lower()) or int(amount["n"])
            if 0 < years <= _MOST_YEARS:
                claims.append((amount.start(), tokens.ends[at], Depth(years=years)))
    return claims if len(claims) == cued else sorted(claims, key=lambda claim: claim[:2])


def _behind(plain: str, end: int, start: int, said: Depth, more: bool) -> re.Match[str] | None:
    """The text between a mention, or what is said of it, and a claim behind it; None where that claims something else."""
    if start - end > _REACH:
        return None
    return (_BEHIND if said.depth else _YEARS_BEHIND).fullmatch(plain, end, start) or (_MORE.fullmatch(plain, end, start) if more else None)


def _give_lines(plain: str, cue: Match, starts: list[int], found: list[Depth]) -> None:
    """A cue alone in its line speaks of the lines below, to the next blank one."""
    begin = plain.rfind("\n", 0, cue.start) + 1
    after = _ALONE_AFTER.match(plain, cue.end)
    if after is None or not _ALONE.fullmatch(plain, begin, cue.start):
        return
    close = plain.find("\n\n", cue.end)
    for at in range(bisect_left(starts, cue.end), bisect_left(starts, close if close >= 0 else len(plain))):
        found[at].depth = cue.name


def _give_list(plain: str, starts: list[int], ends: list[int], found: list[Depth], told: list[tuple[int, Depth]]) -> None:
    """A cue that stands alone in its sentence speaks of the whole list behind it: `expert in X, Y and Z`."""
    at = told[0][0]
    for following in range(at + 1, min(at + _MOST_JOINED, len(starts))):
        if not _JOINT.fullmatch(plain, ends[following - 1], starts[following]):
            break
        for _, said in told:
            found[following].add(said)


def _of_bar(document: NormalisedText, bar: re.Match[str]) -> str | None:
    """The depth that a bar of marks shows; filled and hollow marks are told apart in the source."""
    if bar["marks"]:
        marks = document.quote(*bar.span("marks"))[0]
        filled = sum(mark not in _HOLLOW for mark in marks)
        share = filled / max(len(marks), 5)
    elif bar["n"]:
        share = int(bar["n"]) / int(bar["of"])
    else:
        share = int(bar["share"]) / 100
    if not 0 < share <= 1:
        return None
    return DEPTH[(share > 0.45) + (share > 0.75)]


def find_stressed(document: NormalisedText, mentions: list[Match], cues: list[Match], border: int) -> list[Match]:
    """Mentions of skills and soft skills that an ad stresses: in the title, by words such as `above all`, or again and again.

    Args:
        document: NormalisedText of a job.
        mentions: of the ad, in text order.
        cues: of the kind "stress".
        border: where its title ends.
    """
    often = Counter(m.name for m in mentions)
    behind = [cue for cue in cues if cue.name == "stress"]
    labels = label_mentions(document, [(m.start, m.end) for m in mentions], behind) if behind else [None] * len(mentions)
    stressed = {m for m, label in zip(mentions, labels, strict=True) if m.end <= border or label == "stress" or often[m.name] >= _OFTEN}
    for cue in cues:
        if cue.name == "ahead":
            at, finish = bisect_left(mentions, (cue.end,)), document.sentence(cue.start)[1]
            if at < len(mentions) and mentions[at].start < min(finish, cue.end + _REACH):
                stressed.add(mentions[at])
                while at + 1 < len(mentions) and _JOINT.fullmatch(document.plain, mentions[at].end, mentions[at + 1].start):
                    at += 1
                    stressed.add(mentions[at])
    return sorted(stressed)

"""Must-have, nice-to-have or neither: what the cues of a sentence say about the skills in it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from itertools import pairwise

from minirank.extract.normalised_text import NormalisedText
from minirank.extract.rules.lexicon import Match, Tokens, lexicon

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
_BOILERPLATE_REACH = 100  # characters
_COMPANY = re.compile(
    r"(?i)\W{0,3}(?:(?:we|our|us|at (?!least))\b(?!(?: are|'re)? (?:look|expect|requir|need|want|seek|search))"
    r"|(?:wir sind|unsere?|nous sommes|notre|nos|somos|nuestr[ao]s?|siamo|la nostra|i nostri|a nossa|os nossos|wij zijn|onze|jesteśmy"
    r"|nasz[ae]?|suntem|vi är|våra?|vår)\b(?! (?:auf der suche|à la recherche|en búsqueda|alla ricerca|op zoek|în căutare)))"
)
_PRESENTS = re.compile(
    r"(?i)\W{0,3}(?:(?:we are|we're) (?:an? |the |one of )|[^.\n]{0,50}\bis (?:an? |the |one of the )(?:[\w-]{1,20} ){0,2}"
    r"(?:leading|leader|provider|company|manufacturer|agency|start-?up)\b)"
)
# What an employer does: `Acme develops turbines`, `The Centre has worked for nature since 1990`.
_DOES = re.compile(
    r"(?!(?:[\w'-]{1,20} ){0,4}?(?:[Cc]andidates?|[Aa]pplicants?|[Rr]ole|[Pp]osition|[Jj]ob|[Pp]erson|Engineer|Manager|Developer|Analyst"
    r"|Specialist|Assistant|Officer|Nurse|Teacher|Consultant|You|This|It)\b)"
    r"\W{0,3}(?:The |This |Our |At )?(?:[A-Z][\w&'.-]{1,24} ){0,4}(?:Centre|Center|Company|Group|Department|Institute"
    r"|University|[Cc]ompany|group|firm"
    r"|organi[sz]ation|agency|institute|team|[A-Z][\w&'.-]{1,24}) (?:is|was|has|works|develops|provides|offers|delivers"
    r"|designs|operates|supports"
    r"|builds|helps|makes|produces|manufactures|aims|employs|specialises|specializes|runs|conducts|seeks to|strives|creates"
    r"|serves|combines)\b"
    r"(?! (?:looking|seeking|hiring|recruiting|responsible|expected|required|able))"
)
# What an employer gives: `You get IT support and first aid training`; `you get to build` is a task.
_OFFERED = re.compile(
    r"(?i)\W{0,3}(?:(?:and|here|with us|in return),? )?(?:you|we)(?:'ll| will| can)?(?: also)? (?:get|receive|be given"
    r"|be offered|enjoy|earn"
    r"|offer(?: you)?|give you|provide you with) (?!to\b)"
)
_WORKS_WITH = re.compile(
    r"(?i)\W{0,3}(?:we (?:mainly |also |mostly |currently |primarily )?(?:use|work with|work in|code|program|build (?:in|with|on)|run on"
    r"|rely on|develop (?:in|with))"
    r"|our (?:[\w-]{1,20} ){0,2}(?:stack|tools?|toolset|technologies|services|platform|code|frontend|backend|infrastructure))\b"
)


def label_requirements(
    document: NormalisedText, mentions: list[Match], cues: list[Match], border: int, marked: Mapping[Match, bool] | None = None
) -> tuple[list[Match], list[Match]]:
    """Of mentions of skills in a job, those that are demanded and those that are welcome.

    A cue in the sentence decides; then the section. Outside a section of requirements (tasks, an ad without
    headings) a skill counts as demanded when the ad has no such section, or the sentence speaks of experience. What
    the tagger marks elsewhere is welcome. What the company says of itself asks nothing, but for what it works with
    (`We use Go`), which any other mention comes before.

    Args:
        document: NormalisedText of a job.
        mentions: list of Match, sorted.
        cues: those of the lexicon in the document, a list of Match.
        border: offset where the description starts.
        marked: whether the tagger marks a mention; those that are missing it does not.
    """
    marked = marked or {}
    labels = label_mentions(document, [(m.start, m.end) for m in mentions], [c for c in cues if c.kind != "weak"])
    weak = {document.sentence(c.start) for c in cues if c.kind == "weak"}
    explicit = document.has("must")
    must, nice, used = [], [], []
    for m, label in zip(mentions, labels, strict=True):
        section, sentence = document.section(m.start), document.sentence(m.start)
        if m.end <= border:
            label = "must"
        elif label is None and section in ("must", "nice"):
            label = section
        elif label is None and sentence in weak:
            label = "must"
        elif label is None and not explicit:
            if _PRESENTS.match(document.plain, sentence[0]) or _OFFERED.match(document.plain, sentence[0]):
                continue
            if marked.get(m) or not of_company(document, m.start):
                label = "must"
            elif _WORKS_WITH.match(document.plain, sentence[0]):
                used.append(m)
        elif label is None and marked.get(m):
            label = "nice"
        if label == "must":
            must.append(m)
        elif label == "nice":
            nice.append(m)
    return [*must, *used], nice


def boilerplate_spans(document: NormalisedText, tokens: Tokens, cues: list[Match], border: int) -> list[tuple[int, int]]:
    """Spans of sentences about benefits, equal opportunity, privacy or the application, unless they speak of experience.

    Where no stop ends a sentence, as in a list that lost its line breaks, only what stands near the words that tell.

    Args:
        document: NormalisedText of a job.
        tokens: Tokens(document.plain).
        cues, border: as for `label_requirements`.
    Returns: sorted list of (start, end), without overlaps.
    """
    known = {document.sentence(c.start) for c in cues if c.kind == "weak"}
    found: list[tuple[int, int]] = []
    for m in lexicon().boilerplate.scan(tokens):
        start, end = sentence = document.sentence(m.start)
        if m.start > border and sentence not in known:
            start, end = max(start, m.start - _BOILERPLATE_REACH), min(end, m.end + _BOILERPLATE_REACH)
            if found and start <= found[-1][1]:
                start = found.pop()[0]
            found.append((start, end))
    return found


def of_company(document: NormalisedText, position: int) -> bool:
    """Whether the sentence at an offset speaks of the employer: `We are a creative team`."""
    return _COMPANY.match(document.plain, document.sentence(position)[0]) is not None


def presents(document: NormalisedText, position: int) -> bool:
    """Whether the sentence at an offset says what the employer is, does or gives, and asks nothing."""
    start = document.sentence(position)[0]
    plain = document.plain
    return of_company(document, position) or any(pattern.match(plain, start) for pattern in (_PRESENTS, _OFFERED, _DOES))


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

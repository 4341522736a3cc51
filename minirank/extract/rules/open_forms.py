"""Open vocabulary: what the tagger marks in a job without a name in the lexicon, under a normal form of its own words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from minirank.extract.masked_text import PLACEHOLDER
from minirank.extract.normal_form.known_words import is_word
from minirank.extract.rules.gazetteer import Gazetteer
from minirank.extract.rules.lexicon import Match
from minirank.extract.rules.requirements import of_company
from minirank.extract.rules.scanned_text import FORM, ScannedText
from minirank.extract.rules.spans import marked_spans
from minirank.extract.rules.tagger_features import Spans

_LONGEST_FORM, _SHORTEST_PHRASE = 80, 8  # characters

_FUNCTION_WORDS = frozenset("the and to of in for with a you we is are our your on be an as or at will".split())
_ENGLISH = 0.14  # their share of the words: 0.18 or more in every posting of SkillSpan, 0.11 or less in other languages

_LINKS = frozenset("a an the our your their its this these of in with on for and or to as e.g i.e etc such like using is are".split())
_GRADES = frozenset(
    "any some other various several different multiple all both more similar related relevant good strong excellent great"
    " solid deep broad basic advanced proven proficient extensive thorough sound in-depth hands-on practical previous prior"
    " demonstrable demonstrated professional outstanding exceptional fluent familiar experienced skilled new".split()
)
_NOUNS = frozenset(
    "knowledge understanding experience expertise familiarity proficiency command skill skills abilities degree degrees".split()
)
_VERDICTS = frozenset(
    "required preferred desired desirable mandatory essential necessary needed optional advantage plus bonus must".split()
)
_PLURAL_LIKE = ("ss", "us", "is", "ics", "ws")  # physics, news: no plural
_KEPT_S = frozenset("sales logistics series species always linux windows humanities".split())
_DASHES = re.compile("[\u2010-\u2015-]")
_PARENTHESIS = re.compile(r"[(\[][^()\[\]]*(?:[)\]]|$)")
_POSSESSIVE = re.compile(r" ?['\u2019]s\b")
_MASKED = re.compile(rf"{PLACEHOLDER}|<\w{{1,20}}>")
_STUDIED = re.compile(r"[\s,)]{0,3}(?:degrees? )?(?:(?:in|of|within) )?")
_CAPITALS = re.compile(r"(?:[A-Z][\w.+#-]* ){2,4}")
_VENDOR = re.compile(r"(?<=[A-Z])[\w.+#-]* ((?:Apache|Microsoft|Google|Amazon|Adobe|Oracle|IBM|VMware|Atlassian|Autodesk) [A-Z])")
_WORD = re.compile(r"[^\s()\[\]{}<>\"“”„`,;:!?*•|]+")


class Marked(NamedTuple):
    """What the tagger marks in a job, outside of sections that ask for nothing; offsets into `plain`.

    `skills`: phrases of what one does. `knowledge`: what one knows. `asked`: whether the tagger has something to say at all.
    """

    skills: Spans
    knowledge: Spans
    asked: bool = True

    def touches(self, matches: list[Match]) -> list[bool]:
        """Whether a span shares a character with each of these sorted matches."""
        spans = sorted([*self.skills, *self.knowledge])
        return [bool(inside) for _, inside in _touching([match[:2] for match in matches], spans)]


def marked_in_english(scan: ScannedText, gazetteer: Gazetteer | None, is_asked: Callable[[int], bool] = lambda position: True) -> Marked:
    """The tagger's spans where it has something to say.

    It has learned from English sentences; of another language, or of a mere list, it knows nothing and is not asked.

    Args:
        scan: ScannedText of a job.
        gazetteer: Gazetteer or None.
        is_asked: whether what stands at an offset into `plain` may be asked of a candidate.
    """
    words = list(filter(str.isalpha, scan.tokens.words))
    if sum(map(_FUNCTION_WORDS.__contains__, words)) < _ENGLISH * max(len(words), 1):
        return Marked([], [], False)
    skills, knowledge = ([span for span in layer if is_asked(span[0])] for layer in marked_spans(scan, gazetteer))
    return Marked(skills, knowledge)


class ModelMarks(NamedTuple):
    """What a model marks in the place of the tagger; offsets into the source.

    `spans`: skills, tools and knowledge. `unread`: where it did not answer, and the tagger's marks stay.
    """

    spans: Spans
    unread: Spans


def marked_by_model(scan: ScannedText, marks: ModelMarks, tagged: Spans, is_asked: Callable[[int], bool] = lambda position: True) -> Spans:
    """The spans of knowledge where a model has read a text, without overlaps, where `is_asked` allows.

    Args:
        scan: ScannedText.
        marks: ModelMarks.
        tagged: the tagger's.
        is_asked: as for `marked_in_english`.
    """
    spans, unread = ([scan.text.text_span(*span) for span in part] for part in marks)
    kept = [span for span in tagged if any(start <= span[0] < end for start, end in unread)]
    found: Spans = []
    for start, end in sorted([*spans, *kept]):
        if start < end and is_asked(start) and (not found or found[-1][1] <= start):
            found.append((start, end))
    return found


def open_forms(scan: ScannedText, knowledge: Spans, names: Iterable[Match], tasks: Iterable[tuple[str, int, int]]) -> list[Match]:
    """Spans of knowledge that no name stands for, as Matches whose name is the surface form.

    A name stands for the span of its first mention (`Python 3`), and for later ones in the same words. A span of which it
    covers less than two thirds of the letters says more (`AWS cost control`), and stands beside it; so do other words for a
    name that was said before (`React ... Redux`). What is studied begins after the degree (`Master in geology`).

    Args:
        scan: ScannedText.
        knowledge: of `Marked`.
        names: what the lexicon and the gazetteer know.
        tasks: (words, start, end) of responsibilities; what opens one is no knowledge.
    """
    plain, names = scan.plain, sorted(names)
    openings = {start for _, start, _ in tasks}
    degrees = [name for name in names if name.kind == "education"]
    spans = [(_after(plain, start, inside), end) for (start, end), inside in _touching(knowledge, degrees)]
    first: dict[str, Match] = {}
    for name in names:
        first.setdefault(name.name, name)
    found = []
    spans = [s for s in spans if s[0] < s[1] and s[0] not in openings]
    spans = [part for span, inside in _touching(spans, names) for part in _parted(plain, *span, inside)]
    for (start, end), inside in _touching(spans, names):
        form, said = surface_form(plain[start:end]), [first[name.name] for name in inside]
        if form is None or form in first:
            continue
        covers = 3 * _letters(plain, inside, start, end) >= 2 * _letters(plain, [(start, end)], start, end)
        if not covers or not any(each.end > start or form == surface_form(plain[each.start : each.end]) for each in said):
            found.append(Match(start, end, FORM, form))
    return found


def open_phrases(scan: ScannedText, skills: Spans, known: Iterable[tuple]) -> list[tuple[str, int, int]]:
    """Phrases of skills that nothing known touches: (words, start, end).

    Args:
        scan: ScannedText.
        skills: of `Marked`.
        known: tuples that begin with start and end.
    """
    found = [
        (" ".join(scan.plain[start:end].split()), start, end) for (start, end), others in _touching(skills, sorted(known)) if not others
    ]
    return [phrase for phrase in found if len(phrase[0]) >= _SHORTEST_PHRASE and PLACEHOLDER not in phrase[0]]


def surface_form(words: str) -> str | None:
    """The normal form of a span: what is left when only the wording differs, or None where that is nothing.

    Lower case; a parenthesis is left out (`Amazon Web Services (AWS)`), unless it is all there is; hyphens are spaces;
    articles, adjectives of degree, `knowledge of` and its like are left out at the beginning, `skills`, `experience`, `required`
    and linking words at the end, `'s` everywhere; the last word's regular plural becomes a singular, in a capitalised word only
    where that is a known word (`Databases`, not `Jenkins`).
    """
    if _MASKED.search(words):
        return None
    words = _POSSESSIVE.sub("", _DASHES.sub(" ", words))
    outside = _PARENTHESIS.sub(" ", words)
    tokens = _WORD.findall(outside if _WORD.search(outside) else words)
    tokens = [token.strip(".'/&+#_") if token.lower().rstrip(".") in _LINKS else token.rstrip(".'/&").lstrip("'/&#_") for token in tokens]
    tokens = [token for token in tokens if token]
    first, last = 0, len(tokens)
    while first < last and tokens[first].lower() in _LINKS | _GRADES | _NOUNS:
        first += 1
    while last > first and tokens[last - 1].lower() in _LINKS | _NOUNS | _VERDICTS:
        last -= 1
    if first == last:
        return None
    form = " ".join([*tokens[first : last - 1], _singular(tokens[last - 1])]).lower()
    return form if len(form) <= _LONGEST_FORM and any(map(str.isalpha, form)) and (len(form) > 1 or not form.isascii()) else None


def _parted(plain: str, start: int, end: int, inside: list[Match]) -> Spans:
    """The names that a list without commas has joined in a span: `Entity Framework Azure`, `Kotlin Apache Cordova`.

    A known name that ends the span stands for itself behind two words in capitals or more; the name of a vendor opens another.
    """
    if inside and inside[-1].end == end and _CAPITALS.fullmatch(plain, start, max(start, inside[-1].start)):
        last = inside[-1].start
        return [(start, start + len(plain[start:last].rstrip())), (last, end)]
    cuts = [m.start(1) for m in _VENDOR.finditer(plain, start, end)]
    borders = [start, *cuts, end]
    return [(a, a + len(plain[a:b].rstrip(" /&"))) for a, b in pairwise(borders)] if cuts else [(start, end)]


def _after(plain: str, start: int, degrees: list[Match]) -> int:
    """Where a span begins, or what is studied where it opens with a degree."""
    if not degrees:
        return start
    studied = _STUDIED.match(plain, degrees[-1].end)
    return studied.end() if studied else degrees[-1].end


def _singular(word: str) -> str:
    """A word without the regular ending of its plural."""
    low = word.lower()
    if len(word) > 2 and word.endswith("s") and word[:-1].isupper():  # APIs
        return word[:-1]
    if len(word) < 4 or not word.endswith("s") or not word.isalpha() or low.endswith(_PLURAL_LIKE) or low in _KEPT_S:
        return word
    if word.endswith("ies") and len(word) > 4:
        single = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes", "zes")):
        single = word[:-2]
    else:
        single = word[:-1]
    return single if word[0].islower() or is_word(single, 3) else word


def _touching(spans: Spans, others: list) -> Iterator[tuple[tuple[int, int], list]]:
    """Each span with those of the others that share a character with it; both sorted, the spans without overlaps."""
    first = 0
    for start, end in spans:
        while first < len(others) and others[first][1] <= start:
            first += 1
        last = first
        while last < len(others) and others[last][0] < end:
            last += 1
        yield (start, end), [other for other in others[first:last] if other[1] > start]


def _letters(plain: str, spans: Iterable[tuple], start: int, end: int) -> int:
    """How many letters of a part of a text lie in spans."""
    inside = {at for span in spans for at in range(max(span[0], start), min(span[1], end))}
    return sum(plain[at].isalpha() for at in inside)


def without_company(scan: ScannedText, names: list[Match], marked: Marked, cues: list[Match]) -> list[Match]:
    """Names without those that the tagger leaves out where a sentence speaks of the employer: `We lead in investment banking`."""
    if not marked.asked:
        return names
    asking = {scan.sentence(cue.start) for cue in cues}
    touched = zip(names, marked.touches(names), strict=True)
    return [m for m, is_marked in touched if is_marked or scan.sentence(m.start) in asking or not of_company(scan, m.start)]

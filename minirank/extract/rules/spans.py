"""Spans as human annotators mark them (SkillSpan): skills are what one can do, knowledge is what one knows."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from minirank.extract.normalised_text import NormalisedText
from minirank.extract.rules.gazetteer import Gazetteer
from minirank.extract.rules.lexicon import lexicon
from minirank.extract.rules.scanned_text import ScannedText
from minirank.extract.rules.tagger import tagger
from minirank.extract.rules.tagger_features import Marks, Spans

Word = tuple[int, int, str]  # start, end, in lower case

_INSIDE_PLACEHOLDER = re.compile(r"[^\W_]\w*|\S")
_LONGEST_VERB_PHRASE, _LONGEST_NOUN_PHRASE = 12, 6  # words

# Annotators cut before the purpose, the place and the means; `and` ends a phrase when a verb follows.
_ENDS = frozenset(
    "to in with for that on from within as by across while through including at but which using who where when whose if"
    " because so than then during via towards toward into about between throughout is are was were be will would can"
    " could should must may might have has had we they he she it this these you if both either e.g i.e etc how what"
    " why".split()
)
_INTRANSITIVE = re.compile(
    r"(?:work|collaborat|communicat|participat|contribut|interact|adapt|engag|act|cooperat|liais|thriv|deal|focus"
    r"|partner|report|respond|assist|striv|lead)(?:e|s|es|ing)?"
)
_FIRST_PREPOSITIONS = frozenset("in with on to as for at within from across under into".split())
_BEFORE_VERB = frozenset("to you will and & • - * . : ; ? ! or , also then that who can must".split())
_BEFORE_NAMED = frozenset("and or of in for with about by around & • - * . : ; ? ! , be are is on at through".split())
_DETERMINERS = frozenset("a an the our their its your new all any some other".split())
_COMPANY = frozenset("we our us we're we've".split())
_CANDIDATE = frozenset("you your you'll you're candidate applicant".split())

# What comes before the name of something known: `experience with`, `knowledge of` ...
_CUES = {
    cue: frozenset(prepositions.split(", "))
    for cues, prepositions in (
        (
            "experience experienced expertise background proficiency proficient skills skilled competence competences degree"
            " education training specialist expert trained versed fluency fluent phd master bachelor",
            "with, in, within, of, using",
        ),
        ("knowledge understanding command grasp mastery familiarity knowledgeable", "of, in, about, with, on, within"),
        ("familiar acquainted", "with"),
        ("tool tools technologies framework frameworks language languages", "such as, like"),
    )
    for cue in cues.split()
}
_PREPOSITIONS = re.compile(r"(?i) (with|within|in|of|using|about|on|such as|like)\s")
_BETWEEN = re.compile(r"\W")
_LONGEST_CUE = 16  # characters, more than any has
_FILLERS = frozenset(
    "a an the one or more several at least some e.g other similar such as like any various both different working"
    " strong good solid deep our your relevant related following all least with in of using and ( : - *".split()
)
_LOOKS_TECHNICAL = re.compile(r"[A-Z][\w.+#/-]*(?:[A-Z\d+#])[\w.+#/-]*|[a-z]+[A-Z]\w*|\w+\.(?:js|NET|io)")
_LONGEST_NAME = 60  # characters: the pattern may look at each of them again for each
_LIST_JOINTS = frozenset("and or / & , (".split())
_NAME_ENDS = _ENDS | _LIST_JOINTS
_NO_OBJECT_ENDS = _DETERMINERS | _FIRST_PREPOSITIONS | {"and", "or", "&", "of"}


def skill_spans(text: str, gazetteer: Gazetteer | None = None) -> tuple[Spans, Spans]:
    """Spans of skills and of knowledge in a job posting, by the tagger that comes with the package.

    Args:
        text: str.
        gazetteer: Gazetteer of labels that count as skills or knowledge, or None.
    Returns: (skills, knowledge), two sorted lists of (start, end), each without overlaps; a skill and a piece of
        knowledge may overlap.
    """
    scan = _scan(text)
    skills, knowledge = marked_spans(scan, gazetteer)
    return scan.source_spans(skills), scan.source_spans(knowledge)


def marked_spans(scan: ScannedText, gazetteer: Gazetteer | None = None) -> tuple[Spans, Spans]:
    """`skill_spans` of a ScannedText, offsets into `plain`."""
    labels = () if gazetteer is None else (gazetteer.spans(scan.plain), gazetteer.bonus)
    return tagger().spans(scan, _proposals(scan), *labels)


def rule_spans(text: str) -> tuple[Spans, Spans]:
    """Spans of skills and of knowledge by rules alone: (skills, knowledge), as `skill_spans`.

    Knowledge: the lexicon's skills, languages, degrees and fields of study, and the noun phrases after
    `experience with`, `knowledge of`. Skills: phrases of an action verb, and soft skills.
    """
    scan = _scan(text)
    skills, knowledge = _by_rules(scan)
    return scan.source_spans(skills), scan.source_spans(knowledge)


def propose(text: str) -> tuple[NormalisedText, Marks]:
    """What the rules see in a posting, as evidence for the tagger.

    Returns: (NormalisedText, {name: sorted list of (start, end, label)}), offsets into its `plain`.
    """
    scan = _scan(text)
    return scan, _proposals(scan)


def _scan(text: str) -> ScannedText:
    return ScannedText(text, lexicon().job_headings, names=False)


def _proposals(scan: ScannedText) -> Marks:
    skills, knowledge = _by_rules(scan)
    facts = sorted((m.start, m.end, m.kind) for matches in scan.kinds.values() for m in matches)
    titles = sorted((m.start, m.end, m.kind) for m in (*scan.titles, *scan.levels))
    return {"skill": [(*span, "") for span in skills], "known": [(*span, "") for span in knowledge], "fact": facts, "title": titles}


def _by_rules(scan: ScannedText) -> tuple[Spans, Spans]:
    words = lexicon()
    tokens = _tokens(scan)
    named = [m for kind in ("skill", "education", "language") for m in scan.kinds[kind]]
    studied = {scan.sentence(m.start) for m in scan.kinds["education"]}
    named += [m for m in words.fields.scan(scan.tokens) if " " in m.name or scan.sentence(m.start) in studied]
    in_title = {at for m in scan.titles for at in range(m.start, m.end)}
    heading = scan.plain.find("\n")
    of_company = _company_sentences(scan)
    knowledge = [(m.start, m.end) for m in named if m.start > heading and m.start not in in_title and scan.section(m.start) != "other"]
    knowledge += _known(scan, tokens)
    knowledge += _neighbours(scan.plain, tokens, knowledge)
    skills = [(m.start, m.end) for m in scan.kinds["soft"] if scan.section(m.start) != "other" and not of_company(m.start)]
    skills += _abilities(scan, tokens, words.verbs, of_company)
    return _longest(skills), _longest(knowledge)


def _tokens(document: NormalisedText) -> list[Word]:
    """The words of a text, a placeholder (`<NAME>`) as three."""
    words, starts, ends = document.words
    tokens = list(zip(starts, ends, map(str.lower, words), strict=True))
    for at in [at for at, word in enumerate(words) if word[0] == "<" and len(word) > 1][::-1] if "<" in document.plain else ():
        tokens[at : at + 1] = [
            (m.start(), m.end(), m[0].lower()) for m in _INSIDE_PLACEHOLDER.finditer(document.plain, starts[at], ends[at])
        ]
    return tokens


def _neighbours(plain: str, tokens: list[Word], knowledge: Spans) -> Iterator[tuple[int, int]]:
    """Acronyms and mixed-case words in a list beside something known: `SQS, SNS` after `AWS`."""
    inside = {at for start, end in knowledge for at in range(start, end)}
    for first in [at for at, token in enumerate(tokens) if token[0] in inside]:
        for direction in (1, -1):
            at = first + direction
            while 0 <= at < len(tokens) and tokens[at][0] not in inside:
                start, end, word = tokens[at]
                if end - start <= _LONGEST_NAME and _LOOKS_TECHNICAL.fullmatch(plain, start, end):
                    yield start, end
                elif word not in _LIST_JOINTS:
                    break
                at += direction


def _longest(spans: Spans) -> Spans:
    """Spans without overlaps, the longer one kept."""
    kept, reached = [], -1
    for start, end in sorted(spans):
        if start >= reached:
            kept.append((start, end))
            reached = end
        elif end - start > kept[-1][1] - kept[-1][0]:
            kept[-1] = (start, end)
            reached = end
    return kept


def _company_sentences(document: NormalisedText) -> Callable[[int], bool]:
    """Whether the sentence at an offset speaks of the employer and not to the candidate."""

    @cache  # SPEED: a text without stops is one sentence, which thousands of verbs may ask for
    def speaks_of_company(start: int, end: int) -> bool:
        said = set(document.plain[start:end].lower().split())
        return bool(said & _COMPANY) and not said & _CANDIDATE

    return lambda position: speaks_of_company(*document.sentence(position))


def _abilities(
    document: NormalisedText, tokens: list[Word], verbs: Mapping[str, str], of_company: Callable[[int], bool]
) -> Iterator[tuple[int, int]]:
    """Phrases of an action verb, from the verb to the end of its object."""
    plain = document.plain
    past = 0
    for at in [at for at, (_, _, word) in enumerate(tokens) if word in verbs]:
        start, form = tokens[at][0], verbs[tokens[at][2]]
        if at < past or form == "s":
            continue
        opens = at == 0 or "\n" in plain[tokens[at - 1][1] : start]
        before = tokens[at - 1][2] if at else "\n"
        if before.endswith("ly") and at > 1:
            before = tokens[at - 2][2]
        allowed = opens or before in (_BEFORE_VERB if form == "base" else _BEFORE_NAMED)
        if not allowed or document.section(start) == "other" or of_company(start):
            continue
        past = _verb_phrase_end(plain, tokens, at, verbs)
        if past - at > 1:
            yield start, tokens[past - 1][1]


def _verb_phrase_end(plain: str, tokens: list[Word], at: int, verbs: Mapping[str, str]) -> int:
    """Index after the last word of the phrase that starts at a verb."""
    free = _INTRANSITIVE.fullmatch(tokens[at][2]) is not None
    last = at + 1
    while last < len(tokens) and last - at < _LONGEST_VERB_PHRASE:
        start, _, word = tokens[last]
        if "\n" in plain[tokens[last - 1][1] : start] or not (word[0].isalnum() or word in "&/<>"):
            break
        if word in ("and", "or", "&"):
            following = tokens[last + 1][2] if last + 1 < len(tokens) else "."
            if last > at + 1 and (following in verbs or following in _ENDS or not following[0].isalnum()):
                break
        elif word in _ENDS:
            if not (free and word in _FIRST_PREPOSITIONS):
                break
            free = False
        last += 1
    while last > at + 1 and tokens[last - 1][2] in _NO_OBJECT_ENDS:
        last -= 1
    return last


def _known(document: NormalisedText, tokens: list[Word]) -> Iterator[tuple[int, int]]:
    """Noun phrases after `experience with` and its like, one span an item of the list."""
    plain = document.plain
    ends = {end: at for at, (_, end, _) in enumerate(tokens)}
    verbs = lexicon().verbs
    for preposition in _PREPOSITIONS.finditer(plain):
        before = ends.get(preposition.start())
        if before is None:
            continue
        cue = _BETWEEN.split(tokens[before][2][-_LONGEST_CUE:])[-1]
        if preposition[1].lower() not in _CUES.get(cue, ()) or document.section(preposition.start() - len(cue)) == "other":
            continue
        at = bisect_left(tokens, (preposition.end(),))
        if at == len(tokens) or tokens[at][0] > preposition.end():
            continue
        while at < len(tokens):
            while at < len(tokens) and tokens[at][2] in _FILLERS:
                at += 1
            first = at
            while at < len(tokens) and at - first < _LONGEST_NOUN_PHRASE:
                start, _, word = tokens[at]
                if (at > first and "\n" in plain[tokens[at - 1][1] : start]) or word in _NAME_ENDS:
                    break
                if not (word[0].isalnum() or word == "<") or verbs.get(word) == "ing":
                    break
                at += 1
            if at == first:
                break
            yield tokens[first][0], tokens[at - 1][1]
            if at >= len(tokens) or tokens[at][2] not in _LIST_JOINTS:
                break
            at += 1

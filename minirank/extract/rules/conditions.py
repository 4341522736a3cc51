"""Conditions of a job that a job asks for or a person accepts (shifts, travel, a licence ...), and leadership asked for or shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from minirank.extract.rules.lexicon import Match

_NEAR = 40  # characters before a cue, and behind it, that may turn it round
_NO = re.compile(
    r"(?i)(?:\b(?:no|not|without|never|unable|cannot|can't|don't|doesn't|won't|isn't|free of|instead of|keine?[nrm]?|ohne|nicht|nie"
    r"|pas|sans|jamais"
    r"|aucune?|non|senza|sem|não|nao|sin|ninguna?|geen|zonder|niet|bez|brak|fără|nu|inga|inget|ingen|utan|inte|не|без"
    r"|нет)\b[^.,;:!?\n|•]{0,24}"
    r"|[不無无][^.,;:!?\n|•。，]{0,4})$"
)
_NO_AFTER = re.compile(
    r"(?i)[\s]{0,2}(?:[:：=-]\s?(?:no|none|nein|non|nu|não|nee|nie|keine?|ninguna?|0\s?%|never|not)\b"
    r"|(?:is |are |work |will be |wird |ist |sind )?(?:not |never |nicht |keine |non |n'est pas |no es )"
    r"|off\b|free\b|frei\b|(?:is |are )?(?:optional|unnecessary))"
)
# `business travel insurance`, `on call with customers`, `relocation assistance`: another thing.
_OTHER_THING = re.compile(
    r"(?i)[\s-]{0,2}(?:insurance|agenc(?:y|ies)|agents?\b|industry|sector|expenses?|allowances?|costs?|reimburse|apps?\b|tech\b|sites?\b"
    r"|bookings?|discounts?|support"
    r"|assistance|package|bonus|budget|guides?|trips? with|with (?:customers|clients|users)|cent(?:er|re)|management system"
    r"|planning software|versicherung)"
)
_SHARE = re.compile(r"\d{1,3}\s?%")
_SHARE_REACH = 22
_CLASSES = re.compile(
    r"(?i)[\s:(,-]{0,3}(?:(?:klasse|class|classe|clase|cat\.?|categor(?:y|ia|ie|ía)|kat\.?|kategori[ia]|kategorie|категории)\s?[.:]?\s?)?"
    r"(?P<classes>(?:[ABCDT]1?E?\b(?:[\s,/&+]{1,2}(?:and|und|et|e|y|i)?\s?)?){1,5})"
)
# `report to the team lead`, `works with team leads`: others lead.
_OTHERS_LEAD = re.compile(
    r"(?i)(?:\b(?:report|answer|work|alongside|support|assist|help|interview|our|contact|untersteht|bericht|rattaché)\w{0,4}\s"
    r"(?:(?!as\b|als\b|como?\b|come\b|comme\b|jako\b|ca\b|som\b)[\w,]{1,14}\s){0,4}"
    r"|\b(?:with|under|by|your|mit|unter|bajo|sotto|avec|sous|onder|met)\s(?:(?:the|a|an|our|your|dem|der|einem|einer|el|la|un|una"
    r"|le)\s)?)$"
)
# `industry-leading`, `Product Leads`, `one of the leading operators`
_INSIDE = re.compile(r"-\w$|\w [A-Z]$|(?:\b[Aa]n?|\b[Tt]he|'s|\b[Oo]ur|\bmost)\sl$")
# Where an ad looks for a leader: `as Head of Kitchen`, `we need a team lead`.
_WANTED = re.compile(
    r"(?i)\b(?:looking for|seek\w*|hir\w{1,4}|recruit\w*|as|are|be|become|role of|position of|need|suchen|gesucht|als|recherch\w*"
    r"|comme|buscamos|como"
    r"|cerchiamo|come|procuramos|zoeken|szukamy|jako|căutăm|ca|söker|som)\s(?:[\w'-]{1,14}\s){0,3}$"
)
_MENTORED = re.compile(
    r"(?i)\s(?:(?:and|or|&)\s\w{1,14}\s)?(?:of\s|to\s|for\s)?(?:junior|less|other|others|new|newer|colleagues|peers|students"
    r"|interns|younger|more|our|your|team members"
    r"|developers|engineers|staff|trainees|apprentices|talent\w*|nurses|people|them)"
)
_BY_OTHERS = re.compile(r"(?i)\s(?:by|from)\b")
_OWN_WORD = re.compile(
    r"(?i)(?:^|[.,;:\n(•*/-]\s{0,2}|\b(?:and|with|have|has|had|of|in|or|a|people|team|staff|prior|previous|first|some|proven|your"
    r"|my|strong|solid|senior|relevant"
    r"|demonstrated|extensive|years'?|no)\s)$"
)
_TEAM = (
    r"(?:teams?|departments?|groups?|crews?|squads?|staff|units?|divisions?|engineers|developers|people|employees|nurses|colleagues"
    r"|persons|subordinates"
    r"|reports|members|cooks|drivers|waiters|technicians|teachers|carers|welders|electricians|operators|trainees|apprentices"
    r"|interns|assistants|associates"
    r"|representatives|managers|scientists|analysts|specialists|workers|consultants|designers|agents|mitarbeiter\w{0,7}|abteilung"
    r"|gruppe|équipe|équipes"
    r"|personnes|collaborateurs"
    r"|equipos?|personas|empleados|persone|collaboratori|equipes?|equipas?|pessoas|colaboradores|medewerkers|mensen|osób"
    r"|pracowników|zespołem|zespołami|zespołu|persoane|oameni"
    r"|angajați|echipă|echipa|personer|medarbetare|человек|сотрудник\w{0,3}|командой|kolleg\w{0,4}|angestellten|facharbeiter\w{0,3})"
)
_LED = re.compile(
    rf"(?i)[\s:]{{0,2}}(?:up to\s|over\s|about\s)?(?:(?!(?:for|and|to|with|by|in|on|or|projects?|tasks?|processes|meetings?"
    rf"|workshops?|trainings?|accounts?"
    rf"|budgets?)\b)"
    rf"[\w/&-]{{1,16}}\s){{0,4}}?(?:team of(?:\s\w{{1,12}}){{1,2}}|{_TEAM}\b)(?!'s|\s(?:data|budgets?|meetings?|events?|records"
    rf"|relationships?|and process\w{{0,2}})\b)"
)


def find_conditions(plain: str, cues: list[Match]) -> Iterator[tuple[str, int, int]]:
    """Conditions that a text asks for or accepts, not those that it rules out: (name, start, end), in text order.

    `travel` with a share has the share in its span (`up to 30 % travel`), a driving licence its classes.

    Args:
        plain: normalised text.
        cues: of the kind "conditions".
    """
    for m in cues:
        if refused(plain, m) or _OTHER_THING.match(plain, m.end):
            continue
        name, start, end = m.name, m.start, m.end
        if name in ("travel", "travel share"):
            share = _SHARE.search(plain, end, min(len(plain), end + _SHARE_REACH)) or _SHARE.search(
                plain, max(0, start - _SHARE_REACH), start
            )
            if share is not None and "\n" not in plain[min(share.start(), end) : max(share.end(), start)]:
                if share[0].rstrip("% ") == "0":
                    continue
                start, end = min(start, share.start()), max(end, share.end())
            elif name == "travel share":
                continue
            name = "travel"
        elif name == "driving licence" and (classes := _CLASSES.match(plain, end)):
            end = end + len(plain[end : classes.end()].rstrip(" ,/&+"))
        yield name, start, end


def find_leadership(
    plain: str, cues: list[Match], border: int | None = None, apart: Callable[[int], bool] = lambda position: False
) -> tuple[str, int, int] | None:
    """The most of leadership that a job asks for, or that a resume shows: (name, start, end), None where nothing is said.

    Args:
        plain: normalised text.
        cues: of the kind "leadership".
        border: where the title of a job ends; None for a resume.
        apart: whether a position is in a part of a job that asks for nothing.
    """
    found: dict[str, tuple[str, int, int]] = {}
    for m in cues:
        read = _read(plain, m, border)
        if read is not None and not apart(m.start):
            found.setdefault(read[0], read)
    return next((found[name] for name in ("people", "project", "none") if name in found), None)


def _read(plain: str, m: Match, border: int | None) -> tuple[str, int, int] | None:
    """What a cue says, None where it speaks of something or somebody else."""
    name, start, end = m.name, m.start, m.end
    if name == "none":
        return name, start, end
    near = max(0, start - _NEAR)
    if name == "verb":  # `led a team of 8 engineers`; neither `industry-leading` nor `with Product Leads`
        led = _LED.match(plain, end, min(len(plain), end + 70))
        inside = _INSIDE.search(plain, max(0, start - 6), start + 1)
        if led is None or "\n" in led[0] or inside:
            return None
        name, end = "people", led.end()
    elif border is not None and end <= border:
        name = "people" if name == "leader" else name
    elif _OTHERS_LEAD.search(plain, near, start):
        return None
    elif name == "leader":
        if border is not None and not _WANTED.search(plain, near, start):
            return None  # `contact the Head of Sales`
        name = "people"
    elif name == "project" and plain[start : start + 6].lower() == "mentor":
        if not (border is None or _MENTORED.match(plain, end)) or _BY_OTHERS.match(plain, end):
            return None  # an ad that offers mentoring
    elif plain[start : start + 10].lower() == "management" and not _OWN_WORD.search(plain, near, start):
        return None  # `product management experience`
    return ("none" if refused(plain, m) else name), start, end


def refused(plain: str, m: Match) -> bool:
    """Whether the words around a cue say that it does not apply."""
    return bool(_NO.search(plain, max(0, m.start - _NEAR), m.start) or _NO_AFTER.match(plain, m.end))

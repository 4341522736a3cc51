"""Conditions of a job that a job asks for or a person accepts (shifts, travel, a licence ...), and leadership asked for or shown."""

from __future__ import annotations

import re
from collections.abc import Iterator

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
    r"(?i)[\s-]{0,2}(?:insurance|agenc(?:y|ies)|industry|sector|expenses?|allowances?|costs?|reimburse|apps?\b|tech\b|sites?\b"
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
_TEAM = (
    r"(?:teams?|departments?|groups?|crews?|squads?|staff|units?|divisions?|engineers|developers|people|employees|nurses|colleagues"
    r"|persons|subordinates"
    r"|reports|members|analysts|specialists|workers|consultants|designers|agents|mitarbeiter\w{0,7}|abteilung|gruppe|équipe|équipes"
    r"|personnes|collaborateurs"
    r"|equipos?|personas|empleados|persone|collaboratori|equipes?|equipas?|pessoas|colaboradores|medewerkers|mensen|osób"
    r"|pracowników|zespołem|zespołami|zespołu|persoane|oameni"
    r"|angajați|echipă|echipa|personer|medarbetare|человек|сотрудник\w{0,3}|командой|kolleg\w{0,4}|angestellten|facharbeiter\w{0,3})"
)
_LED = re.compile(
    rf"(?i)[\s:]{{0,2}}(?:(?!(?:for|and|to|with|by|in|on|or|projects?|tasks?|processes|meetings?|workshops?|trainings?|accounts?"
    rf"|budgets?)\b)"
    rf"[\w/&-]{{1,16}}\s){{0,4}}?(?:team of(?:\s\w{{1,12}}){{1,2}}|{_TEAM}\b)(?!'s|\s(?:data|budgets?|meetings?|events?|records"
    rf"|relationships?)\b)"
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


def find_leadership(plain: str, cues: list[Match], border: int | None = None) -> tuple[str, int, int] | None:
    """The most of leadership that a job asks for, or that a resume shows: (name, start, end), None where nothing is said.

    Args:
        plain: normalised text.
        cues: of the kind "leadership".
        border: where the title of a job ends; None for a resume.
    """
    found: dict[str, tuple[str, int, int]] = {}
    for m in cues:
        name, end = m.name, m.end
        if name == "verb":
            led = _LED.match(plain, end, min(len(plain), end + 70))
            if led is None or "\n" in led[0]:
                continue
            name, end = "people", led.end()
        titled = border is not None and m.end <= border
        if name != "none":
            if m.name != "verb" and not titled and _OTHERS_LEAD.search(plain, max(0, m.start - _NEAR), m.start):
                continue
            if refused(plain, m):
                name = "none"
        found.setdefault(name, (name, m.start, end))
    return next((found[name] for name in ("people", "project", "none") if name in found), None)


def refused(plain: str, m: Match) -> bool:
    """Whether the words around a cue say that it does not apply."""
    return bool(_NO.search(plain, max(0, m.start - _NEAR), m.start) or _NO_AFTER.match(plain, m.end))

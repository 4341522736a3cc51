"""Spellings that are words too: `Go`, `R`, `Excel`, `Spring`. When do they name a skill?"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from minirank.extract.rules.lexicon import Match

_TECHNICAL = (
    r"programming|developers?|development|engineers?|languages?|code|coding|backend|services?|applications?|apps?"
    r"|framework|experience|skills|knowledge|scripts?|scripting|packages?|components?|is|are|and|or|on|for|with|sql"
    r"|clusters?|jobs?|streaming|macros?|spreadsheets?|reports?|dashboards?|formulas?|models?|design|tools?|expert"
    r"|expertise|required|preferred|as|in production|stack|native|hooks|frontend|front-end|data|api|apis|db|database"
)
_NEXT_WORD = re.compile(r"[ ]+([a-z][\w-]*)")
_NEXT_TECHNICAL = re.compile(rf"[ ]+(?:{_TECHNICAL})\b")
_SHORT_AFTER = re.compile(rf"\s*(?:[,;/()|\n•]|\.(?:\s|$)|$|(?:and|or|{_TECHNICAL})\b)")
_SHORT_SURE = re.compile(r" {0,2}(?:[,/|;(]|programming|developer|language|code)")
_SHORT_BEFORE = re.compile(r"(?:[,/(|•:&]|\b(?:in|with|of|using|and|or|like|as|know|knows|learn|write|plus))\s*$")
_SHORT_REFUSED = re.compile(
    r"(?i)\b(?:series|class|vitamin|hepatitis|type|category|section|appendix|plan|grade|phase|level|schedule|group"
    r"|building|block|unit|licen[cs]e)\s*$"
)
_GO_VERB = re.compile(r"Go[ -]+(?:to|the|above|beyond|with|for|live|out|from|into|on|by|through|ahead)\b")
_SURROUNDINGS = re.compile(
    r"(?i) (?:and [a-z]{4,14} )?(?:working hours|hours|work(?:ing)? (?:hours|time|environment|culture|model|atmosphere)"
    r"|environments?|cultures?|atmosphere|compan(?:y|ies)|organi[sz]ations?|solutions?|products?|services|arrangements?"
    r"|schedules?|employees|colleagues|teams?(?! player)|workplace|home office|benefits|letter|tools|suite|industry"
    r"|community|technolog(?:y|ies))\b"
)
_JOINT = re.compile(r"\s*(?:[,/&|;•·+]|and|or)?\s*")
_CLAUSE_OPENERS = '.!?:•*-\n"'
_WIDEST_JOINT = 5


def believable(plain: str, matches: list[Match], exact: Mapping[str, Collection[str]]) -> list[Match]:
    """Matches without those whose spelling is an ordinary word here.

    Args:
        plain: normalised text.
        matches: list of Match, in text order.
        exact: lower case -> spellings that count in this case only. In another case (`go, spark, kafka`) they count
            beside a skill that is certain.
    Returns: list of Match.
    """
    verdicts = [_verdict(plain, m, exact) for m in matches]
    for order in (range(1, len(matches)), range(len(matches) - 2, -1, -1)) if None in verdicts else ():
        step = -1 if order.step == 1 else 1
        for at in order:
            if verdicts[at] is None and verdicts[at + step] and matches[at + step].kind == "skill":
                left, right = sorted((matches[at], matches[at + step]))
                gap = plain[left.end : right.start]
                if len(gap) <= _WIDEST_JOINT and "\n" not in gap and _JOINT.fullmatch(gap):
                    verdicts[at] = True
    return [m for m, sure in zip(matches, verdicts, strict=True) if sure]


def _verdict(plain, m, exact):
    """True: a skill; False: no skill; None: only beside another one."""
    start, end = m.start, m.end
    before = plain[start - 1] if start else "\n"
    after = plain[end] if end < len(plain) else "\n"
    if m.kind == "soft":  # `data-driven` is no drive, `flexible hours` are no flexibility of the candidate
        joined = before == "-" and start > 1 and plain[start - 2].isalnum()
        return not joined and not _SURROUNDINGS.match(plain, end)
    if m.kind == "education":  # `a high degree of freedom`
        return not (m.end - m.start == 6 and plain.startswith(" of ", end))
    if m.kind != "skill":
        return True
    quote = plain[start:end]
    if not quote[0].isalnum():  # `.NET`, but neither `asp.net` nor `end. Net`
        return not before.isalnum() and plain[start + 1].isalnum()
    spellings = exact.get(quote.lower())
    if spellings is None:
        return True
    if len(quote) <= 2 and quote not in ("AI", "RN"):
        return _short(plain, start, end, quote, before, after) if quote in spellings else None
    if quote not in spellings:
        return True if quote.isupper() else None
    opener = plain[max(0, start - 4) : start].rstrip(" ")[-1:]
    if (not opener or opener in _CLAUSE_OPENERS) and _NEXT_WORD.match(plain, end):
        return _NEXT_TECHNICAL.match(plain, end) is not None
    return True


def _short(plain, start, end, quote, before, after):
    """`R`, `C`, `Go` among other skills or after `in`; never `R&D`, `C-level`, `Series C`, `Go to market`."""
    if before in "&-'." or after in "&-'+#" or (quote == "Go" and _GO_VERB.match(plain, start)):
        return False
    near = plain[max(0, start - 16) : start]
    if _SHORT_REFUSED.search(near):
        return False
    opens = near.rstrip(" •*-\n") == "" or near[-1] == "\n"
    return bool(((opens or _SHORT_BEFORE.search(near)) and _SHORT_AFTER.match(plain, end)) or _SHORT_SURE.match(plain, end))

"""When a person can start, and when a job does: weeks from the date of the text, 0 is at once.

`Notice period: 3 months` is 13 weeks: a month has 52/12 of them. Of a range the longer end counts. A date counts from the day on
which the resume was updated or the job posted; without that day it tells nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from datetime import UTC, date, datetime
from functools import cache
from itertools import chain
from typing import NamedTuple

from minirank.extract.rules.dates import date_words
from minirank.extract.rules.lexicon import Match
from minirank.extract.rules.signal_words import alternatives, signal_words

_DAYS = {"day": 1, "working day": 7 / 5, "week": 7, "month": 365 / 12}
LONGEST_WAIT = 104  # weeks
_LETTER = "[A-Za-z\u00c0-\u024f\u0370-\u052f]"
_REACH = 34  # characters between a cue and what it speaks of
# What may stand between `notice period` and a duration.
_FILLER = (
    r"[\s:;=(,'*-]{0,4}(?:(?:is|of|currently|max|maximum|up to|contractual|statutory|legal|only|approx|about|von|beträgt|derzeit|ca"
    r"|bis zu|gesetzliche"
    r"|de|est de|es de|di|è di|é de|van|is|wynosi|este de|är|på|期|は|:)(?![a-zà-ž])[\s.:]{0,2}){0,3}"
)
_WITHIN = (
    r"[\s:;=(,-]{0,4}(?:to start |from now |date )?(?:in|within|after|inside|nach|innerhalb von|binnen|dans|sous|d'ici|en|dentro de"
    r"|tras|tra|fra|entro"
    r"|em|over|za|w ciągu|peste|în|om|inom|через)\s(?:about |approx |ca\.? |around )?"
)
_FROM = (
    r"[\s:;=(,-]{0,4}(?:(?:to start|from|as of|as from|on|starting|ab|zum|per|à partir du|à partir de|dès le|dès|a partir del"
    r"|a partir de|desde el|desde"
    r"|a partire dal|a partire da|dal|da|vanaf|od|începând cu|din|från|с|the|date|dem|le|el)\b[\s:.]{0,2}){0,3}"
)
_ISO = r"(?P<y1>20\d\d)[-/.年](?P<m1>\d{1,2})(?:[-/.月](?P<d1>\d{1,2})日?)?"
_NUMERIC = r"(?:(?P<d2>\d{1,2})[./-])?(?P<m2>\d{1,2})[./-](?P<y2>20\d\d|\d\d)(?!\d)"
_WORDED = (
    r"(?:(?P<d3>\d{1,2})(?:\.|st|nd|rd|th|er|º)?\s?(?:of |de |di |d')?)?(?P<word>[^\W\d_]{3,14})\.?"
    r"(?:,?\s(?P<d4>\d{1,2})(?:st|nd|rd|th)?(?=[,\s]))?"
    r"(?:(?:,?\s(?:de |del |of )?(?P<y3>20\d\d))|(?=\s{0,2}(?:[.,;)\n]|$|on\b|onwards|or\b|und\b|oder\b)))"
)
_QUARTER = r"Q(?P<quarter>[1-4])\s?/?\s?(?P<y4>20\d\d)"
# `mid-April`, `end of March`: the 15th, the 28th.
_PART = (
    r"(?:(?P<mid>mid|middle of|mitte|mi|mediados de|metà|meados de|half|połowie|mijlocul lunii|mitten av)"
    r"|(?P<late>end of|late|ende|fin|finales de|fine|final de|eind|końca|sfârșitul lunii|slutet av)|early|beginning of|anfang|début"
    r"|principios de)[\s-]"
)
_DATE = rf"(?:{_PART})?(?:{_ISO}|{_NUMERIC}|{_QUARTER}|{_WORDED})"
_FROM_DATE = re.compile(rf"(?i){_FROM}{_DATE}")
_NOW_GAP = re.compile(
    r"(?i)[\s:;=(,-]{0,4}(?:(?:is|date|period|from|as of|ab|est|es|è|é|with|an|zum|per|à partir|:)(?![a-zà-ž])[\s:]{0,2}){0,2}"
)
_OF_NOTICE = re.compile(r"(?i)(?:'?s?'?)[\s-]{0,2}(?:(?:of|de|d'|di|du|z|okresu|the|my)\b\s?|monatige\s|mensuel\s)?")
# `made the data available immediately`, `was available now`: no person.
_THING = re.compile(
    r"(?i)\b(?:made?|makes?|making|becomes?|became|was|were|is|are|been|stock|items?|products?|data|reports?)\s(?:\w{1,12}\s){0,3}$"
)
_GAVE = re.compile(r"(?i)\b(?:gave|handed in|given)\s(?:\w{1,6}\s)?$")
_NOT = re.compile(r"(?i)\b(?:not|nicht|pas|non|não|niet|nie|nu|inte|no)\s$")
_PERSON = re.compile(r"(?i)\b(?:i am|i'm|am|i will be|candidate is|status is|availability is)\s$")


class Wait(NamedTuple):
    """Weeks and the span that says so."""

    start: int
    end: int
    weeks: int


@cache
def _durations() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], dict[str, str], dict[str, str]]:
    """Patterns of a duration behind `notice`, of one that a text ends with, and of one behind `available in`; the units and numbers."""
    words = signal_words()
    units, numbers = words.names_of("units"), words.names_of("numbers")
    number = rf"(?:\d{{1,3}}|{alternatives(numbers, re.escape)})"
    duration = (
        rf"(?<!{_LETTER})(?P<low>{number})(?:\s?\(\d{{1,2}}\))?(?:\s?(?:-|to|or|bis|à|a|do|tot|till|~|до|/)\s?(?P<high>{number}))?\+?"
        rf"[\s-]?(?P<unit>{alternatives(units, re.escape)})(?!{_LETTER})"
    )
    return (
        re.compile(rf"(?i){_FILLER}{duration}"),
        re.compile(rf"(?i){duration}"),
        re.compile(rf"(?i)(?:{_WITHIN}|[\s]{{0,2}}[:：]\s?){duration}"),
        units,
        numbers,
    )


def find_notice(plain: str, cues: list[Match], updated_at: int | None) -> Wait | None:
    """Weeks until a person can start: what a notice period says, else a duration or a date, else that it is at once.

    Args:
        plain: normalised text.
        cues: of the kind "availability".
        updated_at: seconds since the epoch of the resume, or None.
    """
    nows = _named(cues, "now")
    tries = chain(
        (_notice(plain, m, nows) for m in cues if m.name == "notice"),
        (_after(plain, m, nows, updated_at) for m in cues if m.name == "free"),
        (Wait(m.start, m.end, 0) for m in cues if m.name == "at once" and _of_person(plain, m)),
    )
    return next(filter(None, tries), None)


def find_start(plain: str, cues: list[Match], posted_at: int | None) -> Wait | None:
    """Weeks until a job starts: at once, within a duration, or on a date.

    Args:
        plain: normalised text.
        cues: of the kind "availability".
        posted_at: seconds since the epoch of the job, or None.
    """
    nows = _named(cues, "now")
    tries = chain(
        (_after(plain, m, nows, posted_at) for m in cues if m.name == "start"),
        (Wait(m.start, m.end, 0) for m in cues if m.name == "start at once"),
        (_notice(plain, m, nows) for m in cues if m.name == "notice"),
    )
    return next(filter(None, tries), None)


def read_wait(quote: str, cues: list[Match], since: int | None) -> Wait | None:
    """Weeks in words that are known to say when somebody can start or must."""
    pattern, units, numbers = _durations()[1], *_durations()[3:]
    if m := pattern.search(quote):
        return Wait(*m.span(), _weeks(m, units, numbers))
    if since is not None and (m := re.search(_DATE, quote)) and (weeks := _weeks_until(m, since)) is not None:
        return Wait(*m.span(), weeks)
    return next((Wait(m.start, m.end, 0) for m in cues if m.name in ("now", "at once", "start at once")), None)


def _notice(plain: str, cue: Match, nows: list[Match]) -> Wait | None:
    """`Notice period: 3 months`, `3 months' notice`, `Notice: none`."""
    after, before, _, units, numbers = _durations()
    if m := after.match(plain, cue.end, min(len(plain), cue.end + 2 * _REACH)):
        return Wait(cue.start, m.end(), _weeks(m, units, numbers))
    for m in before.finditer(plain, max(0, cue.start - _REACH), cue.start):
        if _GAVE.search(plain, max(0, m.start() - 16), m.start()):
            continue
        if _OF_NOTICE.fullmatch(plain, m.end(), cue.start):
            return Wait(m.start(), cue.end, _weeks(m, units, numbers))
    return _at_once(plain, cue, nows)


def _after(plain: str, cue: Match, nows: list[Match], since: int | None) -> Wait | None:
    """`available in 2 weeks`, `available from 01.04.2025`, `Availability: immediate`."""
    _, _, within, units, numbers = _durations()
    limit = min(len(plain), cue.end + 2 * _REACH)
    if m := within.match(plain, cue.end, limit):
        return Wait(cue.start, m.end(), _weeks(m, units, numbers))
    if since is not None and (m := _FROM_DATE.match(plain, cue.end, limit)) and (weeks := _weeks_until(m, since)) is not None:
        return Wait(cue.start, m.end(), weeks)
    return _at_once(plain, cue, nows)


def _at_once(plain: str, cue: Match, nows: list[Match]) -> Wait | None:
    """A cue with `immediately` behind it."""
    at = bisect_left(nows, (cue.end,))
    if at < len(nows) and nows[at].start - cue.end < _REACH and _NOW_GAP.fullmatch(plain, cue.end, nows[at].start):
        return Wait(cue.start, nows[at].end, 0)
    return None


def _named(cues: list[Match], name: str) -> list[Match]:
    return [m for m in cues if m.name == name]


def _of_person(plain: str, m: Match) -> bool:
    near = plain[max(0, m.start - 40) : m.start].rpartition("\n")[2]
    if _NOT.search(near):
        return False
    return bool(_PERSON.search(near)) or not _THING.search(near)


def _weeks(m: re.Match[str], units: dict[str, str], numbers: dict[str, str]) -> int:
    """Weeks of a duration, the longer end of a range."""
    ends = [int(text) if text.isdigit() else int(numbers[text.lower()]) for text in (m["low"], m["high"]) if text]
    weeks = max(ends) * _DAYS[units[m["unit"].lower()]] / 7
    return min(max(round(weeks), int(weeks > 0)), LONGEST_WAIT)


def _weeks_until(m: re.Match[str], since: int) -> int | None:
    """Weeks from a day to a date, 0 where it is past; None where it is no date."""
    today = datetime.fromtimestamp(since, UTC).date()
    first = 15 if m["mid"] else 28 if m["late"] else 1
    if m["quarter"]:
        year, month, day = int(m["y4"]), 3 * int(m["quarter"]) - 2, 1
    elif m["word"]:
        named = date_words().months.get(m["word"].lower())
        if named is None:
            return None
        year, month, day = int(m["y3"] or today.year + (named + 1 < today.month)), named + 1, int(m["d3"] or m["d4"] or first)
    elif m["y1"]:
        year, month, day = int(m["y1"]), int(m["m1"]), int(m["d1"] or first)
    else:
        year, month, day = int(m["y2"]) + (2000 if len(m["y2"]) == 2 else 0), int(m["m2"]), int(m["d2"] or first)
    if month > 12:  # month first
        month, day = day, month
    try:
        until = date(year, month, day)
    except ValueError:
        return None
    days = (until - today).days
    return None if days > 7 * LONGEST_WAIT else max(0, -(-days // 7))

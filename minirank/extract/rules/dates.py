"""Dates and periods as people write them, in some thirty languages: dates.json has the words.

2018, '18, 2018/19                            a year, a school year
03/2018, 3.2018, 2018-03, 2018年3月, Mar '18   a month
2018-03-15, 15.03.2018, 3/15/2018, 15 mars 2018, March 15th, 2018
Q1 2018, H2 2018, summer 2018, end of 2018    a part of a year
A - B, A to B, A bis B, A から B, from A to B, between A and B, Jan - Mar 2018, 2015-18
A - present, A - heute, since A, seit A, A から現在, A onwards, `A -` at the end of a line
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import NamedTuple

MOST_YEARS = 50  # of a period and of a working life
_RECENT = 40  # of two-digit years: '40 is 2040, '41 is 1941, where nobody says what `present` is


class Period(NamedTuple):
    """A dated entry: offsets, months since year 0.

    start, end: offsets of the dates in the text.
    first: its first month; last: the month after its last.
    until: the month after the last that it may reach: `2018` can mean December.
    open: whether it lasts until now, or longer.
    """

    start: int
    end: int
    first: int
    last: int
    until: int
    open: bool = False


class _Date(NamedTuple):
    start: int
    end: int
    first: int
    close: int  # month after a period that ends with this date
    until: int  # the same at the latest
    short: bool = False  # may be something else: counts beside another date only
    also: int = 0  # `2010-12`: the month after it, where it is the years 2010 to 2012


def _folded(word: str) -> str:
    """Without accents: `fevrier`, `marz`; the dotted capital I of Turkish is an i."""
    bare = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare).replace("ı", "i")


def either(phrases: Iterable[str], whole: bool = True) -> str:
    """An alternation of phrases, the longest first, each with and without accents; a `whole` one ends where words do."""
    wanted = sorted({form for phrase in phrases for form in (phrase, _folded(phrase))}, key=lambda p: (-len(p), p))
    ends = (r"\b" if whole and p[-1].isalpha() and p[-1] < "\u3000" else "" for p in wanted)
    return "|".join(re.escape(p).replace(r"\ ", r"\s") + end for p, end in zip(wanted, ends, strict=True))


def _all(lists: dict[str, list[str]]) -> list[str]:
    return [phrase for phrases in lists.values() for phrase in phrases]


@cache
def date_data() -> dict:
    """dates.json, read once."""
    return json.loads(resources.files(__package__).joinpath("dates.json").read_text(encoding="utf-8"))


class _Words:
    """dates.json, compiled.

    months: word -> 0 to 11; parts: word -> (first month, months), of a year.
    """

    def __init__(self) -> None:
        data = date_data()
        self.months: dict[str, int] = {}
        for line in data["months"].values():
            for month, names in enumerate(" ".join(line).split()):
                for name in names.split("/"):
                    self.months.setdefault(name, month)
                    self.months.setdefault(_folded(name), month)
        self.parts: dict[str, tuple[int, int]] = {}
        for span, words in data["parts"].items():
            first, last = map(int, span.split("-"))
            self.parts |= dict.fromkeys(" ".join(words).split(), (first - 1, last - first + 1))
        unspaced = {"zh", "ja", "ko"}
        to, fillers = data["to"], either(data["fillers"])
        joint = rf"-{{1,3}}>?|~|→|>|—|ー|{either(_all({k: v for k, v in to.items() if k in unspaced}))}"
        label = r"""["',;]{1,3}\s{0,6}["']?(?:end|end[ _]?date|until|to)["']?\s?[:=]\s?["']?"""  # `"endDate": "` of JSON
        words = either(_all({k: v for k, v in to.items() if k not in unspaced}))
        fill = rf"(?P<fill>(?:(?:{fillers})\s{{0,2}}){{0,2}})"
        self.to = re.compile(rf"(?i)(?:{label}|[,;]?(?:[ ]{{0,3}}(?:{joint})|\s{{0,3}}(?<!\w)(?:{words}):?)\s{{0,3}}){fill}")
        self.present = re.compile(rf"(?i)[(\[]?(?:{either(_all(data['present']))}|\.{{2,3}}(?!\w)|…)")
        self.dash = re.compile(r"\s{0,2}(?:-{1,2}|~)[ .]{0,3}(?=\n|$|[)\]])")
        self.since = re.compile(rf"(?i)(?<!\w)(?:{either(_all(data['since']))})\s?(?:(?:{fillers})\s?)?$")
        self.since_after = re.compile(rf"(?i)\s{{0,2}}(?:{either(_all(data['since_after']))}|\+(?!\d))")
        self.between = re.compile(rf"(?i)(?<!\w)(?:{either(data['between'])})\s(?:(?:{fillers})\s)?$")
        self.conjunction = re.compile(rf"(?i)\s(?:{either(data['and'])})\s(?P<fill>(?:(?:{fillers})\s)?)")
        self.shared = re.compile(rf"(?i)(?<!\w)([^\W\d_]{{3,14}}|\d{{1,2}})\.?\s{{0,2}}(?:-{{1,2}}|~|/|(?:{words}))\s{{0,2}}$")


@cache
def date_words() -> _Words:
    """The words of dates, read once."""
    return _Words()


_RUN = re.compile(r"\d+")
_YEAR = r"(?:19[3-9]|20\d)\d(?!\d)"
_MONTH = r"(?:1[0-2]|0?[1-9])(?!\d)"
_DAY = r"(?:[12]\d|3[01]|0?[1-9])(?!\d)"
_NUMERIC = re.compile(
    rf"""(?x)
    (?P<ey>\d{{4}})\s?[年년](?:度?\s?(?P<em>\d{{1,2}})\s?[月월](?:\s?(?P<ed>\d{{1,2}})\s?[日일])?)?
    | (?P<iy>{_YEAR})(?:
        (?P<is>[-/.])(?P<im>{_MONTH})(?:[-/.](?P<id>{_DAY}))?
        |[-/](?P<iz>\d\d)(?!\w|[-/.]\d)
        |\.\s(?P<km>{_MONTH})\.(?:\s(?P<kd>{_DAY})\.)?
        |[ /-]?[QqTt](?P<iq>[1-4])(?!\w)
      )?
    | (?P<d>\d{{1,2}})\s?(?P<s>[-/.])\s?(?P<m>\d{{1,2}})\s?(?P=s)\s?(?P<y>{_YEAR}|\d\d(?!\d))
    | (?P<my_m>{_MONTH})\s?[-/.]\s?'?(?P<my_y>{_YEAR}|\d\d(?!\d|[/.]\d|-\d+(?![\d/.])))
    | (?P<q>[1-4])[QqTt]\s?'?(?P<qy>{_YEAR}|\d\d(?!\d))
    """
)
_WORD_BEFORE = re.compile(
    r"""(?x)(?<![^\W_])
    (?:(?P<d>\d{1,2})(?:\.|st|nd|rd|th|er|º|ª)?(?:\s(?:de|of)\b)?[\s/-]?\s?)?
    (?:(?P<w>[^\W\d_]{2,14})\.?|(?P<half>[QqTtHhSs])(?P<n>[1-4]))
    (?:\s(?:de|del|of|di|do|d'|in|des|en|m\.)\b)?
    (?:\s(?P<after>\d{1,2})(?:st|nd|rd|th)?)?,?[\s/.'-]{0,2}$"""
)
_WORD_AFTER = re.compile(r"\.?,?\s(?:m\.\s)?([^\W\d_]{3,14})(?!\w)\.?(?:\s(\d{1,2})(?!\d)\.?)?")
_YEAR_BEHIND = re.compile(rf",? {_YEAR}")
_CELLS = re.compile(r"\s{0,2}[|\t;]\s{0,2}(?P<fill>)")  # between the columns of a table that hold a beginning and an end
_OF = frozenset("de del of di do d des en m".split())  # between a month and its year
_ERA = re.compile(r"(令和|平成|昭和|民國|民国|(?<!\w)[RHS])\s?$")
_ERA_DATE = re.compile(r"(\d{1,3})\s?(?:年|[./])\s?(?:(1[0-2]|0?[1-9])(?!\d)月?)?")
_ERA_START = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988, "昭和": 1925, "S": 1925, "民國": 1911, "民国": 1911}
_REACH = 34  # characters before a year that may hold its day and month
_INSIDE = re.compile(r"(?:\d[.,]|[$€£¥#])$")  # an amount of money or a part of a number


def find_dates(plain: str, now: int | None = None) -> list[_Date]:
    """Every date of a text, in order, without overlaps."""
    found: list[_Date] = []
    floor = 0
    newest = _RECENT if now is None else now // 12 % 100 + 1
    for run in _RUN.finditer(plain):
        start = run.start()
        if start < floor or run.end() - start > 4 or _INSIDE.search(plain, max(0, start - 2), start):
            continue
        date = _date_at(plain, start, run.end(), floor, newest)
        if date is not None:
            found.append(date)
            floor = date.end
    return found


def _full_year(digits: str, newest: int) -> int:
    year = int(digits)
    return year if year > 99 else year + (2000 if year <= newest else 1900)


def _date_at(plain: str, start: int, end: int, floor: int, newest: int) -> _Date | None:
    """The date that a run of digits belongs to, None where it is no date."""
    era = _ERA.search(plain, max(floor, start - 3), start)
    if era and (m := _ERA_DATE.match(plain, start)):
        return _made(era.start(), m.end(), _ERA_START[era[1]] + int(m[1]), m[2])
    m = _NUMERIC.match(plain, start)
    if m is None:
        return _worded(plain, start, end, floor, newest, short=True) if end - start == 2 else None
    if m["ey"]:
        return _made(start, m.end(), int(m["ey"]), m["em"], m["ed"]) if 1930 <= int(m["ey"]) < 2100 else None
    if m["iy"]:
        year = int(m["iy"])
        if m["iz"] and int(m["iz"]) < 13 and int(m["iz"]) <= year % 100:
            return _worded(plain, start, start + 4, floor, newest)
        if m["iz"]:
            close = year - year % 100 + int(m["iz"])
            close += 100 if close < year else 0
            return _Date(start, m.end(), year * 12, close * 12, close * 12 + 12, also=close * 12) if close - year <= 30 else None
        if m["iq"]:
            return _part(start, m.end(), year, 3 * int(m["iq"]) - 3, 3)
        if m["im"] or m["km"]:
            date = _made(start, m.end(), year, m["im"] or m["km"], m["id"] or m["kd"])
            if m["is"] and m["is"] != "." and not m["id"] and int(m["im"]) > year % 100:
                return date._replace(also=(year - year % 100 + int(m["im"])) * 12)
            return date
        return _worded(plain, start, start + 4, floor, newest)
    if m["y"]:
        day, month = int(m["d"]), int(m["m"])
        if month > 12 >= day:  # 12/31/2018
            day, month = month, day
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return None
        return _made(start, m.end(), _full_year(m["y"], newest), month, day)
    if m["my_y"]:
        short = len(m["my_y"]) == 2
        if short and len(m["my_m"]) == 1 and plain[m.start() - 1 : m.start()] not in " \n\t(|,;-~:":
            return None
        return _made(start, m.end(), _full_year(m["my_y"], newest), m["my_m"], None, short)
    return _part(start, m.end(), _full_year(m["qy"], newest), 3 * int(m["q"]) - 3, 3)


def _worded(plain: str, start: int, end: int, floor: int, newest: int, short: bool = False) -> _Date | None:
    """A year and the month or part beside it; a `short` year has two digits."""
    year = _full_year(plain[start:end], newest)
    if (found := _word_before(plain, start, end, floor, year, short)) is not None:
        return found
    if short:
        apostrophe = plain[start - 1 : start] == "'" and not plain[start - 2 : start - 1].isalnum()
        return _made(start - 1, end, year, None, None, True) if apostrophe else None
    if (after := _WORD_AFTER.match(plain, end)) and len(after[1]) > 3 and (after[2] or not _RUN.match(plain, after.end() + 1)):
        month = date_words().months.get(_word(after[1]))
        if month is not None:
            return _made(start, after.end(), year, month + 1, after[2])
    return _made(start, end, year, None)


def _word_before(plain: str, start: int, end: int, floor: int, year: int, short: bool) -> _Date | None:
    """The date where a month, a quarter, a season or `end of` stands in front of a year."""
    words = date_words()
    # SPEED: without a month's name, a filler or a digit in front of the year there is nothing to search for.
    near = plain[max(floor, start - _REACH) : start].rstrip(" .,'/-").rpartition(" ")[2].strip("(|[;:.,-\t\n•*")
    word = _word(near)
    if not near or (near.isalpha() and word not in words.months and word not in words.parts and word not in _OF):
        return None
    before = _WORD_BEFORE.search(plain, max(floor, start - _REACH), start)
    if before is None:
        return None
    if before["half"]:
        months = 3 if before["half"] in "QqTt" else 6
        number = int(before["n"]) - 1
        return _part(before.start(), end, year, number * months, months, short) if number * months < 12 else None
    word = _word(before["w"])
    if word in words.parts:
        return _part(before.start(), end, year, *words.parts[word], short)
    month = words.months.get(word)
    if month is None or (short and (before["after"] or _YEAR_BEHIND.match(plain, end))):  # `Jan 15, 18`; `Mar 21, 2020`
        return None
    apostrophe = "'" in plain[before.end("w") : start]
    return _made(before.start(), end, year, month + 1, before["d"] or before["after"], short and not apostrophe)


def _word(word: str) -> str:
    return word.lower().replace("i\u0307", "i")


def _made(start: int, end: int, year: int, month: str | int | None, day: str | int | None = None, short: bool = False) -> _Date:
    """A date of a year, a month of it (1 to 12) or a day; a period that ends with the first of a month ends before it."""
    if month is None or not 1 <= int(month) <= 12:
        return _Date(start, end, year * 12, year * 12, year * 12 + 12, short)
    first = year * 12 + int(month) - 1
    close = first if day is not None and int(day) == 1 else first + 1
    return _Date(start, end, first, close, close, short)


def _part(start: int, end: int, year: int, month: int, months: int, short: bool = False) -> _Date:
    first = year * 12 + month
    return _Date(start, end, first, first + months, first + months, short)


def find_periods(plain: str, now: int | None = None) -> list[Period]:
    """Dated entries of a text, in its order.

    `Mar 2015 - Apr 2016` has 14 months, `2015 - 2018` three years, `2018 - 2018` half a year. What begins in the future is none,
    what ends there ends now; `2018 - 2015` is read from its earlier end.

    Args:
        plain: normalised text.
        now: month (year * 12 + month - 1) that `present` stands for, or None for the latest date in the text.
    """
    dates = find_dates(plain, now)
    present = max((date.first for date in dates if not date.short), default=0) if now is None else now
    found = []
    for first, last, end, is_open in _pairs(plain, dates):
        begin, close, until = first.first, present, present
        if last is not None:
            begin, close, until = _in_order(first, last)
        elif not is_open:
            close, until = first.also, first.also + 12
        if now is not None and until > now:
            is_open = is_open or close > now
            close, until = min(close, now), now
        if close == begin and last is not None:
            close = min(begin + 6, until)
        if is_open and begin == present + 1:  # a month is known to a day or two
            begin = present
        if begin < close + is_open <= begin + 12 * MOST_YEARS:
            found.append(Period(first.start, end, begin, close, max(until, close), is_open))
    return found


def _in_order(first: _Date, last: _Date) -> tuple[int, int, int]:
    """First month, month after the last, and the same at the latest, of two dates in any order."""
    if last.first < first.first:
        first, last = last, first
    close = max(last.close, last.also) if last.also and first.also else last.close
    return first.first, close, max(last.until, close)


def _pairs(plain: str, dates: list[_Date]) -> Iterator[tuple[_Date, _Date | None, int, bool]]:
    """(first date, last date or None, offset where the period ends, whether it lasts until now)."""
    words = date_words()
    at, count = 0, len(dates)
    while at < count:
        date = dates[at]
        after = dates[at + 1] if at + 1 < count else None
        at += 1
        to = words.to.match(plain, date.end)
        floor = dates[at - 2].end if at > 1 else 0
        if after is not None and to is None and words.between.search(plain, max(floor, date.start - 16), date.start):
            to = words.conjunction.match(plain, date.end)
        if to is None and after is not None and (at + 1 == count or not words.to.match(plain, after.end)):
            to = _CELLS.match(plain, date.end, after.start) if date.first <= after.first and date.until > date.first else None
        if to is None and date.end < len(plain) and plain[date.end] == "/" and after is not None and after.start == date.end + 1:
            yield date, after, after.end, False
            at += 1
            continue
        if (
            to is not None
            and after is not None
            and date.end <= after.start <= to.end()
            and not ((date.short or after.short) and _unlike(plain, date, after))
        ):
            yield date, after, after.end, False
            at += 1
        elif to is not None and (present := words.present.match(plain, to.start("fill")) or words.present.match(plain, to.end())):
            yield date, None, present.end(), True
        elif (dash := words.dash.match(plain, date.end)) and not date.short:
            yield date, None, dash.end(), True
        elif date.short:
            continue
        elif (since := words.since.search(plain, max(floor, date.start - 24), date.start)) and not to:
            yield date._replace(start=since.start()), None, date.end, True
        elif beginning := _shared_year(plain, date, floor):
            yield beginning, date, date.end, False
        elif date.also:
            yield date._replace(first=date.first - date.first % 12), None, date.end, False
        elif later := words.since_after.match(plain, date.end):
            yield date, None, later.end(), True


def _unlike(plain: str, date: _Date, after: _Date) -> bool:
    """Whether two dates do not tell that a number of one of them is a year: `Jan 18 - Mar 21, 2020` is a span of days."""
    days = date.short and not after.short and plain[date.start].isalpha() and len(_RUN.findall(plain, after.start, after.end)) > 1
    return days or date.first > after.first


def _shared_year(plain: str, date: _Date, floor: int) -> _Date | None:
    """The beginning that has no year of its own: `Jan - Mar 2018`, `03 - 05/2018`."""
    if date.close - date.first > 1 or date.until > date.first + 1:
        return None
    words = date_words()
    m = words.shared.search(plain, max(floor, date.start - 24), date.start)
    if m is None:
        return None
    month = words.months.get(_word(m[1])) if m[1].isalpha() else int(m[1]) - 1
    if month is None or not 0 <= month < 12:
        return None
    first = date.first - date.first % 12 + month
    return _Date(m.start(), m.end(1), first if first <= date.first else first - 12, 0, 0)


def covered_months(periods: Iterable[Period]) -> int:
    """Months covered by the union of periods: overlapping ones count once."""
    total, reached = 0, 0
    for period in sorted(periods, key=lambda p: p.first):
        total += max(0, period.last - max(period.first, reached))
        reached = max(reached, period.last)
    return total

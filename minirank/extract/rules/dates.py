"""Dates as people write them, in some thirty languages: dates.json has the words.

2018, '18, 2018/19                            a year, a school year
03/2018, 3.2018, 2018-03, 2018年3月, Mar '18   a month
2018-03-15, 15.03.2018, 3/15/2018, 15 mars 2018, March 15th, 2018
Q1 2018, H2 2018, summer 2018, end of 2018    a part of a year
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import NamedTuple

_RECENT = 40  # of two-digit years: '40 is 2040, '41 is 1941, where nobody says what `present` is


class Date(NamedTuple):
    """A date of a text: its offsets, and the months (since year 0) that it can mean."""

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
    begins: dict[str, list[str]] = {}  # SPEED: by their first letters, one of which must be there
    for p in wanted:
        end = r"\b" if whole and p[-1].isalpha() and p[-1] < "\u3000" else ""
        begins.setdefault(re.escape(p[0]), []).append(re.escape(p[1:]).replace(r"\ ", r"\s") + end)
    parts = "|".join(f"{begin}(?:{'|'.join(rest)})" for begin, rest in begins.items())
    return f"(?:(?=[{''.join(begins)}])(?:{parts}))"


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
        garbled = r"(?<=\s)(?:\?{1,3}|_{1,3}|=|~>|\*-\*|-\s-)(?=\s)"  # what an export made of a dash
        joint = rf"{garbled}|-{{1,3}}>?|~|→|>|—|ー|{either(_all({k: v for k, v in to.items() if k in unspaced}))}"
        label = r"""["',;]{1,3}\s{0,6}["']?(?:end|end[ _]?date|until|to)["']?\s?[:=]\s?["']?"""  # `"endDate": "` of JSON
        words = either(_all({k: v for k, v in to.items() if k not in unspaced}))
        fill = rf"(?P<fill>(?:(?:{fillers})\s{{0,2}}){{0,2}})"
        self.to = re.compile(rf"(?i)(?:{label}|[,;]?(?:[ ]{{0,3}}(?:{joint})|\s{{0,3}}(?<!\w)(?:{words}):?)\s{{0,3}}){fill}")
        self.present = re.compile(rf"(?i)[(\[]?(?:{either(_all(data['present']))}|\.{{2,3}}(?!\w)|…)")
        self.cell = re.compile(rf"(?i)\s{{0,2}}[|\t;]\s{{0,2}}(?:{either(_all(data['present']))})(?=\s{{0,2}}(?:[|\t;\n]|$))")
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


DIGITS = re.compile(r"\d+")
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
    (?:(?P<w>[^\W\d_]{2,14}+)\.?|(?P<half>[QqTtHhSs])(?P<n>[1-4]))
    (?:\s(?:de|del|of|di|do|d'|in|des|en|m\.)\b)?
    (?:\s(?P<after>\d{1,2})(?:st|nd|rd|th)?)?,?[\s/.'-]{0,2}$"""
)
_WORD_AFTER = re.compile(r"\.?,?\s(?:m\.\s)?([^\W\d_]{3,14})(?!\w)\.?(?:\s(\d{1,2})(?!\d)\.?)?")
_YEAR_BEHIND = re.compile(rf",? {_YEAR}")
_OF = frozenset("de del of di do d des en m".split())  # between a month and its year
_ERA = re.compile(r"(令和|平成|昭和|民國|民国|(?<!\w)[RHS])\s?$")
_ERA_DATE = re.compile(r"(\d{1,3})\s?(?:年|[./])\s?(?:(1[0-2]|0?[1-9])(?!\d)月?)?")
_ERA_START = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988, "昭和": 1925, "S": 1925, "民國": 1911, "民国": 1911}
_REACH = 34  # characters before a year that may hold its day and month
_INSIDE = re.compile(r"(?:\d[.,]|[$€£¥#])$")  # an amount of money or a part of a number


def find_dates(plain: str, now: int | None = None) -> list[Date]:
    """Every date of a text, in order, without overlaps."""
    found: list[Date] = []
    floor = 0
    newest = _RECENT if now is None else now // 12 % 100 + 1
    for run in DIGITS.finditer(plain):
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


def _date_at(plain: str, start: int, end: int, floor: int, newest: int) -> Date | None:
    """The date that a run of digits belongs to, None where it is no date."""
    era = _ERA.search(plain, max(floor, start - 3), start)
    if era and (m := _ERA_DATE.match(plain, start)):
        return dated(era.start(), m.end(), _ERA_START[era[1]] + int(m[1]), m[2])
    m = _NUMERIC.match(plain, start)
    if m is None:
        return _worded(plain, start, end, floor, newest, short=True) if end - start == 2 else None
    if m["ey"]:
        return dated(start, m.end(), int(m["ey"]), m["em"], m["ed"]) if 1930 <= int(m["ey"]) < 2100 else None
    if m["iy"]:
        year = int(m["iy"])
        if m["iz"] and int(m["iz"]) < 13 and int(m["iz"]) <= year % 100:
            return _worded(plain, start, start + 4, floor, newest)
        if m["iz"]:
            close = year - year % 100 + int(m["iz"])
            close += 100 if close < year else 0
            return Date(start, m.end(), year * 12, close * 12, close * 12 + 12, also=close * 12) if close - year <= 30 else None
        if m["iq"]:
            return _part(start, m.end(), year, 3 * int(m["iq"]) - 3, 3)
        if m["im"] or m["km"]:
            date = dated(start, m.end(), year, m["im"] or m["km"], m["id"] or m["kd"])
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
        return dated(start, m.end(), _full_year(m["y"], newest), month, day)
    if m["my_y"]:
        short = len(m["my_y"]) == 2
        if short and len(m["my_m"]) == 1 and plain[m.start() - 1 : m.start()] not in " \n\t(|,;-~:":
            return None
        return dated(start, m.end(), _full_year(m["my_y"], newest), m["my_m"], None, short)
    return _part(start, m.end(), _full_year(m["qy"], newest), 3 * int(m["q"]) - 3, 3)


def _worded(plain: str, start: int, end: int, floor: int, newest: int, short: bool = False) -> Date | None:
    """A year and the month or part beside it; a `short` year has two digits."""
    year = _full_year(plain[start:end], newest)
    if (found := _word_before(plain, start, end, floor, year, short)) is not None:
        return found
    if short:
        apostrophe = plain[start - 1 : start] == "'" and not plain[start - 2 : start - 1].isalnum()
        return dated(start - 1, end, year, None, None, True) if apostrophe else None
    if (after := _WORD_AFTER.match(plain, end)) and len(after[1]) > 3 and (after[2] or not DIGITS.match(plain, after.end() + 1)):
        month = date_words().months.get(lower_case(after[1]))
        if month is not None:
            return dated(start, after.end(), year, month + 1, after[2])
    return dated(start, end, year, None)


def _word_before(plain: str, start: int, end: int, floor: int, year: int, short: bool) -> Date | None:
    """The date where a month, a quarter, a season or `end of` stands in front of a year."""
    words = date_words()
    # SPEED: without a month's name, a filler or a digit in front of the year there is nothing to search for.
    near = plain[max(floor, start - _REACH) : start].rstrip(" .,'/-").rpartition(" ")[2].strip("(|[;:.,-\t\n•*")
    word = lower_case(near)
    if not near or (near.isalpha() and word not in words.months and word not in words.parts and word not in _OF):
        return None
    before = _WORD_BEFORE.search(plain, max(floor, start - _REACH), start)
    if before is None:
        return None
    if before["half"]:
        months = 3 if before["half"] in "QqTt" else 6
        number = int(before["n"]) - 1
        return _part(before.start(), end, year, number * months, months, short) if number * months < 12 else None
    word = lower_case(before["w"])
    if word in words.parts:
        return _part(before.start(), end, year, *words.parts[word], short)
    month = words.months.get(word)
    if month is None or (short and (before["after"] or _YEAR_BEHIND.match(plain, end))):  # `Jan 15, 18`; `Mar 21, 2020`
        return None
    apostrophe = "'" in plain[before.end("w") : start]
    return dated(before.start(), end, year, month + 1, before["d"] or before["after"], short and not apostrophe)


def lower_case(word: str) -> str:
    """A word in lower case; the dotted capital I of Turkish is an i."""
    return word.lower().replace("i\u0307", "i")


def dated(start: int, end: int, year: int, month: str | int | None, day: str | int | None = None, short: bool = False) -> Date:
    """A date of a year, a month of it (1 to 12) or a day; a period that ends with the first of a month ends before it."""
    if month is None or not 1 <= int(month) <= 12:
        return Date(start, end, year * 12, year * 12, year * 12 + 12, short)
    first = year * 12 + int(month) - 1
    close = first if day is not None and int(day) == 1 else first + 1
    return Date(start, end, first, close, close, short)


def _part(start: int, end: int, year: int, month: int, months: int, short: bool = False) -> Date:
    first = year * 12 + month
    return Date(start, end, first, first + months, first + months, short)

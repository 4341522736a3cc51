"""Periods between dates, as people write them: dates.json has the words.

A - B, A to B, A bis B, A から B, from A to B, between A and B, Jan - Mar 2018, 2015-18
A - present, A - heute, since A, seit A, A から現在, A onwards, `A -` at the end of a line
A ? B, A _ B                                   what an export made of a dash; between months also blanks alone
Jun 2018 - Aug                                 a month without a year
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from minirank.extract.rules.dates import DIGITS, Date, date_words, dated, find_dates, lower_case

MOST_YEARS = 50  # of a period and of a working life
_CELLS = re.compile(r"\s{0,2}[|\t;]\s{0,2}(?P<fill>)")  # between the columns of a table that hold a beginning and an end
_BLANKS = re.compile(r" {1,3}(?P<fill>)")  # between two months, where the sign is lost
_MONTH_ALONE = re.compile(r"([^\W\d_]{3,14})(?!\w|\.?,? ?'?\d)")


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


def _in_order(first: Date, last: Date) -> tuple[int, int, int]:
    """First month, month after the last, and the same at the latest, of two dates in any order."""
    if last.first < first.first:
        first, last = last, first
    close = max(last.close, last.also) if last.also and first.also else last.close
    return first.first, close, max(last.until, close)


def _pairs(plain: str, dates: list[Date]) -> Iterator[tuple[Date, Date | None, int, bool]]:
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
            to = _unsigned(plain, date, after)
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
        elif to is not None and (last := _same_year(plain, date, to.end())):
            yield date, last, last.end, False
        elif to is None and (cell := words.cell.match(plain, date.end)) and not date.short:
            yield date, None, cell.end(), True
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


def _unsigned(plain: str, date: Date, after: Date) -> re.Match[str] | None:
    """What stands between the columns of a table that hold a beginning and an end, or between two months that lost their dash."""
    if not (date.first <= after.first and date.until > date.first):
        return None
    lost = _is_month(date) and _is_month(after)
    return _CELLS.match(plain, date.end, after.start) or (_BLANKS.match(plain, date.end, after.start) if lost else None)


def _unlike(plain: str, date: Date, after: Date) -> bool:
    """Whether two dates do not tell that a number of one of them is a year: `Jan 18 - Mar 21, 2020` is a span of days."""
    days = date.short and not after.short and plain[date.start].isalpha() and len(DIGITS.findall(plain, after.start, after.end)) > 1
    return days or date.first > after.first


def _is_month(date: Date) -> bool:
    """Whether a date tells its month."""
    return not date.short and date.until == date.first + 1


def _same_year(plain: str, date: Date, start: int) -> Date | None:
    """The end that has no year of its own: `Jun 2018 - Aug`; a month before the first one is of the next year."""
    m = _MONTH_ALONE.match(plain, start) if _is_month(date) else None
    month = None if m is None else date_words().months.get(lower_case(m[1]))
    if m is None or month is None:
        return None
    first = date.first - date.first % 12 + month
    return dated(start, m.end(), (first + 12 * (first < date.first)) // 12, month + 1)


def _shared_year(plain: str, date: Date, floor: int) -> Date | None:
    """The beginning that has no year of its own: `Jan - Mar 2018`, `03 - 05/2018`."""
    if date.close - date.first > 1 or date.until > date.first + 1:
        return None
    words = date_words()
    m = words.shared.search(plain, max(floor, date.start - 24), date.start)
    if m is None:
        return None
    month = words.months.get(lower_case(m[1])) if m[1].isalpha() else int(m[1]) - 1
    if month is None or not 0 <= month < 12:
        return None
    first = date.first - date.first % 12 + month
    return Date(m.start(), m.end(1), first if first <= date.first else first - 12, 0, 0)


def covered_months(periods: Iterable[Period]) -> int:
    """Months covered by the union of periods: overlapping ones count once."""
    total, reached = 0, 0
    for period in sorted(periods, key=lambda p: p.first):
        total += max(0, period.last - max(period.first, reached))
        reached = max(reached, period.last)
    return total

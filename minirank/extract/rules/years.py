"""Years of experience: what a job demands, and what the dated entries of a resume add up to."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable

from minirank.extract.rules.lexicon import Tokens

NUMBER_WORDS = {word: n for n, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), start=1)}
NUMBER_WORDS |= {"fifteen": 15, "twenty": 20}
_NUMBER = rf"(?:\d{{1,2}}|{'|'.join(NUMBER_WORDS)})"
_YEAR_WORDS = {w: len(w) for w in ("year", "years", "yr", "yrs", "年", "jahre", "jahren", "ans", "años")}
_AMOUNT = re.compile(
    rf"(?i)(?<![\w.,$€£])(?P<low>{_NUMBER})\s{{0,2}}(?:\(\d{{1,2}}\)\s?)?(?:\+|plus|or more)?\s{{0,2}}"
    rf"(?:(?:-|to|or|/)\s{{0,2}}(?P<high>{_NUMBER})\s{{0,2}}\+?\s{{0,2}})?(?:full |solid |-)?$"
)
_AMOUNT_REACH = 40  # characters before the word `years`
_BEFORE = re.compile(r"(?i)experience|at least|min\b|minimum|mindestens|more than|over|background|work|career|practice|seniority")
_AFTER = re.compile(
    r"(?i)[^.;!?\n]{0,80}?(?:experience|experienced|practice|practical|background|track record|work(?:ing|ed)|expertise"
    r"|in (?:a|an|the|software|data|similar)|of (?:professional|relevant|hands)|developing|building"
    r"|\w{0,6}erfahrung|d'expérience|de experiencia|以上|経験|经验)"
)
_FULL_STOP = re.compile(r"(?i)(?<!min)\. ")
_NOT_EXPERIENCE = re.compile(
    r"(?i)\b(?:old|of age|contract|warranty|ago|history|in business|fixed|for more than|founded|"
    r"has been|have been|anniversary|position|we have|our)\b"
)
_MOST_YEARS = 45


def find_amounts(plain: str, tokens: Tokens) -> list[tuple[int, int, int]]:
    """Statements such as `5+ years of experience`: list of (start, end, years), the lower end of a range."""
    found = []
    for word, start in zip(tokens.words, tokens.starts, strict=True):
        if word not in _YEAR_WORDS:
            continue
        m = _AMOUNT.search(plain, max(0, start - _AMOUNT_REACH), start)
        if m is None:
            continue
        end = start + _YEAR_WORDS[word]
        after = plain[end : end + 90]
        sentence_end = re.search(r"[.;!?\n]", after)
        near = plain[max(0, m.start() - 50) : m.start()].rpartition("\n")[2]
        near = _FULL_STOP.split(near)[-1]
        rest = after[: sentence_end.start()] if sentence_end else after
        if _NOT_EXPERIENCE.search(near + " " + rest) or not (_AFTER.match(after) or _BEFORE.search(near)):
            continue
        low = m["low"].lower()
        years = NUMBER_WORDS.get(low) or int(low)
        if 0 < years <= _MOST_YEARS:
            found.append((m.start(), end, years))
    return found


_MONTHS = {name: at for at, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)}
_NAMES = rf"(?P<name>{'|'.join(_MONTHS)})[a-z]{{0,6}}\.?,?\s{{1,2}}"
_MONTH_BEFORE = re.compile(rf"(?i)(?<![a-z\d])(?:{_NAMES}|(?P<number>0?[1-9]|1[0-2])\s?[/.]\s?)$")
_MONTH_AFTER = re.compile(r"(?:[-/.]|年)(?P<number>0?[1-9]|1[0-2])(?!\d)月?")
_MONTH_REACH = 14  # characters before a year that may hold its month
_TO = re.compile(r"(?i)\s{0,3}(?:-{1,2}|to\b|until\b|till\b|through\b|bis\b|~|–|至)\s{0,3}")
_PRESENT = re.compile(r"(?i)(?:the )?(?:present|current(?:ly)?|now|today|date|ongoing|heute)\b|至今|現在|现在")
_SINCE = re.compile(r"(?i)\bsince\s{1,2}$")


class _Date:
    """A year in the text and the month beside it: start, end, months since year 0, whether a month is told."""

    def __init__(self, plain: str, start: int) -> None:
        self.start, self.end = start, start + 4
        self.month = int(plain[start : start + 4]) * 12
        if month := _MONTH_BEFORE.search(plain, max(0, self.start - _MONTH_REACH), self.start):
            self.start = month.start()
        elif month := _MONTH_AFTER.match(plain, self.end):
            self.end = month.end()
        if month:
            name = month.groupdict().get("name")
            self.month += _MONTHS[name.lower()] - 1 if name else int(month["number"]) - 1
        self.exact = month is not None


def find_entries(plain: str, tokens: Tokens, spans: Iterable[tuple[int, int]], now: int | None = None) -> list[tuple[int, int, int, int]]:
    """Dated entries, list of (start, end, first month, month after the last), in text order.

    `Mar 2015 - Apr 2016` counts 14 months, `2015 - 2018` three years.

    Args:
        plain: normalised text.
        tokens: Tokens of it.
        spans: (start, end) of the parts to read.
        now: month (year * 12 + month - 1) that `present` stands for, or None for the latest date in the text.
    """
    years = [
        start
        for word, start in zip(tokens.words, tokens.starts, strict=True)
        if len(word) == 4 and word[:2] in ("19", "20") and word.isdecimal() and word.isascii()
    ]
    if now is None:
        now = max((int(plain[y : y + 4]) for y in years), default=0) * 12
    found = []
    for begin, finish in spans:
        dates = [_Date(plain, y) for y in years[bisect_left(years, begin) : bisect_left(years, finish)]]
        for date, after in zip(dates, [*dates[1:], None], strict=False):
            to = _TO.match(plain, date.end, finish)
            if to and after and after.start == to.end():
                end, last = after.end, after.month + after.exact
            elif to and (present := _PRESENT.match(plain, to.end(), finish)):
                end, last = present.end(), now
            elif _SINCE.search(plain, max(begin, date.start - 8), date.start):
                end, last = date.end, now
            else:
                continue
            if date.month < last <= date.month + 12 * _MOST_YEARS:
                found.append((date.start, end, date.month, last))
    return found


def covered_months(entries: Iterable[tuple[int, int, int, int]]) -> int:
    """Months covered by the union of entries: overlapping ones count once."""
    total, reached = 0, 0
    for _, _, first, last in sorted(entries, key=lambda e: e[2]):
        total += max(0, last - max(first, reached))
        reached = max(reached, last)
    return total

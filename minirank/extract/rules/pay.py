"""Pay: what a job offers and what a person wishes for, in whole units of a currency a year.

An amount counts where words of pay stand nearest to it: `$5M revenue` and `a bonus of 5,000 €` are none. Where a text
tells no period, the amount tells it: below LEAST_YEARLY it is one of a month, below HOURLY one of an hour. Gross and net are
not told apart.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from minirank.extract.rules.lexicon import Match
from minirank.extract.rules.signal_words import alternatives, signal_words

# A year has so many of them: 40 hours in each of 52 weeks, five days a week.
PERIODS = {"hour": 2080, "day": 260, "week": 52, "month": 12, "year": 1}
HOURLY = 200
# Where an amount is smaller and no period is told, it is one of a month; countries differ in how they speak of pay.
LEAST_YEARLY = dict.fromkeys(("PLN", "RON", "BGN", "BRL", "CNY", "TRY", "ILS", "MYR", "SAR", "AED", "ZAR", "EGP"), 45_000)
LEAST_YEARLY |= dict.fromkeys(("SEK", "NOK", "DKK", "CZK", "INR", "UAH", "MXN", "THB", "PHP", "KES", "NGN", "PKR", "RSD", "kr"), 150_000)
LEAST_YEARLY |= {"RUB": 600_000, "HUF": 3_000_000, "JPY": 1_500_000, "KRW": 12_000_000, "CLP": 5_000_000, "COP": 15_000_000}
LEAST_YEARLY |= {"IDR": 50_000_000, "VND": 80_000_000, "ARS": 5_000_000}
_LEAST_YEARLY = 12_000  # of the other currencies, and where none is told
_LEAST, _MOST = 0.08, 200  # plausible yearly pay, in units of LEAST_YEARLY
_TOO_LARGE = 2**31
_REACH = 60  # characters between an amount and the words that say what it is
_PERIOD_REACH = 28
_LINE = 320  # characters of a line that are looked at around a cue

_NUMBER = (
    r"(?:\d{1,3}(?:[.,' ]\d{3}){1,3}(?!\d)(?:[.,]\d{1,2}(?!\d))?|\d{1,3}(?:,\d{2}){1,2},\d{3}(?!\d)"
    r"|\d{1,9}(?:[.,]\d{1,2}(?!\d))?)"
)
_DIGITS = re.compile(r"\d+")
_LETTER = "[A-Za-z\u00c0-\u024f\u0370-\u052f]"  # of a script with spaces
_TO = r"\s?(?:-{1,2}|~|to|until|up to|bis|à|a|do|do|până la|till|tot|til|до|至|到|and|und|et|y|e|en|și|och)\s?"
_LINK = re.compile(
    r"(?i)[\s:=,(/-]{0,4}(?:(?:is|of|from|ab|von|ist|min|at least|up to|bis zu|around|about|approx|circa|ca|de|des|di|od|do|ok|från"
    r"|gross|brutto"
    r"|net|netto|per|year|month|annual|yearly|monthly|jahr|monat|im|pro|range|between|zwischen|entre|negotiable|minimum"
    r"|verhandelbar|expected|currently"
    r"|a)\b[\s.:,)/(]{0,3}){0,5}"
)
_WISHED = re.compile(
    r"(?i)\b(?:expect\w*|desir\w*|target|min\.?|minimum|preferred|wish\w*|requested|required|looking for an?)\s(?:\w{1,8}\s)?$"
)
_WISHED_AFTER = re.compile(r"(?i)\s(?:is\s|i\s|we\s)?(?:expect|requir|wish|desir|ask|sought|min(?:imum)?\b)")
_BORDER = re.compile(r"(?<!\b[Mm]in)(?<!\b[Mm]ax)(?<!\b[Cc]a)(?<!\bp\.a)[.!?](?: |$)|[|;•]")
_ALONE_BEFORE = re.compile(r"(?i)(?:^|[.!?|;•,:(\n-]|\bfrom|\bup to|\bab|\bbis zu)[\s*-]{0,4}$")
_OPENS = re.compile(r"(?:^|\n)[\s*•>-]{0,6}$")


class Pay(NamedTuple):
    """An amount of pay: its span, the lower and the upper end a year, the currency or None, and where that stands."""

    start: int
    end: int
    low: int
    high: int
    currency: str | None
    currency_span: tuple[int, int] | None


class _Money(NamedTuple):
    """The pattern of an amount or of a range, currency in lower case -> code, multiple in lower case -> factor.

    reach: characters of a currency in front of its number, at most; ends: finds the end of one there.
    """

    amount: re.Pattern[str]
    currencies: dict[str, str]
    multiples: dict[str, float]
    reach: int
    ends: re.Pattern[str]


@cache
def _money() -> _Money:
    words = signal_words()
    currencies, multiples = words.names_of("currencies"), {word: float(n) for word, n in words.names_of("multiples").items()}
    lettered = {currency for currency in currencies if re.match(_LETTER, currency)}
    signs = alternatives(currencies.keys() - lettered, re.escape)
    # A name of letters is no part of a longer word; a figure may follow.
    currency = rf"(?:(?:(?:(?<!{_LETTER})|(?<=[\d ][kKtT]))(?:{alternatives(lettered, re.escape)})(?!{_LETTER})|{signs})\.?)"
    word = alternatives(multiples, re.escape)
    multiple = rf"(?:(?:{word})(?!{_LETTER})|(?:{word})(?={currency})|t(?=€|eur))\.?"
    low, high = (
        rf"(?P<c{n}>{currency})?\s?(?P<n{n}>{_NUMBER})(?:[.,]-{{1,2}})?\s?(?P<m{n}>{multiple})?(?:\s?(?P<d{n}>{currency}))?" for n in (1, 2)
    )
    pattern = re.compile(rf"(?i)(?<![\d_.,$€£#/+-])(?<!{_LETTER}){low}(?:{_TO}{high})?(?!\d|\s?%)")
    ends = alternatives({currency[-3:] for currency in currencies}, re.escape)
    reach = max(map(len, currencies)) + 2  # with a dot and a blank
    return _Money(pattern, currencies, multiples | {"t": 1000.0}, reach, re.compile(rf"(?i)(?:{ends})\.?\s?\Z"))


def _amounts(plain: str, begin: int, finish: int) -> Iterator[re.Match[str]]:
    """What may be amounts in a part of a text. SPEED: the pattern is tried where numbers stand, and where a currency stands before one."""
    money, past = _money(), begin
    for number in _DIGITS.finditer(plain, begin, finish):
        first = number.start()
        if first < past:
            continue
        named = money.ends.search(plain, max(past, first - 5), first)
        for start in range(max(past, first - (money.reach if named else 1)), first + 1):
            if (m := money.amount.match(plain, start, finish)) is not None:
                yield m
                past = m.end()
                break


def find_pay(plain: str, cues: dict[str, list[Match]], wishes: bool, border: int = 0) -> Pay | None:
    """What is offered, or wished for: the first amount that words of pay speak of.

    Of a job the upper end of the range and the best amount count; `border` is where its title ends: an amount of money in the
    title is one of pay.

    Args:
        plain: normalised text.
        cues: of the text, by kind.
        wishes: whether the text is a resume, in which wishes count and what others were paid does not.
    """
    pay, periods = [m for m in cues["pay"] if m.name != "no pay"], cues["period"]
    best: Pay | None = None
    for begin, finish in _lines(plain, pay if wishes else [*pay, *periods, *cues["currencies"]], border):
        for m in _amounts(plain, begin, finish):
            said = _around(cues["pay"], m)
            found = _read(m, _around(periods, m), bool(said))
            if found is None or not _speaks(plain, begin, m, said, wishes, m.end() <= border):
                continue
            if wishes:
                return found
            if best is not None and plain[max(0, found.start - 2) : found.start].rstrip().endswith("("):
                continue  # the same in other words: `£7.50 an hour (£300 for 40 hours)`
            if best is None or found.high > best.high:
                best = found
    return best


def read_pay(quote: str, periods: list[Match]) -> Pay | None:
    """The first amount in words that are known to speak of pay."""
    return next(filter(None, (_read(m, periods, True) for m in _money().amount.finditer(quote))), None)


def _wished(plain: str, cue: Match) -> bool:
    """Whether the words around `salary` say that it is wished for: `expected base salary`, `salary is expected`."""
    return bool(_WISHED.search(plain, max(0, cue.start - 24), cue.start) or _WISHED_AFTER.match(plain, cue.end))


def _around(cues: list[Match], m: re.Match[str]) -> list[Match]:
    """The cues nearest to an amount, two on each side: one phrase can have two meanings."""
    at = bisect_left(cues, (m.start(),))
    return cues[max(0, at - 2) : at + 2]


def _lines(plain: str, anchors: list[Match], border: int) -> list[tuple[int, int]]:
    """The lines to look at, joined where they overlap: those of anchors, with the next one where a word of pay ends its line."""
    spans = [(0, border)] if border else []
    for m in anchors:
        begin = max(plain.rfind("\n", 0, m.start) + 1, m.start - _LINE)
        finish = plain.find("\n", m.end)
        finish = len(plain) if finish < 0 else finish
        if m.kind == "pay" and not plain[m.end : finish].strip(" :*-"):
            following = plain.find("\n", finish + 1)
            finish = len(plain) if following < 0 else following
        spans.append((begin, min(finish, m.end + _LINE)))
    joined: list[tuple[int, int]] = []
    for begin, finish in sorted(spans):
        if joined and begin < joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], finish)
        else:
            joined.append((begin, finish))
    return joined


def _read(m: re.Match[str], periods: list[Match], told: bool) -> Pay | None:
    """An amount as pay a year; None where it is no money, or no plausible pay."""
    _, currencies, multiples, *_ = _money()
    names = [name for name in ("c1", "d1", "c2", "d2") if m[name]]
    code = currencies[m[names[0]].lower().rstrip(".")] if names else None
    multiple = [multiples[m[name].lower().rstrip(".")] if m[name] else None for name in ("m1", "m2")]
    if not names and not any(multiple) and not told:
        return None
    low = _number(m["n1"]) * (multiple[0] or 1)
    high = low
    if m["n2"]:
        high = _number(m["n2"]) * (multiple[1] or 1)
        if multiple[0] is None and multiple[1] and low < 1000:
            low *= multiple[1]
        elif low < 1000 <= high and high >= 100 * low:  # `55 - 65.000 €`
            low *= 1000
        if low > high:
            return None
    lakhs = any(m[name] and multiples[m[name].lower().rstrip(".")] in (1e5, 1e7) for name in ("m1", "m2"))
    code = code or ("INR" if lakhs else None)
    bare = not names and not any(multiple)
    period = _period(periods, m)
    if bare and ((high < 1000 and period not in ("hour", "day")) or (high == int(high) and 1900 <= high <= 2100 and m["n1"].isdigit())):
        return None  # a number of anything, or a year
    least = LEAST_YEARLY.get(code or "", _LEAST_YEARLY)
    if period is None and not names and not told:
        return None
    if period is None:
        period = "hour" if high < HOURLY and not any(multiple) else "month" if high < least else "year"
    factor = PERIODS[period]
    if not _LEAST * least <= high * factor <= min(_MOST * least, _TOO_LARGE - 1):
        return None
    code = None if code == "kr" else code  # of three countries
    span = next((m.span(name) for name in (*names, "m1", "m2") if m[name]), None)
    start = m.end() - len(m[0].lstrip())
    return Pay(start, start + len(m[0].strip(" .")), round(low * factor), round(high * factor), code, span if code else None)


def _period(periods: list[Match], m: re.Match[str]) -> str | None:
    """The period that stands nearest to an amount."""
    near = [(max(p.start - m.end(), m.start() - p.end), p.name) for p in periods]
    distance, name = min(near, default=(_PERIOD_REACH, ""))
    return name if distance < _PERIOD_REACH else None


def _number(text: str) -> float:
    """A number with separators of thousands, or with decimals."""
    parts = re.split(r"[.,' ]", text)
    if len(parts) == 1:
        return float(text)
    decimals = len(parts[-1]) < 3
    return float("".join(parts[:-1] if decimals else parts) + ("." + parts[-1] if decimals else ""))


def _speaks(plain: str, begin: int, m: re.Match[str], cues: list[Match], wishes: bool, title: bool) -> bool:
    """Whether an amount is one of pay: what stands nearest in its sentence says so."""
    near: tuple[int, bool, Match] | None = None
    money = any(m[name] for name in ("c1", "d1", "c2", "d2"))
    for cue in cues:
        if wishes and cue.name == "offer" and any(other.name == "wish" for other in cues):
            continue
        before = cue.end <= m.start()
        gap = plain[cue.end : m.start()] if before else plain[m.end() : cue.start]
        if len(gap) > _REACH or (cue.start < m.end() and cue.end > m.start()) or _BORDER.search(gap):
            continue
        distance = (len(gap), cue.name == "offer", cue)
        if near is None or distance < near:
            near = distance
    if near is None:  # no word explains it: `Berlin, hybrid. 57k to 67k a year.`
        alone = _ALONE_BEFORE.search(plain, max(begin - 1, m.start() - 10, 0), m.start())
        return not wishes and (money if title else bool((money or m["n2"]) and alone))
    cue = near[2]
    linked = cue.end <= m.start() and _LINK.fullmatch(plain, cue.end, m.start())
    if not (linked or money or m["m1"] or m["m2"]):
        return False  # `1,500 employees paid weekly`
    if wishes and cue.name == "offer" and not _wished(plain, cue):
        # `Salary: 60k` is a wish where it opens a line; `a salary of 60k` may be anybody's.
        return bool(linked and _OPENS.search(plain, max(0, cue.start - 8), cue.start))
    return cue.name in ("offer", "wish")

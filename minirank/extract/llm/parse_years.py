"""Years as models write them: '5+', '5-7 years', 'five', 18 months; a whole number from 0 to 60, or nothing.

5, 5.0, '5', '5+', 'at least 5', 'five', '五'   5
'5-7 years', '5 to 7'                          5, the lower end
7 where the quote is '5-7 years'               5, the same
5.5                                            5, rounded down
18 or '18 months' where the quote has months   1, rounded down
-1, 1200, true, 'some', 10^400                 nothing
"""

from __future__ import annotations

import math
import re
import unicodedata

from minirank.extract.rules.years import NUMBER_WORDS

MOST_YEARS = 60
_HAN = {han: number for number, han in enumerate("一二三四五六七八九十", start=1)} | {"两": 2}
_NUMBER = re.compile(rf"(?i)(?<![\d.,])-?\d{{1,4}}(?:\.\d{{1,3}})?(?![\d,])|\b(?:{'|'.join(NUMBER_WORDS)})\b|[{''.join(_HAN)}]")
_RANGE = re.compile(r"(?i)\s*(?:-|–|—|~|to|or|bis|至|到|〜)\s*")
_MONTHS = re.compile(r"(?i)\b(?:months?|monate?n?|mois|meses)\b|个月|か月|ヶ月")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


def parse_years(value: object, quote: str, dates: bool = False) -> int | None:
    """Years that a model claims and a quote supports; None where they are no number, out of bounds or not in the quote.

    Args:
        value: of the reply.
        quote: its evidence, as the document has it.
        dates: accept a quote that holds a year such as 2015 instead of the number.
    """
    claimed = _claimed(value)
    if claimed is None:
        return None
    ranges = _ranges(quote)
    supported = [low for low, high in ranges if math.floor(claimed) in (math.floor(low), math.floor(high))]
    if supported:
        claimed = supported[0]
        if _MONTHS.search(quote):
            claimed /= 12
    elif not (dates and _YEAR.search(quote)):
        return None
    return math.floor(claimed) if 0 <= claimed <= MOST_YEARS else None


def _claimed(value: object) -> float | None:
    """The number in a value, the lower end of a range."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str):
        ranges = _ranges(value)
        return ranges[0][0] if ranges else None
    return float(value) if -1e6 < value < 1e6 else None


def _ranges(text: str) -> list[tuple[float, float]]:
    """Lower and upper ends of the amounts in a text; both are the same for a single number."""
    plain = unicodedata.normalize("NFKC", text)
    found: list[tuple[float, float]] = []
    ended = -1
    for m in _NUMBER.finditer(plain):
        number = _number(m[0].lower())
        if ended >= 0 and _RANGE.fullmatch(plain, ended, m.start()):
            found[-1] = (found[-1][0], number)
        elif ended >= 0 and m[0].startswith("-") and plain[ended : m.start()].strip() == "":
            found[-1] = (found[-1][0], -number)
        else:
            found.append((number, number))
        ended = m.end()
    return found


def _number(word: str) -> float:
    return float(NUMBER_WORDS.get(word) or _HAN.get(word) or word)

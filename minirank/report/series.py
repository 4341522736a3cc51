"""What pictures are drawn of: values under a name, and the axis on which they lie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

LARGEST = 1e300  # of the numbers that can be computed with; what is larger is a gap, as is infinity
Numbers: TypeAlias = Sequence[float | None]


@dataclass(frozen=True)
class Series:
    """Values under one name; None, NaN and infinity are gaps.

    Args:
        name: in the legend.
        y: n values.
        x: n places, of `lines` alone.
        low, high: n ends of the interval around each value, or None.
        compared: n values that `bars` marks beside y, such as what could be reached, or None.
        plain: `lines` draws it thin and without markers, such as a diagonal.
    """

    name: str
    y: Numbers
    x: Numbers = ()
    low: Numbers | None = None
    high: Numbers | None = None
    compared: Numbers | None = None
    plain: bool = False

    def points(self) -> list[list[float]]:
        """[x, y, low, high, compared] each, NaN where there is none."""
        none = [None] * len(self.y)
        rows = zip(self.x or range(len(self.y)), self.y, self.low or none, self.high or none, self.compared or none, strict=True)
        return [
            [math.nan if v is None or not abs(v) <= LARGEST else float(v) if abs(v) >= 1 / LARGEST else 0.0 for v in row] for row in rows
        ]


@dataclass(frozen=True)
class Axis:
    """Values from low to high along a line, linear or by their logarithms."""

    low: float
    high: float
    log: bool = False

    @classmethod
    def over(cls, values: Sequence[float], log: bool = False) -> Axis:
        """From the least to the largest value that is not NaN, wider where the two are one."""
        known = [value for value in values if not math.isnan(value)] or [0.0]
        low, high = min(known), max(known)
        if high - low <= 1e-9 * max(abs(low), abs(high)):
            low, high = (low / 2, high * 2) if log else (low - (abs(low) / 10 or 1), high + (abs(high) / 10 or 1))
        return cls(low, high, log)

    def place(self, value: float, start: float, end: float) -> float:
        """Where a value lies on the way from start to end."""
        low, high, value = (math.log(v) if self.log else v for v in (self.low, self.high, value))
        return start + (end - start) * (value - low) / (high - low)

    def ticks(self, count: int = 5, whole: bool = False) -> list[tuple[float, str]]:
        """About `count` round values within, and how they are written; whole numbers alone where asked."""
        if self.log:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            every = range(first, last + 1, max(1, (last - first) // count))
            values = [step * 10.0**power for power in every for step in ((1,) if last - first > 2 else (1, 2, 5))]
        else:
            rough = (self.high - self.low) / count
            power = 10.0 ** math.floor(math.log10(rough))
            step = max(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= 0.999 * rough), 1.0 if whole else 0.0)
            values = [step * number for number in range(math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9) + 1)]
        values = [value for value in values if self.low - 1e-9 * abs(self.low) <= value <= self.high + 1e-9 * abs(self.high)]
        if any(value and not 1e-4 <= abs(value) < 1e6 for value in values):
            return [(value, f"{value:g}") for value in values]
        digits = next((n for n in range(6) if all(math.isclose(round(v, n), v, abs_tol=1e-9) for v in values)), 6)
        return [(value, f"{value:,.{digits}f}") for value in values]

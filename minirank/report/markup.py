"""Texts and numbers in markup."""

from __future__ import annotations

from html import escape as escape_markup

from ..terminal import printable


def escape(text: object) -> str:
    """A text for markup: what has a meaning there is quoted, what nobody can see is shown."""
    return escape_markup(printable(str(text)))


def figure(value: float | None) -> str:
    """A number as people read it: three digits behind the point, `–` for None and NaN."""
    if value is None or value != value:
        return "–"
    if value == round(value) and abs(value) < 1e7:
        return f"{value:,.0f}"
    return f"{value:.3f}" if 0.01 <= abs(value) < 1000 else f"{value:.3g}"

"""Options that several commands have; the types of those that are numbers refuse what is out of range before anything is read."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from ..data.kept.store import Kept

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def whole_number(least: int, *others: int, most: int | None = None) -> Callable[[str], int]:
    """The type of an option that takes a whole number from `least` on, up to `most`, or one of `others`."""
    bounds = f"from {least} on" if most is None else f"from {least} to {most}"
    wanted = "".join(f"{other} or " for other in others) + f"a whole number {bounds}"

    def read(text: str) -> int:
        if text.isascii() and text.isdecimal() and len(text) < 19:
            value = int(text)
            if value in others or (least <= value and (most is None or value <= most)):
                return value
        raise argparse.ArgumentTypeError(f"expected {wanted}, got {text!r}")

    return read


def number(above: float | None = None, most: float = math.inf) -> Callable[[str], float]:
    """The type of an option that takes a finite number above `above`, or from 0 on where that is None, up to `most`."""
    wanted = "a number " + ("from 0 on" if above is None else f"above {above:g}") + (f", at most {most:g}" if most < math.inf else "")

    def read(text: str) -> float:
        try:
            value = float(text) if text.isascii() and "_" not in text else math.nan
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value > most or not (value >= 0 if above is None else value > above):
            raise argparse.ArgumentTypeError(f"expected {wanted}, got {text!r}")
        return value

    return read


def add_no_cache(command: argparse.ArgumentParser) -> None:
    """The option --no-cache of a command that reads data."""
    command.add_argument(
        "--no-cache", action="store_true", help="neither use nor keep what was made of the same data before, in .minirank beside them"
    )


def kept_of(options: argparse.Namespace, say: Callable[[str], None]) -> Kept:
    """What is kept beside the data, as --no-cache has it; `say` is told where nothing can be kept."""
    from ..data.kept.store import Kept

    return Kept(say, used=not options.no_cache)

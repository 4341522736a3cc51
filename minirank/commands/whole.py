"""Whole numbers on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def whole(least: int, *others: int) -> Callable[[str], int]:
    """The type of an option that takes a whole number from `least` on, or one of `others`."""
    wanted = "".join(f"{other} or " for other in others) + f"a whole number from {least} on"

    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < 19) or (int(text) < least and int(text) not in others):
            raise argparse.ArgumentTypeError(f"expected {wanted}, got {text!r}")
        return int(text)

    return read

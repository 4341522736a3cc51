"""An A/B test in a simulated market: both arms answer the same searches, and users act by the same dice.

Users click and convert by the chances of the market, which depend on the position (minirank/simulate/WORLD.md). A die belongs to a
search and a person, wherever he stands: in what both arms have in common they cannot differ, so that the difference is paired as
tightly as can be, and a ranker against itself gives exactly 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..simulate import World
from .lift import Totals

FRESH = 2**32  # dice of a test; those below made the log


@dataclass(frozen=True)
class Pages:
    """N candidates of S searches of a market.

    Args:
        search: (N,) int, 0 .. S - 1. role, job, resume: (N,) as `World.probabilities` takes them.
    """

    search: np.ndarray
    role: np.ndarray
    job: np.ndarray
    resume: np.ndarray


@dataclass(frozen=True)
class Arm:
    """What an order of the pages brings.

    Args:
        drawn: metric -> totals by search, as the dice fell. expected: metric -> the same before dice are thrown.
    """

    drawn: dict[str, Totals]
    expected: dict[str, Totals]


def arm_of(world: World, pages: Pages, position: np.ndarray, dice: np.ndarray) -> Arm:
    """One arm of a test.

    Args:
        position: (N,) where the arm shows each candidate, from 1. dice: (N,) int, the same in both arms: what names a search's dice.
    """
    rows = pages.role, pages.job, pages.resume, position
    clicked, converted = world.draw(dice, *rows)
    odds = world.probabilities(*rows)
    drawn = _metrics(pages.search, clicked.astype(np.float64), converted.astype(np.float64))
    return Arm(drawn, _metrics(pages.search, odds.click, odds.click * odds.conversion))


def dice_of(search: np.ndarray, seed: int) -> np.ndarray:
    """(N,) names of dice that the log did not use. Args: search: (N,) numbers below 2^32."""
    return search.astype(np.int64) + FRESH * (1 + seed)


def _metrics(search: np.ndarray, clicks: np.ndarray, conversions: np.ndarray) -> dict[str, Totals]:
    """CTR, CVR and CTCVR by search."""
    shown, clicked, converted = (np.bincount(search, values) for values in (np.ones(len(search)), clicks, conversions))
    return {"CTR": Totals(clicked, shown), "CVR": Totals(converted, clicked), "CTCVR": Totals(converted, shown)}

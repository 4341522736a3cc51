"""What a simulated world is made from."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

from minirank.errors import ConfigError

ROLE_NUMBERS = (4, 8)
VERSION = 1  # a change of the drawing that alters the files of a seed gets a new number


@dataclass(frozen=True)
class WorldConfig:
    """Size, seed and strengths of a world.

    Args:
        seed: every file of a world is a function of this class alone.
        impressions: rows of impressions.csv; all other sizes follow from it.
        role_strength: 1 = the tastes in tastes.py, 0 = all roles share their average, 2 = twice as far from it.
        signal_strength: weight of the team preferences that only past hires show; 0 = there are none.
        relevance_strength: weight of everything that tells candidates apart; 0 = clicks follow position alone.
        known_share: share of mentions that use the half of the phrasebook which the rules know.
        ctr: mean click rate of the log; the intercept is solved for it.
        cvr: mean conversion rate given a click, likewise.
        role_shares: share of the searches that each role makes; four or eight of them, in the order of tastes.ROLES and MORE_ROLES.
    Raises:
        ConfigError: a value is out of its range.
    """

    seed: int = 0
    impressions: int = 100_000
    role_strength: float = 1.0
    signal_strength: float = 1.0
    relevance_strength: float = 1.0
    known_share: float = 0.5
    ctr: float = 0.10
    cvr: float = 0.20
    role_shares: tuple[float, ...] = (0.10, 0.25, 0.30, 0.35)

    def __post_init__(self):
        for name, low in (("seed", 0), ("impressions", 1)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < low:
                raise ConfigError(f"{name} must be a whole number from {low} on, got {value!r}")
        ranges: dict[str, tuple[float, float]] = {
            "role_strength": (0, 3),
            "signal_strength": (0, 3),
            "relevance_strength": (0, 3),
            "known_share": (0, 1),
        }
        ranges |= {"ctr": (0.005, 0.3), "cvr": (0.02, 0.8)}
        for name, (least, most) in ranges.items():
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not (math.isfinite(value) and least <= value <= most):
                raise ConfigError(f"{name} must lie between {least} and {most}, got {value!r}")
        shares = self.role_shares
        if len(shares) not in ROLE_NUMBERS or not min(shares) > 0 or not math.isclose(sum(shares), 1, abs_tol=1e-9):
            raise ConfigError(f"role_shares must be four or eight shares above 0 with the sum 1, got {shares!r}")

    @classmethod
    def null(cls, seed: int = 0, impressions: int = 100_000, **others: Any) -> WorldConfig:
        """A world in which nothing but the position decides: no method may show a gain in it."""
        return cls(seed, impressions, role_strength=0.0, signal_strength=0.0, relevance_strength=0.0, **others)

    def to_json(self) -> dict:
        values = asdict(self)
        if self.role_shares == WorldConfig.role_shares:  # which world.json never said before there were others
            del values["role_shares"]
        return {"version": VERSION, **values}

    @classmethod
    def from_json(cls, values: dict) -> WorldConfig:
        """The inverse of to_json.

        Raises:
            ConfigError: another version of the simulator wrote it, or a key is unknown.
        """
        values = dict(values)
        if values.pop("version", None) != VERSION:
            raise ConfigError("world.json comes from another version of the simulator; simulate the world again")
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            raise ConfigError(f"world.json has the unknown key {unknown[0]!r}; simulate the world again")
        return cls(**values | ({"role_shares": tuple(values["role_shares"])} if "role_shares" in values else {}))

"""A simulated talent market with a planted truth; WORLD.md says how every number arises."""

from .ceilings import ceilings
from .reader import Reader
from .tastes import ROLES
from .truth import Probabilities
from .world import World
from .world_config import WorldConfig

__all__ = ["ROLES", "Probabilities", "Reader", "World", "WorldConfig", "ceilings"]

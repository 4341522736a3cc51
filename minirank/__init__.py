"""minirank: a talent-search ranker that can be read, trained and used on a minimal machine.

What a program needs to go from a data folder to a ranked list is offered here, and imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config.configuration import config_from_dict, load_config
    from .data import read_folder
    from .extract import extract_folder
    from .progress import Progress
    from .ranking import Ranker
    from .ranking.format_ranking import format_ranking
    from .run.load_run import load_run
    from .run.scoring import evaluate_run, score_data
    from .simulate import World, WorldConfig
    from .training import train

__version__ = "0.1.0"

MODULES = {
    "config.configuration": ("config_from_dict", "load_config"),
    "data": ("read_folder",),
    "extract": ("extract_folder",),
    "progress": ("Progress",),
    "ranking": ("Ranker",),
    "ranking.format_ranking": ("format_ranking",),
    "run.load_run": ("load_run",),
    "run.scoring": ("evaluate_run", "score_data"),
    "simulate": ("World", "WorldConfig"),
    "training": ("train",),
}
__all__ = [
    "Progress",
    "Ranker",
    "World",
    "WorldConfig",
    "config_from_dict",
    "evaluate_run",
    "extract_folder",
    "format_ranking",
    "load_config",
    "load_run",
    "read_folder",
    "score_data",
    "train",
]


def __getattr__(name: str) -> Any:
    """One of these names, from its module."""
    for module, names in MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it offers {', '.join(__all__)}")


def __dir__() -> list[str]:
    """What completion and `help` offer: these names beside what is here already."""
    return sorted({*globals(), *__all__})

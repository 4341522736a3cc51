"""Searching for settings: random draws over a space, several seeds of each, chosen by what validation rows say.

In reading order:

    space          what is drawn, from one YAML file
    random_search  every trial trained into a run of its own, resumable, one JSON line each
    table          means, spreads over seeds, and where the spread permits no more
"""

from .random_search import Searched, search
from .space import SearchConfig, load_search

__all__ = ["SearchConfig", "Searched", "load_search", "search"]

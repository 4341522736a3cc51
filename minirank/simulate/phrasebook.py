"""The phrasebook: every way in which a simulated text can say a thing, known to the rules or unknown to them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

LEVELS = ("intern", "junior", "mid", "senior", "lead", "principal")
EDUCATION = ("none", "vocational", "bachelor", "master", "doctorate")
REMOTE = ("onsite", "hybrid", "remote")
DEPTHS = ("basic", "solid", "expert")
AVAILABLE = ("now", "soon", "later")


@dataclass(frozen=True)
class Phrasebook:
    """Skills (K), occupations (O) and domains (G) of the simulated labour market, and the words for them.

    Args:
        phrases: the parsed phrasebook.json: part -> name -> {"known": [...], "unknown": [...], ...}.
        names: the parsed names.json: employers, schools, cities, filler.
        skills, titles, domains: names by index.
        skill_domain: (K,) int, index into domains.
        title_domain: (O,) int, index into domains.
        core: (O, K) bool, skills at the heart of an occupation.
        employers: (name, industry index, tier in [0, 1]) for each employer.
    """

    phrases: dict
    names: dict
    skills: tuple
    titles: tuple
    domains: tuple
    skill_domain: np.ndarray
    title_domain: np.ndarray
    core: np.ndarray
    employers: tuple

    @property
    def employer_industry(self) -> np.ndarray:
        return np.array([industry for _, industry, _ in self.employers])

    @property
    def employer_tier(self) -> np.ndarray:
        return np.array([tier for _, _, tier in self.employers])

    @property
    def school_tier(self) -> np.ndarray:
        return np.array([tier for _, tier in self.names["schools"]])


@cache
def load() -> Phrasebook:
    """Read phrasebook.json and names.json, which lie beside this file."""
    folder = Path(__file__).parent
    phrases = json.loads((folder / "phrasebook.json").read_text(encoding="utf-8"))
    names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
    skills, titles = tuple(phrases["skills"]), tuple(phrases["titles"])
    domains = tuple(names["fields"])
    core = np.zeros((len(titles), len(skills)), bool)
    for row, title in enumerate(titles):
        core[row, [skills.index(skill) for skill in phrases["titles"][title]["core"]]] = True
    employers = [(name, industry, tier) for industry, label in enumerate(names["industries"]) for name, tier in names["employers"][label]]
    return Phrasebook(
        phrases,
        names,
        skills,
        titles,
        domains,
        skill_domain=np.array([domains.index(phrases["skills"][skill]["domain"]) for skill in skills]),
        title_domain=np.array([domains.index(phrases["titles"][title]["domain"]) for title in titles]),
        core=core,
        employers=tuple(employers),
    )

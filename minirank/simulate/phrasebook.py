"""The phrasebook: every way in which a simulated text can say a thing, known to the rules or unknown to them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np

LEVELS = ("intern", "junior", "mid", "senior", "lead", "principal")
EDUCATION = ("none", "vocational", "bachelor", "master", "doctorate")
REMOTE = ("onsite", "hybrid", "remote")
DEPTHS = ("basic", "solid", "expert")
AVAILABLE = ("now", "soon", "later")


class Phrasebook:
    """Skills (K), occupations (O) and domains (G) of the simulated labour market, and the words for them.

    phrases: the parsed phrasebook.json: part -> name -> {"known": [...], "unknown": [...], ...}.
    names: the parsed names.json: employers, schools, cities, filler.
    skills, titles, domains: names by index.
    skill_domain, title_domain: (K,) and (O,) int, index into domains.
    core: (O, K) bool, skills at the heart of an occupation.
    employers: the name of each employer.
    employer_industry, employer_tier, school_tier: (employers,) int, (employers,) and (schools,) in [0, 1].
    """

    def __init__(self):
        files = (Path(__file__).with_name(name) for name in ("phrasebook.json", "names.json"))
        self.phrases, self.names = (json.loads(file.read_text(encoding="utf-8")) for file in files)
        skills, titles = self.phrases["skills"], self.phrases["titles"]
        self.skills, self.titles, self.domains = tuple(skills), tuple(titles), tuple(self.names["fields"])
        self.skill_domain = np.array([self.domains.index(facts["domain"]) for facts in skills.values()])
        self.title_domain = np.array([self.domains.index(facts["domain"]) for facts in titles.values()])
        self.core = np.array([[skill in facts["core"] for skill in skills] for facts in titles.values()])
        employers = [
            (name, industry, tier)
            for industry, label in enumerate(self.names["industries"])
            for name, tier in self.names["employers"][label]
        ]
        self.employers, industries, tiers = zip(*employers)
        self.employer_industry, self.employer_tier = np.array(industries), np.array(tiers)
        self.school_tier = np.array([tier for _, tier in self.names["schools"]])


@cache
def load() -> Phrasebook:
    """The phrasebook, read once."""
    return Phrasebook()

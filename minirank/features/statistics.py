"""What an encoder keeps of training rows: roles, vocabularies, means and standard deviations."""

from __future__ import annotations

from collections import Counter
from itertools import chain

import numpy as np

from minirank.config.features import FeatureConfig
from minirank.data import DataFolder
from minirank.extract.schema import named
from minirank.features import inputs
from minirank.features.pairs import MatchedPairs
from minirank.features.profiles import Profiles


def roles_of(folder: DataFolder, rows: np.ndarray) -> tuple[str, ...]:
    """The roles of training rows, sorted."""
    return tuple(sorted({folder.roles[role] for role in np.unique(folder.impressions.role[rows])}))


def statistics(values: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation without the unknown; 0 and 1 where nothing is known or nothing differs."""
    finite = np.isfinite(values)
    known = values if finite.all() else values[finite]
    mean, std = (known.mean(), known.std()) if len(known) else (0.0, 0.0)
    return mean, std if std > 1e-9 else 1.0


def skills_of(profiles: Profiles) -> Counter[str]:
    """How many of some jobs, or of some resumes, hold each skill."""
    if not profiles.is_jobs:
        return profiles.skill_counts()
    return Counter(chain.from_iterable({str(v.value) for v in named((*f.must_have, *f.nice_to_have))} for f in profiles.features))


def vocabularies_of(config: FeatureConfig, pairs: MatchedPairs, skills: Counter[str]) -> dict[str, tuple[str, ...]]:
    """Names that at least `min_count` training jobs and resumes hold (for identifiers: training rows), sorted.

    Args:
        skills: `skills_of` the jobs and resumes of the pairs.
    """
    jobs, resumes = pairs.jobs, pairs.resumes
    names = {"title": jobs.title + resumes.title, "domain": jobs.domain + resumes.domain}
    for field in inputs.further(config):
        found = field.values(pairs)
        names[field.name] = [found[row] for row in pairs.rows(field.owner)] if field.name in inputs.IDENTIFIERS else found
    counts = {vocabulary: Counter(name for name in found if name is not None) for vocabulary, found in names.items()}
    counts["skill"] = skills
    return {vocabulary: tuple(sorted(n for n, count in found.items() if count >= config.min_count)) for vocabulary, found in counts.items()}

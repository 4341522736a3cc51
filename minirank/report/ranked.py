"""The same job ranked for each role, with the evidence for each candidate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..extract import JobFeatures
from ..ranking import Ranker
from ..ranking.format_ranking import format_score, some
from ..ranking.results import Candidate, RoleRankings
from ..ranking.without import gain_of_knowing
from .contents_ranked import Place, RoleRanking, SameJob
from .contents_trained import Fact
from .reasons import reasons

TOP = 10  # candidates of each role
MOST_ROLES = 6  # those with the most rows
CLEAR = 1.15  # a gain that is worth a word in a sentence


def same_job(ranker: Ranker, job: str, roles: Sequence[str], chosen: str, resumes: Sequence[str], now: int) -> SameJob:
    """One job, ranked for each role.

    Args:
        ranker: whose folder has the job, the resumes, and the hires that the job's history may be made of.
        job: its job_id. roles: one at least. chosen: why this job, and among whom.
        resumes: ids of those who are compared.
        now: seconds, the time of the search.
    Raises:
        MinirankError: it cannot be ranked.
    """
    folder, features = ranker.folder, ranker.features
    assert folder is not None and features is not None
    found = ranker.rank_roles(job, roles, resumes, TOP, now=now)
    asked = features.jobs[[each["job_id"] for each in folder.jobs].index(job)]
    latest = {folder.resumes[row]["resume_id"]: row for row in folder.latest_resumes()}
    rankings = []
    for number, (role, ranking) in enumerate(zip(roles, found.rankings)):
        gains = gain_of_knowing(ranker.run, found.rows[number])
        places = tuple(
            _place(
                candidate,
                found,
                number,
                roles,
                {name: float(values[row]) for name, values in gains.items() if np.isfinite(values[row])},
                features.resumes[latest[candidate.resume_id]].masked,
                asked,
            )
            for row, candidate in enumerate(ranking.candidates)
        )
        rankings.append(RoleRanking(role, ranking.note or "", places))
    pairs = [(a, b) for a in range(len(roles)) for b in range(a + 1, len(roles))]
    first = found.rankings[0]
    medians = {
        name: {role: float(np.median(of_role)) for role, of_role in zip(roles, values)} for name, values in found.probabilities.items()
    }
    return SameJob(
        job_id=job,
        title=first.title,
        asks=tuple(_asks(asked, first.candidates[0])),
        chosen=chosen,
        score=format_score(first.exponents),
        scored=first.scored,
        medians=medians,
        rankings=tuple(rankings),
        overlap={(roles[a], roles[b]): found.overlap(a, b) for a, b in pairs},
        kendall={(roles[a], roles[b]): found.kendall_tau(a, b) for a, b in pairs},
    )


def _place(
    candidate: Candidate,
    found: RoleRankings,
    number: int,
    roles: Sequence[str],
    gains: dict[str, float],
    masks: Sequence,
    asked: JobFeatures,
) -> Place:
    """A candidate in the ranking of the role `number`."""
    row = found.resume_ids.index(candidate.resume_id)
    standing = {name: 1 + int((values[number] > values[number, row]).sum()) for name, values in found.probabilities.items()}
    return Place(
        resume_id=candidate.resume_id,
        rank=candidate.rank,
        score=candidate.score,
        probabilities=candidate.probabilities,
        ranks={role: int(ranks[row]) for role, ranks in zip(roles, found.ranks)},
        standing=standing,
        gates=candidate.gates,
        gains=gains,
        reasons=reasons(candidate.evidence, masks, asked.masked),
        summary=_summary(candidate, found, number, standing, gains),
    )


def _summary(candidate: Candidate, found: RoleRankings, number: int, standing: dict[str, int], gains: dict[str, float]) -> str:
    """Why the candidate stands here, in words."""
    exponents = found.rankings[number].exponents
    used = {"pCTR": exponents.ctr, "pCVR": exponents.cvr, "relevance": exponents.relevance}
    parts = [
        f"{name} {candidate.probabilities[name]:.3f} is {_place_of(standing[name])} of {len(found.resume_ids):,} (median {median:.3f})"
        for name, exponent in used.items()
        if exponent and name in candidate.probabilities
        for median in [float(np.median(found.probabilities[name][number]))]
    ]
    text = f"Rank {candidate.rank:,}: {', '.join(parts)}."
    raising = sorted((name for name, gain in gains.items() if gain >= CLEAR), key=lambda name: -gains[name])
    lowering = sorted((name for name, gain in gains.items() if gain <= 1 / CLEAR), key=lambda name: gains[name])
    if raising:
        text += f" What raises the score most: {', '.join(f'{name} ({gains[name]:.1f} times)' for name in raising[:3])}."
    if lowering:
        text += f" What lowers it: {', '.join(f'{name} ({gains[name]:.2f} times)' for name in lowering[:2])}."
    return text


def _place_of(rank: int) -> str:
    """Such as `the highest`, `the 3rd highest`."""
    ending = "th" if 10 <= rank % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return "the highest" if rank == 1 else f"the {rank:,}{ending} highest"


def _asks(asked: JobFeatures, candidate: Candidate) -> list[Fact]:
    """What the job asks for, of skills those that the evidence for a candidate speaks of."""
    lines = []
    for key, name in (("must_have", "must have"), ("nice_to_have", "nice to have")):
        skills = [item["skill"] for item in (*candidate.evidence[key], *candidate.evidence[f"{key}_missing"])]
        lines += [Fact(name, some(sorted(skills)))] if skills else []
    single = (("title", asked.title), ("years", asked.min_years), ("seniority", asked.seniority), ("education", asked.education))
    lines += [Fact(name, str(value.value)) for name, value in single if value is not None]
    if asked.salary is not None:
        lines.append(Fact("pay, up to", f"{asked.salary.value:,}" + (f" {asked.currency.value}" if asked.currency else "")))
    return lines

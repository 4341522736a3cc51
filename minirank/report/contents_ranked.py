"""One job, ranked for each role; see `contents` for what holds of all of it."""

from __future__ import annotations

from dataclasses import dataclass

from .contents_trained import Fact


@dataclass(frozen=True)
class Reason:
    """A line of evidence; about: "must-haves", "title", "levels", "terms", "past hires"...; for_it: None where it is neither."""

    about: str
    text: str
    for_it: bool | None = None


@dataclass(frozen=True)
class Place:
    """A candidate in a ranking.

    Args:
        resume_id: who. rank: from 1. score: what the list is ordered by.
        probabilities: "pCTR", "pCVR", "pCTCVR", "relevance", as far as the model predicts them.
        ranks: role -> rank for it, among all that were scored; every role of `SameJob.rankings`.
        standing: name of a probability -> rank by that probability alone, from 1.
        gates: task -> expert -> weight; {} without gates.
        gains: kind of evidence ("skills", "past hires", ...) -> how many times as high the score is as it would be if the model were not
            told it; above 1 it speaks for the candidate.
        reasons: evidence, with masked quotes.
        summary: a sentence on why this candidate stands here.
    """

    resume_id: str
    rank: int
    score: float
    probabilities: dict[str, float]
    ranks: dict[str, int]
    standing: dict[str, int]
    gates: dict[str, dict[str, float]]
    gains: dict[str, float]
    reasons: tuple[Reason, ...]
    summary: str


@dataclass(frozen=True)
class RoleRanking:
    """The first candidates for a role; note: what to know about it, "" without."""

    role: str
    note: str
    places: tuple[Place, ...]


@dataclass(frozen=True)
class SameJob:
    """One job ranked for each role.

    Args:
        job_id, title: the job. asks: what it asks for, such as ("must have", "sql, docker").
        chosen: why this job, a sentence.
        score: the formula, such as "pCTR pCVR". scored: candidates that were compared.
        medians: name of a probability -> role -> its median over all candidates.
        rankings: one a role, the roles with the most rows first.
        overlap: (role, role) -> share of the first 10 that both have in common; pairs in the order of `rankings`.
        kendall: (role, role) -> Kendall's tau over all candidates; None for one candidate.
    """

    job_id: str
    title: str
    asks: tuple[Fact, ...]
    chosen: str
    score: str
    scored: int
    medians: dict[str, dict[str, float]]
    rankings: tuple[RoleRanking, ...]
    overlap: dict[tuple[str, str], float]
    kendall: dict[tuple[str, str], float | None]

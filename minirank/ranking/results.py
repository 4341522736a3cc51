"""What a ranking gives back: the candidates of a job with the reasons, and two roles side by side."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ..config.configuration import ScoreConfig
from ..kernels.batch import Inputs

OVERLAP = 10  # places that `Comparison.overlap` compares
NAMES = {"pCTR": "ctr", "pCVR": "cvr", "pCTCVR": "ctcvr", "relevance": "relevance"}  # ours -> of the predictions


@dataclass(frozen=True)
class Candidate:
    """One place of a ranking.

    Args:
        resume_id: who. rank: from 1. score: what the list is ordered by.
        probabilities: pCTR, pCVR (given a click), pCTCVR = pCTR pCVR, relevance, as far as the model predicts them.
        gates: task -> expert -> weight, each task's sum is 1; {} for a model without gates.
        evidence: must-haves covered and missing, gaps, past hires; see `features.evidence`.
    """

    resume_id: str
    rank: int
    score: float
    probabilities: dict[str, float]
    gates: dict[str, dict[str, float]]
    evidence: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON can hold them, the probabilities side by side with the rest."""
        values = asdict(self)
        head, tail = ({key: values[key] for key in keys} for keys in (("resume_id", "rank", "score"), ("gates", "evidence")))
        return head | values["probabilities"] | tail


@dataclass(frozen=True)
class Ranking:
    """The candidates of a job for a recruiter.

    Args:
        job_id, title: the job. role: the recruiter's, None where it is not known.
        note: what to know about the role, such as that training never saw it, and about texts in words that it
            does not know; None where there is nothing to say.
        exponents: of the score.
        scored: how many candidates were compared.
        candidates: the best ones, best first.
        left_out: task -> why the model was not trained for it.
        words_known: "job", "resumes" -> the share of their words that training knows, of resumes the mean; {} where no text is read.
    """

    job_id: str
    title: str
    role: str | None
    note: str | None
    exponents: ScoreConfig
    scored: int
    candidates: tuple[Candidate, ...]
    left_out: dict[str, str] = field(default_factory=dict)
    words_known: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The ranking as JSON can hold it."""
        head = {"job_id": self.job_id, "title": self.title, "role": self.role, "note": self.note, "words_known": self.words_known}
        counts = {"left_out": self.left_out, "exponents": asdict(self.exponents), "scored": self.scored}
        return head | counts | {"candidates": [candidate.to_json() for candidate in self.candidates]}


@dataclass(frozen=True)
class ShortRanking:
    """The candidates of a job, best first, without the reasons.

    Args:
        job_id: the job.
        resume_ids: n ids.
        scores: (n,) float64, never ascending.
        note: as that of `Ranking`.
    """

    job_id: str
    resume_ids: tuple[str, ...]
    scores: np.ndarray
    note: str | None = None


@dataclass(frozen=True)
class RoleRankings:
    """One job under R roles.

    Args:
        rankings: R.
        resume_ids: n, everyone who was scored.
        ranks: (R, n) int, from 1.
        probabilities: by the names of `NAMES` -> (R, n) float64.
        rows: R, the candidates of each ranking as the model sees them.
    """

    rankings: tuple[Ranking, ...]
    resume_ids: tuple[str, ...]
    ranks: np.ndarray
    probabilities: dict[str, np.ndarray]
    rows: tuple[Inputs, ...]

    def overlap(self, a: int, b: int) -> float:
        """The share of the first 10 (of all, where there are fewer) that two roles have in common."""
        few = min(OVERLAP, len(self.resume_ids))
        return int((self.ranks[[a, b]] <= few).all(axis=0).sum()) / few

    def kendall_tau(self, a: int, b: int) -> float | None:
        """Rank correlation over all candidates, 1 = the same order, -1 = reversed; None for one candidate."""
        from scipy.stats import kendalltau  # which takes longer to load than a list to rank

        return float(kendalltau(self.ranks[a], self.ranks[b]).statistic) if len(self.resume_ids) > 1 else None


@dataclass(frozen=True)
class Move:
    """Where a candidate stands for role a and for role b; ranks from 1."""

    resume_id: str
    rank_a: int
    rank_b: int


@dataclass(frozen=True)
class Comparison:
    """One job under two roles.

    Args:
        a, b: both rankings.
        moves: everyone who is in one of them, in the order of a.
        overlap: the share of the first 10 (of all, where there are fewer) that both have in common.
        kendall_tau: rank correlation over all candidates, 1 = the same order, -1 = reversed; None for one candidate.
    """

    a: Ranking
    b: Ranking
    moves: tuple[Move, ...]
    overlap: float
    kendall_tau: float | None

    def to_json(self) -> dict[str, Any]:
        """The comparison as JSON can hold it."""
        facts = {f"overlap@{OVERLAP}": self.overlap, "kendall_tau": self.kendall_tau}
        return facts | {"a": self.a.to_json(), "b": self.b.to_json(), "moves": [asdict(move) for move in self.moves]}

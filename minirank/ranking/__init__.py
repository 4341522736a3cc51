"""Ranking: the candidates of a job in the order of their score for the recruiter who asks, and why."""

from .ranker import Ranker
from .results import Candidate, Comparison, Ranking

__all__ = ["Candidate", "Comparison", "Ranker", "Ranking"]

"""Ranking: the candidates of a job in the order of their score for the recruiter who asks, and why.

In reading order:

    candidates      jobs and resumes given by hand, checked
    pool            the candidates, encoded as far as that needs no job
    ranker          scores, ranks and explains them
    results         what it gives back
    format_ranking  that as text
    exponents       the exponents of the score, chosen on validation rows
"""

from .ranker import Ranker
from .results import Candidate, Comparison, Ranking

__all__ = ["Candidate", "Comparison", "Ranker", "Ranking"]

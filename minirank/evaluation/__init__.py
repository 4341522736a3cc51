"""Evaluation: metrics for every task and role, with intervals, coverage and the ceilings of simulated worlds.

In reading order:

    metrics         each metric as a function of labels and scores
    compiled        their compiled loops
    calibration     observed against predicted probabilities
    bootstrap       metrics that can be resampled, and their intervals
    targets         which rows, labels and metrics a task has
    results         everything together, for one model or the difference of two
    format_metrics  results as text
    parallel        independent parts on all cores

CONVENTIONS.md: what ties, empty searches and searches of one candidate count, here and in other libraries.
"""

from .format_metrics import format_comparison, format_table
from .results import compare, evaluate

__all__ = ["compare", "evaluate", "format_comparison", "format_table"]

"""Evaluation: metrics for every task and role, with intervals, coverage and the ceilings of simulated worlds."""

from .format_metrics import format_comparison, format_table
from .results import compare, evaluate

__all__ = ["compare", "evaluate", "format_comparison", "format_table"]

"""Evaluation: metrics for every task and role, with intervals, coverage and the ceilings of simulated worlds."""

from .results import compare, evaluate, metric_value
from .targets import metric_direction, metric_names
from .text import format_comparison, format_table

__all__ = ["compare", "evaluate", "format_comparison", "format_table", "metric_direction", "metric_names", "metric_value"]

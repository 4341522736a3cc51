"""Evaluation: metrics for every task and role, with intervals, coverage and the ceilings of simulated worlds."""

from .format_metrics import format_comparison, format_table
from .results import compare, evaluate, metric_value
from .targets import metric_direction, metric_names

__all__ = ["compare", "evaluate", "format_comparison", "format_table", "metric_direction", "metric_names", "metric_value"]

"""Two rankers compared by what they would bring: METHOD.md says how, with formulas and sources.

In reading order:

    lift          of a metric that is a ratio of sums over searches, with intervals and the size of a test
    simulated     an arm of a test in a market whose truth is known
    off_policy    the same from a log with propensities
    compare_runs  two runs, both ways
    format_ab     as text
"""

from .compare_runs import compare_runs
from .format_ab import format_ab

__all__ = ["compare_runs", "format_ab"]

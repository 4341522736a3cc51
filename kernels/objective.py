"""What is minimised, over and above the rows: learned task weights and the penalty of what an id adds.

    total = sum_t exp(-s_t) L_t + s_t / 2   +   sum_p lambda_p / (2 N) ||w_p||^2

s_t is the log variance of task t where task weights are learned, and 0 without its s_t / 2 where they are fixed. A loss of no task
(`ops/balance.py`) is added as it is. The penalty counts once a data set of N rows, beside losses that are row means.

    ds_t = -exp(-s_t) L_t + 1/2,        dw_p = lambda_p / N w_p

Source of the task weights: Kendall et al., CVPR 2018.
"""

from __future__ import annotations

import numpy as np

from .parameters import Arena
from .plan import Plan


def weigh_tasks(losses: np.ndarray, log_variances: np.ndarray) -> tuple[float, np.ndarray]:
    """(sum_t exp(-s_t) L_t + s_t / 2, its gradient for s) of learned task weights; both arguments (T,)."""
    weighted = np.exp(-log_variances) * losses
    return float((weighted + log_variances / 2).sum()), 0.5 - weighted


def add_objective(plan: Plan, values: Arena, losses: np.ndarray, dense_gradient: np.ndarray) -> float:
    """Add the gradients of this file's formula to `dense_gradient` and return the total.

    Args:
        losses: (number of `plan.losses`,) L of each loss operation, its factor included.
        dense_gradient: (dense,) gradient of the rows' losses, which have exp(-s_t) in them already.
    """
    by_task, of_none = np.zeros(len(plan.spec.tasks)), 0.0
    for op, loss in zip(plan.losses, losses):
        if op.attributes["task"] < 0:
            of_none += float(loss)
        else:
            by_task[op.attributes["task"]] += loss
    if plan.log_variance is None:
        total = of_none + float(by_task.sum())
    else:
        weighted, ds = weigh_tasks(by_task, values.view(plan.log_variance).astype(float))
        total = of_none + weighted
        start = plan.log_variance.offset
        dense_gradient[start : start + len(ds)] += ds
    for parameter in plan.parameters.values():
        if parameter.penalty:
            w = values.view(parameter).ravel()
            rate = parameter.penalty / plan.training_rows
            with np.errstate(over="ignore"):  # a training that diverges: its total is inf, which the caller sees
                total += rate / 2 * float(np.dot(w, w))
            dense_gradient[parameter.offset : parameter.offset + parameter.size] += rate * w
    return total

"""What a model could reach at best in a world: AUC of the truth itself on the log."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.special import expit, logit

from minirank.evaluation.metrics import auc

from . import truth
from .world import World


def ceilings(world: World) -> dict:
    """AUC on the log of ever less of the truth.

    Returns:
        {"click": {...}, "conversion": {...}}, on all rows and on clicked rows, each with
        oracle: position and unobservables known; reachable: observables alone;
        additive: the average taste of all roles and an intercept a role; average: without that intercept.
    """
    log = world.log
    clicked, converted = world.draw(log.search, log.role, log.job, log.snapshot, log.position)
    pairs = log.role, log.job, log.snapshot
    reachable = truth.in_chunks(world.truth.observables, *pairs)
    average = truth.in_chunks(partial(world.truth.observables, average_roles=True), *pairs)
    out = {}
    for name, label, rows in (("click", clicked, slice(None)), ("conversion", converted, clicked)):
        role, best, blind = (values[rows] for values in (log.role, getattr(reachable, name), getattr(average, name)))
        scores = {"oracle": getattr(world.logged, name)[rows], "reachable": best}
        scores |= {"additive": _with_intercepts(role, best, blind), "average": blind}
        out[name] = {key: float(auc(label[rows], score)) for key, score in scores.items()}
    return out


def _mean_shifted(logits: np.ndarray, shift: float) -> float:
    return expit(logits + shift).mean()


def _with_intercepts(role, best, blind):
    """Logits of `blind`, shifted role by role to the mean of `best`, (N,)."""
    logits = logit(blind)
    for code in np.unique(role):
        rows = role == code
        logits[rows] += truth.solve(partial(_mean_shifted, logits[rows]), best[rows].mean())
    return logits

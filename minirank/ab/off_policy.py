"""What another order of the logged pages would have brought, from the log and the chance of what it shows.

The action is a candidate at a position (item-position model): whether a candidate is clicked, and converts, depends on the candidate,
the search and the position, not on who stands around it. A row was logged with chance p; under a ranker its candidate stands at t, in
the log at k. With y the click or the conversion, and q(t) a model of it,

    w = 1[t = k] / p                                 clipped at a bound where one is given
    IPS    sum w y / rows                            without bias, of large variance
    SNIPS  sum w y / sum w                           a bias that vanishes with the size of the log, of less variance
    DR     sum (q(t) + w (y - q(k))) / rows          without bias whatever q, of less variance the better q is

each summed by search, so that `lift` gives the interval. CVR is the estimate of conversions over that of clicks. Rows whose label is
missing are left out, as if they were missing by chance. The effective sample size is (sum w)^2 / sum w^2; the mean of w is 1 where the
propensities are right and everything that the ranker would show had a chance.

Sources: Horvitz and Thompson, JASA 1952; Swaminathan and Joachims, The self-normalized estimator for counterfactual learning, NIPS
2015; Dudik, Langford and Li, Doubly robust policy evaluation and learning, ICML 2011; Li, Abbasi-Yadkori, Kveton, Muthukrishnan, Vinay
and Wen, Offline evaluation of ranking policies with click models, KDD 2018 (the item-position estimator).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .lift import Lift, Totals, lift_of

ESTIMATORS = ("IPS", "SNIPS", "DR")
METRICS = ("CTR", "CVR", "CTCVR")
PRIOR = 10.0  # clicks that a position is given beforehand as the model expects them


@dataclass(frozen=True)
class Logged:
    """N rows of whole pages of S searches.

    Args:
        search: (N,) int, 0 .. S - 1. position: (N,) int, of which a page has none twice. propensity: (N,) float in (0, 1].
        clicked, converted: (N,) float, 0, 1 or NaN = missing; a conversion counts only where there was a click.
    """

    search: np.ndarray
    position: np.ndarray
    propensity: np.ndarray
    clicked: np.ndarray
    converted: np.ndarray

    @property
    def outcome(self) -> np.ndarray:
        """(N,) click and conversion: 0 without a click, NaN where it is not known."""
        return np.where(self.clicked == 0, 0.0, np.where(self.clicked == 1, self.converted, np.nan))


@dataclass(frozen=True)
class Weights:
    """The weights of a ranker.

    Args:
        values: (N,) float. matched: rows that it leaves in their place; clipped: those of them that the bound cut.
    """

    values: np.ndarray
    matched: int
    clipped: int

    @property
    def effective(self) -> float:
        """The effective sample size, in rows."""
        squares = float((self.values**2).sum())
        return float(self.values.sum()) ** 2 / squares if squares else 0.0


def positions_of(search: np.ndarray, position: np.ndarray, score: np.ndarray, tie: np.ndarray) -> np.ndarray:
    """Where a ranker puts the candidates of each page, (N,): the best one first, on the positions that the page has.

    Args:
        search, position: (N,) as in the log. score: (N,), higher is better. tie: (N,), of equal scores the lower comes first.
    """
    found = np.empty_like(position)
    found[np.lexsort((tie, -score, search))] = position[np.lexsort((position, search))]
    return found


def weights_of(logged: Logged, target: np.ndarray, clip: float | None = None) -> Weights:
    """The weights of a ranker that puts candidates at `target` (N,).

    Args:
        clip: the largest weight; None = as large as they come.
    """
    same = target == logged.position
    values = np.where(same, 1 / logged.propensity.astype(np.float64), 0.0)
    large = values > clip if clip is not None else np.zeros(len(values), bool)
    return Weights(np.where(large, clip, values) if clip is not None else values, int(same.sum()), int(large.sum()))


class OutcomeModel:
    """q: what a model that knows no position expects of a row, times what each position gave beside it in the other half of the searches.

    A search is never judged by a factor that its own clicks made, so that DR keeps its freedom from bias.

    Args:
        logged: the log. outcome: (N,) what is expected, NaN = missing. expected: (N,) the model's, at no particular position.
    """

    def __init__(self, logged: Logged, outcome: np.ndarray, expected: np.ndarray) -> None:
        self._expected, self._half = expected, logged.search % 2
        self._places, place = np.unique(logged.position, return_inverse=True)
        known, size = ~np.isnan(outcome), len(self._places)
        self._factors = np.empty((2, size))
        for half in (0, 1):
            rows = known & (self._half != half)
            seen = np.bincount(place[rows], outcome[rows], size)
            self._factors[half] = (seen + PRIOR) / (np.bincount(place[rows], expected[rows], size) + PRIOR)

    def at(self, position: np.ndarray) -> np.ndarray:
        """(N,) chance of the outcome, were each row at this position."""
        return np.minimum(self._expected * self._factors[self._half, np.searchsorted(self._places, position)], 1.0)


def totals_of(
    estimator: str, logged: Logged, weights: Weights, outcome: np.ndarray, known: np.ndarray, target: np.ndarray, model: OutcomeModel | None
) -> Totals:
    """The mean of an outcome under a ranker, by search.

    Args:
        outcome: (N,) float. known: (N,) bool, the rows that count. target: (N,) positions. model: for DR.
    """
    searches, w = int(logged.search.max()) + 1, np.where(known, weights.values, 0.0)
    y = np.where(known, outcome, 0.0)
    above, below = w * y, (w if estimator == "SNIPS" else known.astype(np.float64))
    if estimator == "DR":
        assert model is not None
        above = np.where(known, model.at(target), 0.0) + w * (y - model.at(logged.position))
    return Totals(np.bincount(logged.search, above, searches), np.bincount(logged.search, below, searches))


def metrics_of(
    estimator: str, logged: Logged, weights: Weights, target: np.ndarray, models: dict[str, OutcomeModel] | None = None
) -> dict[str, Totals]:
    """CTR, CVR and CTCVR of a ranker, by search.

    Args:
        models: of "clicked" and "outcome", for DR.
    """

    def totals(name: str, known: np.ndarray) -> Totals:
        return totals_of(estimator, logged, weights, getattr(logged, name), known, target, models[name] if models else None)

    seen, settled = ~np.isnan(logged.clicked), ~np.isnan(logged.outcome)
    conversions = totals("outcome", settled)
    ratio = Totals(conversions.above, totals("clicked", settled).above)
    return {"CTR": totals("clicked", seen), "CVR": ratio, "CTCVR": conversions}


def estimate(
    logged: Logged, a: np.ndarray, b: np.ndarray, expected: dict[str, np.ndarray], clip: float | None = None
) -> tuple[dict[str, dict[str, Lift]], tuple[Weights, Weights]]:
    """The lift of the ranker that puts candidates at `b` (N,) over the one that puts them at `a`.

    Args:
        expected: "clicked", "outcome" -> (N,) what some model expects of each row, which was not trained on these rows.
    Returns:
        estimator -> metric -> lift, and the weights of both.
    """
    models = {name: OutcomeModel(logged, getattr(logged, name), values) for name, values in expected.items()}
    weights = weights_of(logged, a, clip), weights_of(logged, b, clip)
    found = {}
    for estimator in ESTIMATORS:
        arms = [metrics_of(estimator, logged, each, target, models) for each, target in zip(weights, (a, b))]
        found[estimator] = {metric: lift_of(arms[0][metric], arms[1][metric]) for metric in METRICS}
    return found, weights

"""The exponents of the ranking score, chosen on validation rows."""

from __future__ import annotations

from itertools import product

import numpy as np

from ..config.configuration import ScoreConfig
from ..data import Dataset
from ..evaluation import metric_value
from ..run.prediction import ranking_score

GRID = (0.0, 0.25, 0.5, 1.0, 2.0)


def tune_exponents(dataset: Dataset, rows: np.ndarray, predictions: dict[str, np.ndarray]) -> tuple[ScoreConfig, float]:
    """The exponents whose ranking has the best NDCG@10 on validation rows; of equal ones the default, else the first.

    Only the ratios of exponents matter, so that of pCTR stays 1.

    Args:
        rows: (n,) indices into `dataset.rows`, never those of the test.
        predictions: "ctr", "cvr" and, where it is a task, "relevance" -> (n,).
    Returns:
        The exponents, and their NDCG@10.
    """
    known = [name for name in ("ctr", "cvr", "relevance") if name in predictions]
    grid = [ScoreConfig(), *(ScoreConfig(1.0, *pair) for pair in product(GRID, GRID if "relevance" in known else (0.0,)))]
    best, reached = ScoreConfig(), -np.inf
    for exponents in grid:
        tried = {name: predictions[name] for name in known} | {"score": ranking_score(predictions, exponents)}
        value = metric_value("ranking.ndcg@10", dataset, rows, tried)
        if value > reached:
            best, reached = exponents, value
    return best, reached

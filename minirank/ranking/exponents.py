"""The exponents of the ranking score, chosen on validation rows."""

from __future__ import annotations

from dataclasses import asdict
from itertools import product
from typing import Any

import numpy as np

from ..config.configuration import ScoreConfig
from ..data import Dataset
from ..errors import ConfigError
from ..evaluation.format_metrics import aligned, decimals
from ..evaluation.metrics import ndcg
from ..evaluation.targets import is_recruiting, select, target_of
from ..run.load_run import Run
from ..run.prediction import ranking_score
from ..run.scoring import data_of, predictions_of
from .format_ranking import format_score

GRID = (0.0, 0.25, 0.5, 1.0, 2.0)


def choose_exponents(run: Run, dataset: Dataset | None = None) -> dict[str, Any]:
    """The exponents that rank a run's validation rows best, beside those of its configuration.

    Args:
        dataset: the run's data where they are encoded already; None reads them.
    Returns:
        {"metric": "ndcg@10", "configured": entry, "best": entry}; entry: {"score": exponents, "valid": NDCG@10, "test":
        NDCG@10, None where no test row defines it}.
    Raises:
        ConfigError: the run has no ranking, or no validation row that tells one order from another.
        RunError: the data changed since.
    """
    dataset = data_of(run, dataset)
    cannot = f"{run.folder}: no exponents can be chosen:"
    if not is_recruiting(dataset.inputs.tasks) or dataset.search is None:
        raise ConfigError(f"{cannot} a ranking needs the tasks ctr and cvr, and searches (data.columns.group of a table)")
    if not len(dataset.valid):
        raise ConfigError(f"{cannot} the data have no validation rows; configure a validation part and train again")
    predictions = {part: predictions_of(run, dataset, getattr(dataset, part)) for part in ("valid", "test")}
    configured = run.config.score
    best, reached = tune_exponents(dataset, dataset.valid, predictions["valid"], configured)
    if not np.isfinite(reached):
        missing = "no search of two candidates or more among the validation rows has a click"
        raise ConfigError(f"{cannot} {missing}; configure a larger validation part and train again")

    def entry(exponents: ScoreConfig) -> dict[str, Any]:
        reached = {part: ranking_ndcg(dataset, getattr(dataset, part), found, exponents) for part, found in predictions.items()}
        return {"score": asdict(exponents)} | {part: value if np.isfinite(value) else None for part, value in reached.items()}

    return {"metric": "ndcg@10", "configured": entry(configured), "best": entry(best)}


def tune_exponents(
    dataset: Dataset, rows: np.ndarray, predictions: dict[str, np.ndarray], configured: ScoreConfig = ScoreConfig()
) -> tuple[ScoreConfig, float]:
    """The exponents whose ranking has the best NDCG@10 on validation rows; of equal ones the configured, else the first.

    Only the ratios of exponents matter, so that of pCTR stays 1.

    Args:
        rows: (n,) indices into `dataset.rows`, never those of the test.
        predictions: "ctr", "cvr" and, where it is a task, "relevance" -> (n,).
    Returns:
        The exponents, and their NDCG@10; NaN where the rows do not define it.
    """
    grid = product(GRID, GRID if "relevance" in predictions else (0.0,))
    best, reached = configured, ranking_ndcg(dataset, rows, predictions, configured)
    for exponents in (ScoreConfig(1.0, *pair) for pair in grid):
        value = ranking_ndcg(dataset, rows, predictions, exponents)
        if not value <= reached:
            best, reached = exponents, value
    return best, reached


def ranking_ndcg(dataset: Dataset, rows: np.ndarray, predictions: dict[str, np.ndarray], exponents: ScoreConfig) -> float:
    """NDCG@10 of searches ordered by the score, as `evaluate` reports it."""
    score = ranking_score(predictions, exponents)
    if score is None:  # every exponent is 0
        return float("nan")
    target = target_of(select(dataset, rows), "ranking", score)
    return ndcg(target.labels, target.scores, target.groups).value


def format_exponents(found: dict[str, Any], folder: str) -> str:
    """What `choose_exponents` found, as text, and how to use it."""
    cells = [["NDCG@10 of the ranking", "score", "validation rows", "test rows"]]
    for name in ("configured", "best"):
        entry = found[name]
        cells.append([name, format_score(ScoreConfig(**entry["score"])), decimals(entry["valid"]), decimals(entry["test"])])
    lines = [*aligned(cells), ""]
    if found["best"] == found["configured"]:
        return "\n".join([*lines, "The configured exponents are the best on the validation rows."])
    score = ", ".join(f"{name}: {exponent:g}" for name, exponent in found["best"]["score"].items())
    use = f"To rank by the best, set this in {folder}/config.yaml, and in your configuration before you train again:"
    return "\n".join([*lines, use, f"score: {{{score}}}"])

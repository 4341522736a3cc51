"""Two runs as the arms of an A/B test: simulated where the truth of the market is known, estimated from the log where propensities are.

Both rank the candidates of the same pages, those that the searches of a log showed. Searches that a run was trained or validated on
are left out: of the folder that it was trained on, the test part remains, of another one everything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from ..config.configuration import FolderConfig
from ..data import DataFolder, Split, read_folder
from ..data.kept.store import NOTHING_KEPT, Kept
from ..errors import ConfigError, DataError, RunError
from ..extract import Features, read_features
from ..features import Encoder
from ..features.kept_rows import KeptRows
from ..run.backend import check_backend
from ..run.load_data import split_of
from ..run.load_run import Run
from ..run.memory_plan import most_for_rows
from ..run.prediction import predict, ranking_score
from ..simulate import World
from .lift import lift_of, searches_needed
from .off_policy import METRICS, Logged, estimate, positions_of
from .simulated import Pages, arm_of, dice_of

Say = Callable[[str], None]


@dataclass(frozen=True)
class Log:
    """A log that is read.

    Args:
        folder: as it was read. graded: with grades, where they are asked for. features: gives them, read once. split: its parts.
        kept: what was made of it before.
    """

    folder: DataFolder
    graded: DataFolder
    features: Callable[[], Features]
    split: Split
    kept: Kept


@dataclass(frozen=True)
class Ranked:
    """What a run makes of a log of N rows.

    Args:
        folder: the log. unseen: (N,) bool, rows that it was neither trained nor validated on; is_test: whether they are its test part.
        score: (N,) by which it ranks. chances: task -> (N,) what it predicts.
    """

    folder: DataFolder
    unseen: np.ndarray
    is_test: bool
    score: np.ndarray
    chances: dict[str, np.ndarray]


def compare_runs(
    a: Run,
    b: Run,
    data: str | Path | None = None,
    *,
    seed: int = 0,
    clip: float | None = None,
    say: Say = lambda text: None,
    kept: Kept = NOTHING_KEPT,
) -> dict[str, Any]:
    """The lift of run B over run A.

    Args:
        data: a folder with a log; None = the one that each was trained on, which must have the same log.
        seed: of the dice. clip: the largest weight of the estimates from the log; None = as large as they come.
        kept: as in `run.load_data.load_dataset`.
    Returns:
        JSON: data, part, searches, impressions; simulated: metric -> a, b, lift, low, high, expected, needed (or why there is nothing);
        off_policy: searches, rows, left_out, clip, weights of a and b, lift: estimator -> metric -> a, b, lift, low, high (or why not).
    Raises:
        ConfigError, DataError, RunError: the runs or the data cannot be used, or not together.
    """
    for run in (a, b):
        if not isinstance(run.config.data, FolderConfig):
            raise RunError(f"{run.folder}: trained on a table, which has no searches with a truth; give runs of a data folder")
        check_backend(run.config)
    configs = [_config(run, data) for run in (a, b)]
    log = _read(configs[0], say, kept)
    first = ranked(a, log, say)
    second = ranked(b, log if configs[1] == configs[0] else _read(configs[1], say, kept), say)
    shown = first.folder.impressions
    if not _same_log(first.folder, second.folder):
        raise ConfigError(f"{a.folder} and {b.folder} were trained on different logs; name one that both shall rank with --data")
    rows = np.flatnonzero(first.unseen & second.unseen)
    if not len(rows):
        raise ConfigError(f"{first.folder.path}: training saw every search; name another log with --data, or train with a test part")
    search = np.unique(shown.search[rows], return_inverse=True)[1]
    tie = shown.resume[rows]  # in the order of resume_id, as in a ranking
    scores = first.score[rows], second.score[rows]
    path = first.folder.path
    world = None
    if (path / "world.json").exists():
        say(f"making the market of {path} again ...")
        world = _world(first.folder)
    propensity = shown.propensity[rows]
    if world is not None and np.isnan(propensity).all():
        propensity = world.propensities[shown.row[rows]]
    if world is None and np.isnan(propensity).all():
        remedy = "simulate a market, or log the chance of each row (minirank/data/folder/FORMAT.md)"
        raise DataError("neither a known truth (world.json) nor a propensity of any row", file=str(path), remedy=remedy)
    results: dict[str, Any] = {"a": str(a.folder), "b": str(b.folder), "data": str(path)}
    results |= {"part": "test" if first.is_test or second.is_test else "all", "searches": int(search.max()) + 1, "impressions": len(rows)}
    results["simulated"] = None
    if world is not None:
        say(f"simulating {int(search.max()) + 1:,} searches ...")
        results["simulated"] = _simulated(world, shown.row[rows], search, scores, tie, seed)
    results["off_policy"] = _estimated(first, second, rows, search, propensity, scores, tie, clip)
    return results


def _config(run: Run, data: str | Path | None) -> FolderConfig:
    """The log that a run shall rank, as its configuration describes it."""
    config = run.config.data
    assert isinstance(config, FolderConfig)
    if data is not None:
        return replace(config, folder=Path(data), grades=False)
    if not config.folder.is_dir():
        raise RunError(f"{run.folder}: the data {config.folder} are not there; name a log with --data")
    return config


def _read(config: FolderConfig, say: Say, kept: Kept) -> Log:
    say(f"reading {config.folder} ...")
    folder = read_folder(config.folder, config.columns, kept=kept)
    graded, split = split_of(folder, config)
    return Log(folder, graded, cache(partial(read_features, folder, kept)), split, kept)


def ranked(run: Run, log: Log, say: Say) -> Ranked:
    """What a run makes of a log.

    Raises:
        RunError: nothing that the run predicts makes a score.
        DataError: the log cannot be encoded as the run needs it.
    """
    assert isinstance(run.encoder, Encoder)
    folder, count = log.graded, len(log.graded.impressions)
    say(f"{run.folder} ranks {count:,} impressions ...")
    rows = KeptRows(log.kept if not run.config.features.embedded else NOTHING_KEPT, log.folder, most_for_rows(run.config, count))
    dataset = run.encoder.dataset(folder, log.features, log.split, say, rows)
    is_own = dataset.fingerprint == run.fingerprint
    unseen = np.ones(len(dataset.rows), bool)
    if is_own:
        unseen[:] = False
        unseen[dataset.test] = True
    chances = predict(run.executor, run.values, dataset.rows, run.config.model.position_field)
    score = ranking_score(chances, run.config.score)
    if score is None:
        raise RunError(f"{run.folder}: no task of this run enters the score; set score.ctr, score.cvr or score.relevance")
    return Ranked(folder, unseen, is_own, score, chances)


def _same_log(one: DataFolder, other: DataFolder) -> bool:
    """Whether two folders log the same searches, whatever was read in their texts."""
    first, second = one.impressions, other.impressions
    same = all(np.array_equal(getattr(first, name), getattr(second, name)) for name in ("search", "job", "resume", "position"))
    return same and first.search_id == second.search_id


def _world(folder: DataFolder) -> World:
    world, shown = World.read(folder.path), folder.impressions
    if len(world.log.position) != len(shown) or not np.array_equal(world.log.position[shown.row], shown.position):
        raise DataError("was changed since it was simulated", file="impressions.csv", remedy="simulate the market again")
    return world


def _simulated(
    world: World, rows: np.ndarray, search: np.ndarray, scores: tuple[np.ndarray, np.ndarray], tie: np.ndarray, seed: int
) -> dict[str, dict[str, Any]]:
    """Metric -> what a test with the market's users shows, and what it would show without chance. Args: rows: of the log."""
    log = world.log
    pages = Pages(search, log.role[rows], log.job[rows], log.snapshot[rows])
    dice = dice_of(log.search[rows], seed)
    a, b = (arm_of(world, pages, positions_of(search, log.position[rows], score, tie), dice) for score in scores)
    found: dict[str, dict[str, Any]] = {}
    for metric in METRICS:
        drawn, truth = lift_of(a.drawn[metric], b.drawn[metric]), lift_of(a.expected[metric], b.expected[metric])
        apart, paired = searches_needed(a.drawn[metric], b.drawn[metric], truth.b - truth.a)
        found[metric] = _json(asdict(drawn) | {"expected": truth.lift, "needed": apart, "needed_paired": paired})
    return found


def _estimated(
    first: Ranked,
    second: Ranked,
    rows: np.ndarray,
    search: np.ndarray,
    propensity: np.ndarray,
    scores: tuple[np.ndarray, np.ndarray],
    tie: np.ndarray,
    clip: float | None,
) -> dict[str, Any] | None:
    """The estimates from the log; None where no search has all its positions and propensities."""
    shown = first.folder.impressions
    position, count = shown.position[rows], int(search.max()) + 1
    bad = np.isnan(propensity) | (position < 1)
    by_position = np.lexsort((position, search))
    again = (np.diff(search[by_position]) == 0) & (np.diff(position[by_position]) == 0)
    bad[by_position[1:][again]] = True
    kept = np.bincount(search, bad, count) == 0
    if not kept.any():
        return None
    use = kept[search]
    chosen, code = rows[use], np.unique(search[use], return_inverse=True)[1]
    logged = Logged(code, position[use], propensity[use], shown.clicked[chosen], shown.converted[chosen])
    a, b = (positions_of(code, logged.position, score[use], tie[use]) for score in scores)
    expected = {"clicked": _expected("ctr", logged.clicked, first, second, chosen)}
    expected["outcome"] = _expected("ctcvr", logged.outcome, first, second, chosen)
    lifts, weights = estimate(logged, a, b, expected, clip)
    return {
        "searches": int(kept.sum()),
        "rows": len(chosen),
        "left_out": int(count - kept.sum()),
        "clip": clip,
        "weights": {name: _weights(each, len(chosen)) for name, each in zip("ab", weights)},
        "lift": {estimator: {metric: _json(asdict(lift)) for metric, lift in each.items()} for estimator, each in lifts.items()},
    }


def _expected(task: str, outcome: np.ndarray, first: Ranked, second: Ranked, rows: np.ndarray) -> np.ndarray:
    """What the runs expect of each row, the mean of those that predict it; where none does, the same of all."""
    known = [each.chances[task][rows] for each in (first, second) if task in each.chances]
    return np.mean(known, axis=0) if known else np.full(len(rows), max(float(np.nanmean(outcome)), 1e-6))


def _weights(weights: Any, rows: int) -> dict[str, Any]:
    largest = float(weights.values.max(initial=0.0))
    facts = {"matched": weights.matched, "clipped": weights.clipped, "effective": weights.effective}
    return facts | {"largest": largest, "mean": float(weights.values.sum()) / rows}


def _json(values: dict[str, float]) -> dict[str, float | None]:
    """Numbers as JSON has them: what is not defined, and what no test would ever see, is null."""
    return {name: value if np.isfinite(value) else None for name, value in values.items()}

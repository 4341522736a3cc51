"""A run applied: metrics on the rows of its data that training did not see, predictions for other data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from ..config.configuration import FolderConfig, data_paths
from ..data import Dataset, Split, TableEncoder, read_folder
from ..data.csv_cells import ROWS, write_csv
from ..data.folder.records import column_of
from ..data.kept.mapped_rows import MappedInputs
from ..data.kept.store import NOTHING_KEPT, Kept
from ..data.read_files import Column
from ..errors import ConfigError, DataError, RunError
from ..evaluation import evaluate
from ..evaluation.format_metrics import left_out_lines
from ..extract import read_features
from ..features import Encoder
from ..features.kept_rows import KeptRows
from ..kernels.batch import Inputs
from ..storage import Parts, is_stream, write_npz, write_output
from .backend import check_backend
from .folder import CONFIG
from .load_data import load_dataset
from .load_run import Run
from .memory_plan import most_for_rows
from .prediction import (
    check_finite,
    joint_tasks,
    known_predictions,
    predict,
    predict_logits,
    predictions_from,
    ranking_score,
    unchecked_score,
)


def evaluate_run(run: Run, part: str = "test", *, dataset: Dataset | None = None, bootstrap: int = 200, seed: int = 0) -> dict:
    """Metrics of a run on a part of the data that it was trained on; see `evaluation.evaluate`. `left_out` is that of the run.

    Of several ranks that predict together rank 0 measures, and the others get {}.

    Args:
        part: "valid" or "test".
        dataset: the run's data where they are encoded already; None reads them.
        bootstrap, seed: of the intervals.
    Raises:
        RunError: the data changed since.
        ConfigError: the part has no row.
    """
    dataset = data_of(run, dataset)
    rows = getattr(dataset, part)
    if not len(rows):
        other = "valid" if part == "test" else "test"
        raise ConfigError(f"the data have no {part} rows; use --split {other}, or configure a {part} part and train again")
    predictions, regressions = predictions_of(run, dataset, rows), [task.name for task in run.config.tasks if task.is_regression]
    if not run.ranks.is_first:
        return {}
    results = evaluate(
        dataset, rows, predictions, regressions=regressions, joint=joint_tasks(dataset, run.config.tasks), bootstrap=bootstrap, seed=seed
    )
    return results | {"left_out": run.left_out}


def data_of(run: Run, dataset: Dataset | None = None, kept: Kept = NOTHING_KEPT) -> Dataset:
    """The data that a run was trained on, unless `dataset` holds them; `kept` as in `load_dataset`.

    Raises:
        ConfigError: the backend cannot run here.
        RunError: they changed since, or are gone.
    """
    if dataset is None:
        check_backend(run.config)
        for key, path in data_paths(run.config).items():
            if not path.exists() and key not in ("data.gazetteer", "features.embeddings.file"):
                raise RunError(f"{run.folder}: the data {path} are not there; if they moved, set {key} in {run.folder / CONFIG}")
        dataset = load_dataset(run.config, run.encoder, kept=kept)
    if dataset.fingerprint != run.fingerprint:
        raise RunError(f"{run.folder}: the data are not those that the run was trained on; restore them, or train again")
    return dataset


def predictions_of(run: Run, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Predictions for labelled rows, as `evaluate` and `compare` take them.

    Args:
        rows: (n,) indices into `dataset.rows`.
    Returns:
        name -> (n,) probability, and the ranking `score` where clicks and conversions are tasks.
    """
    predictions = predict(run.executor, run.values, dataset.rows, run.config.model.position_field, rows=rows)
    known = known_predictions(dataset, predictions, joint_tasks(dataset, run.config.tasks))
    score = ranking_score(predictions, run.config.score)
    return known if score is None or "ctcvr" not in known else known | {"score": score}


def score_data(
    run: Run, path: str | Path, say: Callable[[str], None] = lambda text: None, kept: Kept = NOTHING_KEPT
) -> dict[str, np.ndarray]:
    """Predictions for every impression of a data folder, or every row of a table, in the order of its file.

    Args, Raises: as for `scores_of`.
    Returns:
        Columns: search_id, job_id, resume_id of a folder (objects), each task's probability and the joint ones, and `score`
        where one is defined.
    """
    columns: dict[str, Any] = {name: column[:] for name, column in scores_of(run, path, say, kept).items()}
    # NOTE: objects: a text of NumPy's fixed width loses the NULs at its end.
    return {name: np.array(of.values, object)[of.codes] if isinstance(of, Column) else of for name, of in columns.items()}


class LazyColumn(Sequence):
    """A column of N values that are made when some of them are asked for.

    Args:
        rows: N. part: of the values from one place to before another, an array or a `Column`.
    """

    def __init__(self, rows: int, part: Callable[[int, int], np.ndarray | Column]) -> None:
        self._rows, self._part = rows, part

    def __len__(self) -> int:
        return self._rows

    def __getitem__(self, places: Any) -> Any:
        first, last, _ = places.indices(self._rows)
        return self._part(first, last)


def scores_of(
    run: Run, path: str | Path, say: Callable[[str], None] = lambda text: None, kept: Kept = NOTHING_KEPT
) -> dict[str, LazyColumn]:
    """The columns of `score_data`, ids as `Column`, of which memory holds no more than the logits and the codes of the ids.

    Args:
        path: a data folder with its extracted features, or a file with the feature columns of the run's table.
        say: told what is being done.
        kept: as in `load_dataset`.
    Raises:
        ConfigError: the backend cannot run here.
        DataError: the data cannot be used.
        NotFinite: a prediction is no number.
    """
    check_backend(run.config)  # before anything large is read
    say(f"reading {path} ...")
    inputs, ids, order = _read(run, path, say, kept)
    for line in left_out_lines(run.left_out):
        say(line)
    say(f"predicting {len(inputs):,} rows ...")
    logits = predict_logits(run.executor, run.values, inputs, run.config.model.position_field, rows=order)

    @lru_cache(maxsize=1)  # SPEED: columns are asked for the same rows, one after the other
    def predicted(first: int, last: int) -> dict[str, np.ndarray]:
        found = predictions_from(run.plan, logits[first:last])
        score = unchecked_score(found, run.config.score)
        return found if score is None else found | {"score": score}

    check_finite(predicted(*part) for part in parts(len(logits)))

    def prediction(name: str) -> LazyColumn:
        return LazyColumn(len(logits), lambda first, last: predicted(first, last)[name])

    return {name: LazyColumn(len(logits), column.rows) for name, column in ids.items()} | {
        name: prediction(name) for name in predicted(0, 0)
    }


def _read(
    run: Run, path: str | Path, say: Callable[[str], None], kept: Kept
) -> tuple[Inputs | MappedInputs, dict[str, Column], np.ndarray | None]:
    """Rows to predict; of a folder also its ids in the order of the file, and (N,) the rows in that order."""
    if not isinstance(run.config.data, FolderConfig):
        assert isinstance(run.encoder, TableEncoder)
        return run.encoder.read(path, kept, partial(most_for_rows, run.config)), {}, None
    assert isinstance(run.encoder, Encoder)
    mapped = run.config.training.memory is not None
    folder = read_folder(path, run.config.data.columns, kept=kept, mapped=mapped)
    shown = folder.impressions
    rows = KeptRows(kept, folder, most_for_rows(run.config, len(shown)))
    none = np.zeros(0, np.int64)
    features = partial(read_features, folder, kept, rows.sources, mapped)
    inputs, _ = run.encoder.encoded(folder, features, Split(none, none, none, (0, 0), 0), say, rows)
    order = np.empty(len(shown), np.int64)
    order[shown.row] = np.arange(len(shown))
    ids = {
        "search_id": Column(shown.search[order], shown.search_id),
        "job_id": Column(shown.job[order], column_of(folder.jobs, "job_id")),
        "resume_id": Column(shown.resume[order], column_of(folder.resumes, "resume_id")),
    }
    return inputs, ids, order


def parts(rows: int) -> Iterator[tuple[int, int]]:
    """Where parts of so many rows begin and end."""
    return ((first, min(first + ROWS, rows)) for first in range(0, rows, ROWS))


def write_predictions(path: str | Path, columns: Mapping[str, np.ndarray | LazyColumn], replace: bool = True) -> None:
    """Write columns as .csv or .npz, whole or not at all; into a pipe or a device as it comes.

    Ids of a .csv that a spreadsheet would take for formulas are marked, see `data.csv_cells`.

    Args:
        replace: a file that is there.
    Raises:
        ConfigError: another ending.
        DataError: an id that an .npz cannot hold.
        RunError: it cannot be written, or is there and not to be replaced.
    """
    path = Path(path)
    check_ending(path)
    if path.suffix == ".npz":
        arrays = {name: _npz_array(name, column) for name, column in columns.items()}
        write_output(path, lambda stream: write_npz(stream, arrays), replace)
    else:
        write_output(path, lambda stream: write_csv(stream, columns, [*columns.values()]), replace)


def check_ending(path: Path) -> None:
    """Refuse a name of predictions that does not tell their format; a pipe or a device that does not gets CSV.

    Raises:
        ConfigError: names the two that there are.
    """
    if path.suffix not in (".csv", ".npz") and not is_stream(path):
        raise ConfigError(f"{path}: predictions are written as .csv or .npz; choose one of these endings")


def _npz_array(name: str, column: Any) -> Parts:
    """A column as an .npz holds it, texts in NumPy's fixed width, without pickled objects.

    Raises:
        DataError: a text ends in NUL, which such a width loses.
    """
    count, empty = len(column), column[:0]
    if isinstance(empty, np.ndarray):
        return Parts((count,), empty.dtype, (column[first:last] for first, last in parts(count)))
    widest = 1
    for first, last in parts(count):
        texts, _ = column[first:last].distinct()
        lost = next((text for text in texts if text.endswith("\0")), None)
        if lost is not None:
            raise DataError(f"the id {lost!r} ends in NUL, which an .npz cannot hold", column=name, remedy="write a .csv, or rename it")
        widest = max(widest, *map(len, texts))
    dtype = np.dtype((str, widest))
    return Parts((count,), dtype, (_texts(column[first:last], dtype) for first, last in parts(count)))


def _texts(column: Column, dtype: np.dtype) -> np.ndarray:
    """The texts of its rows."""
    texts, places = column.distinct()
    return np.array(texts, dtype)[places]

"""A run applied: metrics on the rows of its data that training did not see, predictions for other data."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from ..config.configuration import FolderConfig, data_paths
from ..data import Dataset, Split, TableEncoder, read_folder
from ..data.csv_cells import write_csv
from ..data.folder.records import column_of
from ..data.kept.mapped_rows import MappedInputs
from ..data.kept.store import NOTHING_KEPT, Kept
from ..errors import ConfigError, DataError, RunError
from ..evaluation import evaluate
from ..evaluation.format_metrics import left_out_lines
from ..extract import read_features
from ..features import Encoder
from ..features.kept_rows import KeptRows
from ..kernels.batch import Inputs
from ..storage import is_stream, write_npz, write_output
from .backend import check_backend
from .folder import CONFIG
from .load_data import load_dataset
from .load_run import Run
from .memory_plan import most_for_rows
from .prediction import joint_tasks, known_predictions, predict, ranking_score


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

    Args:
        path: a data folder with its extracted features, or a file with the feature columns of the run's table.
        say: told what is being done.
        kept: as in `load_dataset`.
    Returns:
        Columns: search_id, job_id, resume_id of a folder (objects), each task's probability and the joint ones, and `score`
        where one is defined.
    Raises:
        ConfigError: the backend cannot run here.
        DataError: the data cannot be used.
    """
    check_backend(run.config)  # before anything large is read
    say(f"reading {path} ...")
    columns: dict[str, np.ndarray] = {}
    inputs: Inputs | MappedInputs
    order: np.ndarray | None = None
    if isinstance(run.config.data, FolderConfig):
        assert isinstance(run.encoder, Encoder)
        folder = read_folder(path, run.config.data.columns, kept=kept, mapped=run.config.training.memory is not None)
        shown = folder.impressions
        order = np.argsort(shown.row)
        # NOTE: objects: a text of NumPy's fixed width loses the NULs at its end.
        columns["search_id"] = np.array(shown.search_id, object)[shown.search[order]]
        columns["job_id"] = np.array(column_of(folder.jobs, "job_id"), object)[shown.job[order]]
        columns["resume_id"] = np.array(column_of(folder.resumes, "resume_id"), object)[shown.resume[order]]
        none = np.zeros(0, np.int64)
        most = most_for_rows(run.config, len(shown))
        rows = KeptRows(kept, folder, most)
        inputs = run.encoder.dataset(folder, partial(read_features, folder, kept), Split(none, none, none, (0, 0), 0), say, rows).rows
    else:
        assert isinstance(run.encoder, TableEncoder)
        inputs = run.encoder.read(path, kept, partial(most_for_rows, run.config))
    for line in left_out_lines(run.left_out):
        say(line)
    say(f"predicting {len(inputs):,} rows ...")
    predictions = predict(run.executor, run.values, inputs, run.config.model.position_field, rows=order)
    columns |= predictions
    score = ranking_score(predictions, run.config.score)
    return columns if score is None else columns | {"score": score}


def write_predictions(path: str | Path, columns: dict[str, np.ndarray], replace: bool = True) -> None:
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
        arrays = {name: _fixed_width(name, values) if values.dtype == object else values for name, values in columns.items()}
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


def _fixed_width(name: str, texts: np.ndarray) -> np.ndarray:
    """Texts as an .npz holds them, without pickled objects."""
    found = texts.astype(str)
    lost = np.flatnonzero(found != texts)
    if len(lost):
        raise DataError(
            f"the id {texts[lost[0]]!r} ends in NUL, which an .npz cannot hold", column=name, remedy="write a .csv, or rename it"
        )
    return found

"""Every trial of a search, trained into a run of its own, and what validation rows say of it.

search.json     what is searched: the configuration as it stands, the data, the space, the seed of the draws, the metric
trial003/seed1  the run of a trial and a seed; none of one that failed
trials.jsonl    one line of each that has ended: its value, all metrics of the validation rows, or why there is none
table.md        means and spreads, see `table`
ranker.yaml     the configuration of the best trial, for `minirank train`

The same search gives the same trials and the same bytes, but for the runs' timing.jsonl, also where it was killed at any point: a line
is written once a training has ended, and a training that has none goes on by itself.
Test rows are taken out of the data before anything is trained, so that no trial can be chosen by them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from ..config.configuration import Config, check_paths, difference, to_yaml, without_paths
from ..data import Dataset
from ..data.kept.store import NOTHING_KEPT, Kept
from ..errors import ConfigError, DataError, RunError
from ..locking import LOCK, working_in
from ..progress import Progress
from ..run.load_data import load_dataset, select_tasks
from ..run.load_run import load_run
from ..run.prediction import NotFinite, predict
from ..storage import append_line, parse_json, read_json, remove, write_json, write_text
from ..training import Diverged, Trained, prepare, train
from ..training.validation import definable, stopping_metric, validation_metrics
from .space import MISSES, SearchConfig
from .table import Trial, best_of, format_trials, one_line

SEARCH, TRIALS, TABLE, BEST = "search.json", "trials.jsonl", "table.md", "ranker.yaml"
FILES = (TABLE, BEST, TRIALS, SEARCH)
RUNS = "trial[0-9]*"
FAILURES = (ConfigError, DataError, Diverged, NotFinite)  # of a trial; whatever else goes wrong ends the search, which can go on
REMEDY = "restore it, or start again with --force"


@dataclass(frozen=True)
class Searched:
    """How a search ended.

    Args:
        folder: of its files.
        finished: False when it was asked to stop.
        text: its table.
    """

    folder: Path
    finished: bool
    text: str = ""


class Encoded:
    """The data of configurations: read and encoded anew only where one asks for others than the one before it. No row of it is a test row.

    Args:
        say: told what is being read. kept: as in `load_dataset`.
    """

    def __init__(self, say: Callable[[str], None] = lambda text: None, kept: Kept = NOTHING_KEPT) -> None:
        self._say, self._kept = say, kept
        self._asked: Any = None
        self._found: Dataset | None = None

    def of(self, config: Config) -> Dataset:
        """The data of a configuration.

        Raises:
            DataError, ConfigError: they cannot be used.
        """
        asked: Any = (config.data, config.features, config.tasks)
        if self._found is None or asked != self._asked:
            self._asked = self._found = None  # before others take their memory
            dataset = load_dataset(config, say=self._say, kept=self._kept)
            self._asked, self._found = asked, replace(dataset, test=dataset.test[:0])
        return self._found


def validated(
    config: Config, dataset: Dataset, folder: Path, progress: Progress = Progress(), stop: Callable[[], bool] = lambda: False
) -> dict[str, Any]:
    """Train into a folder, or go on there, and measure the model that is kept on the validation rows.

    Returns:
        epochs, best_epoch; valid: `task.metric` -> value. Nothing where `stop` ended it.
    Raises:
        as `train`.
    """
    begun = folder.exists() and any(path.name != LOCK for path in folder.iterdir())
    ended: Trained = train(config, folder, dataset=dataset, resume=begun, progress=progress, stop=stop)
    if not ended.finished:
        return {}
    run = load_run(folder)
    dataset = select_tasks(dataset, run.config.tasks)
    predictions = predict(run.executor, run.values, dataset.rows, run.config.model.position_field, rows=dataset.valid)
    valid = validation_metrics(dataset, run.config.tasks, dataset.valid, predictions)
    return {"epochs": ended.epoch, "best_epoch": ended.best_epoch, "valid": valid}


def search(
    settings: SearchConfig,
    folder: Path,
    *,
    sets: Sequence[str] = (),
    resume: bool = False,
    force: bool = False,
    progress: Progress = Progress(),
    stop: Callable[[], bool] = lambda: False,
    kept: Kept = NOTHING_KEPT,
) -> Searched:
    """Train every trial with every seed, and write the table and the best configuration.

    Args:
        settings: what is searched. folder: new, or that of a search.
        sets: `key=value` of the configuration, for all trials.
        resume: go on with the search that the folder holds, also with more trials or seeds. force: overwrite it.
        progress: told what happens. stop: asked after each step. kept: as in `load_dataset`.
    Raises:
        ConfigError, DataError: the configuration as it stands cannot be trained or measured, or no trial could be.
        RunError: the folder cannot be used, or holds another search.
    """
    base = settings.configured(sets, {})
    check_paths(base, settings.config)
    with working_in(folder, "minirank tune", progress.say):
        held = _check_folder(folder, resume, force)
        data = Encoded(progress.say, kept)
        metric = _metric(settings, base, data, progress)
        asked = {"configuration": without_paths(base), "data": data.of(base).fingerprint, "space": settings.space}
        lines, size = _begin(folder, asked | {"seed": settings.seed, "metric": metric}, held)
        drawn, compared = settings.draws(), _validation_rows(data.of(base))
        if len(drawn) <= settings.trials and settings.space:
            progress.say(f"the space gave {len(drawn) - 1:,} different configurations, and no other in {MISSES:,} draws")
        seeds = range(base.training.seed, base.training.seed + settings.seeds)
        done, steps = {(line["trial"], line["seed"]): line for line in lines}, _Steps(progress)
        for number, seed in product(range(len(drawn)), seeds):
            if (number, seed) in done:
                continue
            place = folder / f"trial{number:03d}" / f"seed{seed}"
            steps.place = f"trial {number} of {len(drawn) - 1}, seed {seed}"
            try:
                config = settings.configured(sets, drawn[number], seed)
                if _validation_rows(data.of(config)) != compared:
                    raise ConfigError("it has other validation rows than the configuration as it stands, so they cannot be compared")
                found = validated(config, data.of(config), place, steps, stop)
                if not found:
                    return Searched(folder, False)
                if found["valid"].get(metric) is None:
                    raise ConfigError(f"the validation rows do not define {metric} for it")
                found = {"value": found["valid"][metric], **found}
            except FAILURES as error:
                shutil.rmtree(place, ignore_errors=True)  # before its line is written: nobody goes on there
                found = {"failed": str(error).removeprefix(f"{place}: ")}
            line = {"trial": number, "seed": seed, "set": drawn[number], **found}
            size = append_line(folder / TRIALS, json.dumps(line, default=str), size)
            done[number, seed] = line
            progress.say(f"{steps.place}: {one_line(line, metric)}")
        return _end(settings, sets, folder, metric, [Trial(n, drawn[n], [done[n, seed] for seed in seeds]) for n in range(len(drawn))])


def _validation_rows(dataset: Dataset) -> bytes:
    """Which rows of how many."""
    return len(dataset.rows).to_bytes(8) + dataset.valid.tobytes()


def _metric(settings: SearchConfig, base: Config, data: Encoded, progress: Progress) -> str:
    """The metric that chooses."""
    ready = prepare(base, progress, data.of(base))
    stopping = ready.config.training.early_stopping
    named = settings.metric or (stopping.metric if stopping is not None else None)
    try:
        metric = stopping_metric(named, definable(ready.dataset, ready.config.tasks), ready.left_out)
    except ConfigError as error:
        raise ConfigError(str(error).replace("training.early_stopping.metric", "metric")) from None
    if metric is None:
        raise ConfigError("no validation row has a label to choose by; configure a validation part")
    return metric


def _check_folder(folder: Path, resume: bool, force: bool) -> bool:
    """Whether a folder holds a search to go on with."""
    names = sorted(path.name for path in folder.iterdir() if path.name != LOCK and not path.name.endswith(".part"))
    if names and SEARCH not in names:
        raise RunError(f"{folder}: holds {names[0]} but no search; choose another folder")
    if names and not (resume or force):
        raise RunError(f"{folder}: holds a search; add --resume to go on, also with more trials or seeds, or --force to start again")
    if resume and not names:
        raise RunError(f"{folder}: nothing to resume; tune without --resume")
    return resume


def _begin(folder: Path, asked: dict[str, Any], held: bool) -> tuple[list[dict[str, Any]], int]:
    """The lines of a search that goes on, and their bytes; none of one that begins, in the place of the one that the folder holds."""
    asked = json.loads(json.dumps(asked, default=str))
    if not held:
        for path in folder.glob(RUNS):
            shutil.rmtree(path, ignore_errors=True)
        for name in FILES:  # the last one last: without it the rest would be nobody's
            remove(folder / name)
        write_json(folder / SEARCH, asked)
        return [], 0
    changed = difference(read_json(folder / SEARCH, REMEDY), asked)
    if changed is not None:
        key, old, new = changed
        raise RunError(f"{folder}: {key} was {old!r} and is now {new!r}; set it back to resume, or start again with --force")
    return _read_lines(folder / TRIALS)


def _read_lines(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The lines that are whole, and how many bytes they take: a kill may have left a half one."""
    content = path.read_bytes() if path.exists() else b""
    size = content.rfind(b"\n") + 1
    try:
        lines = [parse_json(line) for line in content[:size].splitlines()]
        if all({"trial", "seed", "set"} <= line.keys() and ("failed" in line or "value" in line) for line in lines):
            return lines, size
    except (AttributeError, ValueError):
        pass
    raise RunError(f"{path}: damaged; {REMEDY}")


def _end(settings: SearchConfig, sets: Sequence[str], folder: Path, metric: str, tried: list[Trial]) -> Searched:
    """The table and the best configuration, written."""
    text, best = format_trials(tried, metric), best_of(tried, metric)
    write_text(folder / TABLE, f"{text}\n")
    if best is None:
        reason = next(line["failed"] for trial in tried for line in trial.lines if "failed" in line)
        raise ConfigError(f"{folder}: no trial was trained with every seed; the first that failed: {reason}")
    write_text(folder / BEST, to_yaml(settings.configured(sets, best.drawn)))
    return Searched(folder, True, text)


class _Steps(Progress):
    """The steps of one training among many: where it is, without what every one of them would say again."""

    def __init__(self, shown: Progress) -> None:
        super().__init__()
        self.shown, self.place = shown, ""

    def begin(self, done: int) -> None:
        if hasattr(self, "shown"):
            self.shown.begin(done)

    def step(self, place: str, done: int, total: int, loss: float) -> None:
        self.shown.step(f"{self.place}, {place}", done, total, loss)

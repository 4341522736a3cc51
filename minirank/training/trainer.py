"""Training: epochs of mini-batches, validation, early stopping, checkpoints.

The same configuration, seed, data, versions and number of threads give the same bytes, and so does a
training that was killed at any point and resumed: the state is the parameters, Adam's moments and
a place in the data, and whatever was written after the last checkpoint is written again.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..config.configuration import Config
from ..data import Dataset
from ..data.kept.store import NOTHING_KEPT, Kept
from ..errors import MinirankError, RunError
from ..evaluation.targets import HIGHER_IS_BETTER
from ..kernels.executor import Unavailable
from ..kernels.parameters import Arena, TrainState
from ..locking import working_in
from ..parallel.ranks import ALONE, Ranks
from ..parallel.shards import Shards
from ..parallel.split_executor import split_over_ranks
from ..progress import Progress, telling
from ..run import folder as files
from ..run.backend import check_backend, compiled_meanwhile, executor_of
from ..run.load_run import load_run
from ..run.measured import keep, measure
from ..run.prediction import NotFinite, predict
from ..run.trained_with import check_unchanged, trained_with
from ..storage import append_line, remove
from .checkpoint import AGAIN, Cursor, load_place, save_checkpoint, write_model
from .effective import effective_rows, few_effective
from .feed import epoch_batches
from .inside import Inside
from .memory import enough_memory
from .prepare import Prepared, prepare
from .schedule import EVERY, average_gain, learning_rate
from .seeds import check_seeds, join_seeds, mean_of_seeds, seeds_of
from .together import check_alike, shards_of, state_of_first, with_ranks
from .validation import validation_metrics
from .weighing import Weighing

GO_ON, SAVE, STOP = range(3)  # after a step


@dataclass(frozen=True)
class Trained:
    """How a training ended.

    Args:
        folder: of the run.
        finished: False when it was asked to stop.
        epoch: epochs that are done; of several seeds, those of the last one.
        best_epoch: the epoch whose parameters are kept, 0 = none yet.
    """

    folder: Path
    finished: bool
    epoch: int
    best_epoch: int


def train(
    config: Config,
    folder: str | Path,
    *,
    dataset: Dataset | None = None,
    resume: bool = False,
    force: bool = False,
    progress: Progress = Progress(),
    stop: Callable[[], bool] = lambda: False,
    after_epoch: Callable[[Path], object] = lambda folder: None,
    kept: Kept = NOTHING_KEPT,
    ranks: Ranks = ALONE,
) -> Trained:
    """Train the model of a configuration into a run folder.

    Args:
        config: what to train, on what.
        folder: the run, new or empty.
        dataset: the data of the configuration where they are encoded already; None reads them.
        resume: go on with the run that it holds; one that is finished stays as it is, and is measured where it was not.
        force: overwrite the run that it holds, once the new one is ready to begin.
        progress: told what happens.
        stop: asked after each step; when it says so, a checkpoint is written and training ends.
        after_epoch: called with the run folder when an epoch is noted there.
        kept: as in `run.load_data.load_dataset`.
        ranks: processes that train together, each of which calls this; rank 0 writes the folder.
    Raises:
        ConfigError, DataError: the configuration or the data cannot be used, or the model does not fit into memory.
        RunError: the folder cannot be used, another process trains into it, or the loss is NaN or infinite.
    """
    folder = Path(folder)
    with working_in(folder, "minirank train", progress.say) if ranks.is_first else nullcontext(), telling(progress):
        if ranks.is_first:
            files.check_folder(folder, resume, force)
        return _train(config, folder, dataset, resume, progress, stop, after_epoch, kept, ranks)


def _train(
    config: Config,
    folder: Path,
    dataset: Dataset | None,
    resume: bool,
    progress: Progress,
    stop: Callable[[], bool],
    after_epoch: Callable[[Path], object],
    kept: Kept,
    ranks: Ranks,
) -> Trained:
    """Train, in a folder that may be written and is written by this process alone."""
    config = with_ranks(config, ranks)
    check_backend(config)
    with ranks.one_first(), compiled_meanwhile(config, progress):
        ready = prepare(config, progress, dataset, kept)
    check_alike(ranks, ready)
    shards = shards_of(ranks, ready)
    with enough_memory(ready.config.training, shards.held):
        begun = _begun(ready, folder, progress) if resume and ranks.is_first and (folder / files.CONFIG).exists() else None
        finished = ranks.of_first(begun if isinstance(begun, Trained) else None)
        if finished is not None:
            return finished
        assert not isinstance(begun, Trained)
        state, cursor = state_of_first(shards, ready, folder, begun)
        if state is not None:
            progress.say(f"going on at {_place(ready.config, cursor)}, step {state.step}")
        trainer = Trainer(ready, folder, progress, state, cursor, shards)
        if not ranks.is_first:
            if state is None:
                trainer.save(folder)
            return trainer.run(stop)
        if state is None:
            with files.new_run(folder) as staged:
                files.write_facts(staged, ready.config, ready.dataset, ready.rates, ready.plan, ready.left_out)
                trainer.facts = trained_with(staged, ready.config)
                trainer.save(staged)
        else:
            trainer.facts = trained_with(folder, ready.config)
        ended = trainer.run(stop, after_epoch)
        del trainer, state  # all of the model is read below
    if ended.finished:
        if config.training.seeds > 1:
            progress.say(mean_of_seeds(ready, folder))
        _measure(folder, ready.dataset, progress)
    return ended


def _begun(ready: Prepared, folder: Path, progress: Progress) -> tuple[int, Cursor] | Trained | None:
    """The place where a training goes on, or its end; None where it had not begun."""
    files.check_resume(folder, ready.config, ready.dataset)
    if (folder / files.CHECKPOINT).exists():
        check_unchanged(folder / files.CHECKPOINT, files.read_config(folder), AGAIN)
        step, cursor = load_place(folder, ready.plan, ready.config.training.dtype, ready.config.training.average > 0)
        check_seeds(ready, folder, cursor)
        return step, cursor
    if not (folder / files.MODEL).exists():
        return None
    files.remove_seeds(folder)  # of a process that was killed
    progress.say(f"{folder} is finished already")
    if not (folder / files.EVALUATION).exists():  # killed while it measured
        _measure(folder, ready.dataset, progress)
    return _ended(folder)


class Diverged(RunError):
    """A training whose loss or predictions are NaN or infinite: its settings are at fault, not its folder."""


class Trainer:
    """One training: the state, the place in the data, and what happens at the end of an epoch, and of a seed.

    Args:
        state, cursor: of a checkpoint; None to begin.
        shards: the rows of tables that are held here; its ranks train together, each with a trainer of its own, and rank 0 writes.
    """

    def __init__(
        self, ready: Prepared, folder: Path, progress: Progress, state: TrainState | None, cursor: Cursor | None, shards: Shards
    ) -> None:
        self.ready, self.config, self.dataset, self.plan = ready, ready.config, ready.dataset, ready.plan
        self.settings, self.folder, self.progress = ready.config.training, folder, progress
        self.shards, self.ranks = shards, shards.ranks
        self.executor = split_over_ranks(shards, lambda plan: executor_of(self.config, plan), self.settings.accumulate)
        self.weighing = Weighing(self.config, self.plan, self.executor)
        self.inside = Inside(self.dataset, self.executor, self.config.model)
        if state is None or cursor is None:
            self._begin_seed(0, {files.METRICS: 0, files.TIMING: 0})
        else:
            self.state, self.cursor = state, cursor
        self.stopping = self.settings.early_stopping if len(self.dataset.valid) else None
        self.facts = np.zeros(0, np.uint8)  # what the model was trained with, once the folder holds it
        left_out = {task: f"left out: {reason}" for task, reason in ready.left_out.items()} if len(self.dataset.valid) else {}
        self.undefined = left_out | ready.undefined  # metric, or a task left out -> why it is null

    def run(self, stop: Callable[[], bool], after_epoch: Callable[[Path], object] = lambda folder: None) -> Trained:
        """Each seed until its last epoch, until nothing gets better, or until `stop` says so.

        Raises:
            RunError: the loss is NaN or infinite, or the backend stops working.
        """
        finished = self._epochs(stop, after_epoch)
        while finished and self.cursor.seed + 1 < self.settings.seeds:
            self._begin_seed(self.cursor.seed + 1, self.cursor.sizes)
            self.save(self.folder)
            finished = self._epochs(stop, after_epoch)
        if not finished:
            self.save(self.folder)
        elif self.ranks.is_first:
            if self.settings.seeds > 1:
                join_seeds(self.ready, self.folder, self.facts)
            remove(self.folder / files.CHECKPOINT)
            files.remove_seeds(self.folder)
        return Trained(self.folder, finished, self.cursor.epoch - 1, self.cursor.best_epoch)

    def save(self, folder: Path) -> None:
        """Write a checkpoint; all ranks call this."""
        save_checkpoint(folder, self.shards, self.state, self.cursor, self.facts)

    @property
    def seed(self) -> int:
        """Of the training that is under way."""
        return seeds_of(self.config)[self.cursor.seed]

    def _begin_seed(self, number: int, sizes: dict[str, int]) -> None:
        """Fresh parameters, at the first row; `sizes`: of the files that the seeds before this one have written to."""
        self.cursor = Cursor(number, losses=[0.0] * len(self.plan.losses), sizes=sizes)
        self.state = TrainState(self.shards.initial_values(self.seed, self.settings.dtype), self.settings.average > 0)

    def _rows_before(self) -> int:
        """Rows of all epochs before this one, as if every seed before it had trained all of them."""
        return (self.cursor.seed * self.settings.epochs + self.cursor.epoch - 1) * len(self.dataset.train)

    def _epochs(self, stop: Callable[[], bool], after_epoch: Callable[[Path], object]) -> bool:
        """The epochs of a seed; False when `stop` ended them."""
        self.progress.begin(self._rows_before() + self.cursor.rows)
        finished = True
        try:
            with self.executor.resident(self.state) as sync:
                while finished and not self._is_over():
                    finished = self._epoch(stop, sync)
                    if finished:
                        after_epoch(self.folder)
        except Unavailable as error:
            raise RunError(f"{self.folder}: {error}") from None
        return finished

    def _is_over(self) -> bool:
        done = self.cursor.epoch - 1
        return done >= self.settings.epochs or (self.stopping is not None and done - self.cursor.best_epoch >= self.stopping.patience)

    def _epoch(self, stop: Callable[[], bool], sync: Callable[[], None]) -> bool:
        """The rest of an epoch; False when `stop` ended it. `sync` brings the state up to date."""
        cursor, settings, train = self.cursor, self.settings, len(self.dataset.train)
        start = saved = time.monotonic()
        first_row, before = cursor.rows, (cursor.epoch - 1) * train
        place, passed, total_rows = _place(self.config, cursor), self._rows_before(), train * settings.epochs * settings.seeds
        for number, batch in epoch_batches(
            self.config, self.plan, self.dataset, self.ready.shared, self.seed, cursor, self.folder / files.CHECKPOINT
        ):
            rate = learning_rate(settings, (before + cursor.rows + len(batch) / 2) / (train * settings.epochs))  # NOTE: above 0
            adam = replace(settings.optimiser, learning_rate=rate)
            with np.errstate(all="ignore"):  # the loss is looked at
                total, losses = self.weighing.step(self.state, batch, adam, cursor, self.seed)
            if not math.isfinite(total):
                raise self._diverged(f"the loss is {total}")
            if settings.average and self.state.step % EVERY == 0:
                self.executor.move_average(self.state, average_gain(self.state, settings.average))
            cursor.clipped += settings.optimiser.clip_norm > 0 and self.state.norm > settings.optimiser.clip_norm
            cursor.batch, cursor.rows = number + 1, cursor.rows + len(batch)
            cursor.total += total
            cursor.losses = [summed + float(loss) for summed, loss in zip(cursor.losses, losses)]
            self.progress.step(place, passed + cursor.rows, total_rows, cursor.total / cursor.batch)
            due = self.ranks.is_first and time.monotonic() - saved >= settings.checkpoint_seconds
            wish = self.ranks.most(STOP if stop() else SAVE if due else GO_ON)
            if wish == STOP:
                return False
            if wish == SAVE:
                sync()
                self.save(self.folder)
                saved = time.monotonic()
        sync()
        self._end_epoch(max(time.monotonic() - start, 1e-9), cursor.rows - first_row)
        return True

    def _end_epoch(self, seconds: float, rows: int) -> None:
        """Validate, note the metrics, keep the parameters if they are the best, and go to the next epoch."""
        cursor, start = self.cursor, time.monotonic()
        measured = self.ranks.of_first(self._validate())
        best = self._is_best(measured)
        losses = dict.fromkeys(self.plan.loss_names, 0.0)
        for name, loss in zip(self.plan.loss_names, cursor.losses):
            losses[name] += loss / cursor.batch  # each member of an ensemble adds its share
        line: dict[str, Any] = {"seed": self.seed} if self.settings.seeds > 1 else {}
        line |= {"epoch": cursor.epoch, "step": self.state.step, "loss": cursor.total / cursor.batch, "losses": losses}
        line |= self.weighing.end_epoch(self.state, cursor) | self.weighing.look(self.state, self.dataset, cursor.epoch, self.seed)
        measured = dict.fromkeys(self.undefined) | measured
        rate = learning_rate(self.settings, cursor.epoch / self.settings.epochs)
        line |= {"learning_rate": rate, "valid": measured, "best": best, **self.inside.look(self.kept)}
        if self.settings.optimiser.clip_norm:
            line["clipped"] = cursor.clipped / cursor.batch
        if self.undefined:
            line["reasons"] = self.undefined
        weighed = effective_rows(self.executor, self.kept, self.dataset, self.config.tasks)
        if weighed:
            line["effective_rows"] = weighed
        if best:
            cursor.best_epoch = cursor.epoch
        if best:
            write_model(
                self.folder, self.shards, self.kept, self.facts, files.MODEL if self.settings.seeds == 1 else files.of_seed(self.seed)
            )
        timing: dict[str, Any] = {key: line[key] for key in ("seed", "epoch") if key in line}
        timing |= {"seconds": seconds, "rows_per_second": rows / seconds, "valid_seconds": time.monotonic() - start}
        for name, record in ((files.METRICS, line), (files.TIMING, timing)) if self.ranks.is_first else ():
            cursor.sizes[name] = append_line(self.folder / name, json.dumps(record), cursor.sizes[name])
        self.progress.say(self._epoch_text(line, rows / seconds))
        for remark in (*few_effective(weighed, self.config.tasks), *self.inside.warnings(line, _place(self.config, cursor))):
            self.progress.say(remark)
        cursor.epoch, cursor.batch, cursor.rows = cursor.epoch + 1, 0, 0
        cursor.total, cursor.losses, cursor.clipped = 0.0, [0.0] * len(cursor.losses), 0
        self.save(self.folder)

    @property
    def kept(self) -> Arena:
        """The parameters that are validated and written: the moving average where there is one that has moved."""
        return self.state.values if self.state.average is None or self.state.step < EVERY else self.state.average

    def _validate(self) -> dict[str, float | None]:
        if not len(self.dataset.valid):
            return {}
        rows = self.dataset.valid
        try:
            predictions = predict(self.executor, self.kept, self.dataset.rows, self.config.model.position_field, rows=rows)
        except NotFinite:
            raise self._diverged("a prediction is NaN or infinite") from None
        return validation_metrics(self.dataset, self.config.tasks, rows, predictions)

    def _is_best(self, measured: dict[str, float | None]) -> bool:
        """Whether these parameters are to be kept: the best so far, or without early stopping simply the latest."""
        if self.stopping is None:
            return True
        value, best = measured[self.stopping.metric], self.cursor.best
        higher = self.stopping.metric.rpartition(".")[2] in HIGHER_IS_BETTER
        if best is not None and not (value > best if higher else value < best):
            return False
        self.cursor.best = value
        return True

    def _epoch_text(self, line: dict, rate: float) -> str:
        text = f"{_place(self.config, self.cursor)}  loss {line['loss']:.4f}"
        if self.stopping is not None:
            text += f"  valid {self.stopping.metric} {line['valid'][self.stopping.metric]:.4f}{' (best)' if line['best'] else ''}"
        return f"{text}  {rate:,.0f} rows/s"

    def _diverged(self, what: str) -> Diverged:
        rate = self.settings.optimiser.learning_rate
        remedy = f"lower training.optimiser.learning_rate (it is {rate:g}), or look for huge values among the dense columns"
        return Diverged(f"{self.folder}: {what} at {_place(self.config, self.cursor)}, step {self.state.step}; {remedy}")


def _place(config: Config, cursor: Cursor) -> str:
    """Such as `epoch 3`, or `seed 2 of 5, epoch 3`."""
    seeds = config.training.seeds
    return f"seed {cursor.seed + 1} of {seeds}, epoch {cursor.epoch}" if seeds > 1 else f"epoch {cursor.epoch}"


def _measure(folder: Path, dataset: Dataset, progress: Progress) -> None:
    """Measure the finished model on rows that training did not see, for whoever reads the run without its data."""
    try:
        measured = measure(load_run(folder), dataset)
        if measured is not None:
            keep(folder, measured)
    except MinirankError as error:
        progress.say(f"the model is kept, but was not measured: {error}")


def _ended(folder: Path) -> Trained:
    """The end of a run that was finished before."""
    lines = files.read_metrics(folder)
    best = [line["epoch"] for line in lines if line["best"] and line.get("seed") == lines[-1].get("seed")]
    if not best:
        raise RunError(f"{folder / files.METRICS}: truncated; {files.RESTORE}")
    return Trained(folder, True, lines[-1]["epoch"], max(best))

"""What was trained on what, and how training went: from the files of the run, and from its rows where they are at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ..config.configuration import FolderConfig
from ..evaluation.format_metrics import METRICS, TASKS
from ..evaluation.targets import HIGHER_IS_BETTER
from ..model.architectures import ARCHITECTURES
from ..progress import duration
from .contents import Missing
from .contents_trained import Curve, Curves, Fact, Overview, Part, TaskCurves
from .found import Found, state_of

PARTS = ("train", "valid", "test")
MEAN = "mean"
LOSSES = {
    "bce": "cross-entropy",
    "bce_delayed": "cross-entropy, open labels included",
    "focal": "focal",
    "bce_entire": "cross-entropy over all rows",
    "ips": "cross-entropy by inverse propensity",
    "dr": "cross-entropy, doubly robust",
    "mse": "squared error",
    "pairwise": "pairwise",
    "listwise": "listwise",
    "balance": "how unevenly gates ask",
}
OF_LOSS = ("log_loss", "mse")  # of the validation rows: shown beside the losses of training
LARGEST = 1e100  # what is beyond was not measured: its file is damaged


def task_title(task: str, is_table: bool) -> str:
    """What a task asks, such as `ctr (was the candidate clicked)`."""
    return "mean over the tasks" if task == MEAN else task if is_table else TASKS.get(task, task)


def overview(found: Found, parts: tuple[Part, ...]) -> Overview:
    """What was trained on what.

    Args:
        parts: see `parts_of`.
    """
    config = found.config
    tasks = [] if config is None else [task.name for task in config.tasks]
    left_out = found.facts.get("left_out")
    return Overview(
        kind="table" if found.is_table else "recruiting",
        state=state_of(found),
        facts=tuple(fact for fact in _facts(found) if fact.value),
        parts=parts,
        tasks=tuple(tasks),
        left_out=left_out if isinstance(left_out, dict) else {},
        config=found.config_text,
        plan=found.plan,
    )


def parts_of(found: Found, measured: Mapping[str, Any] | None = None, times: Mapping[str, np.ndarray] | None = None) -> tuple[Part, ...]:
    """The parts of the rows: from data.json how many, from what was measured what they hold.

    Args:
        measured: see `run.measured.measure`; None where nothing was.
        times: part -> (n,) int64 seconds of its rows; None where they are not known.
    """
    counts = dict_of(found.facts, "rows")
    parts = [Part(name, counts[name]) for name in PARTS if isinstance(counts.get(name), int)]
    return tuple(_part(part, (measured or {}).get("parts", {}).get(part.name), (times or {}).get(part.name)) for part in parts)


def _part(part: Part, facts: Mapping[str, Any] | None, times: np.ndarray | None) -> Part:
    if facts is not None:
        labelled = {task: each["labelled"] for task, each in facts["tasks"].items()}
        positive = {task: each["mean"] for task, each in facts["tasks"].items() if each["mean"] is not None}
        part = replace(part, searches=facts["searches"], jobs=facts["jobs"], labelled=labelled, positive=positive)
    if times is not None and len(times):
        part = replace(part, first=iso(int(times.min())), last=iso(int(times.max())))
    return part


def curves(found: Found) -> Curves | Missing:
    """The learning curves."""
    lines = found.epochs
    if not lines:
        return Missing("No epoch of the training is finished, so that there is no learning curve yet.")
    tasks = list(dict.fromkeys(name.rpartition(".")[0] for line in lines for name in (*line["losses"], *line["valid"])))
    tasks.sort(key=lambda task: task == MEAN)
    timed = {line["epoch"]: line for line in found.timing if line.get("seed") == lines[0].get("seed")}
    stopping = None if found.config is None else found.config.training.early_stopping
    return Curves(
        epochs=tuple(line["epoch"] for line in lines),
        best_epoch=found.best_epoch,
        watched=None if stopping is None else stopping.metric,
        tasks=tuple(curve for curve in (_of_task(task, lines, found.is_table) for task in tasks) if curve.losses or curve.metrics),
        seconds=tuple(number_of(timed.get(line["epoch"], {}), "seconds") for line in lines),
        rows_per_second=tuple(number_of(timed.get(line["epoch"], {}), "rows_per_second") for line in lines),
        undefined={name: str(why) for line in lines[:1] for name, why in dict_of(line, "reasons").items()},
        seeds=1 if found.config is None else found.config.training.seeds,
    )


def _of_task(task: str, lines: tuple[dict[str, Any], ...], is_table: bool) -> TaskCurves:
    losses = [
        Curve(name, f"training, {LOSSES.get(kind, kind)}", tuple(number_of(line["losses"], name) for line in lines))
        for name in lines[0]["losses"]
        for owner, _, kind in [name.rpartition(".")]
        if owner == task
    ]
    found = [name for name in lines[0]["valid"] if name.rpartition(".")[0] == task]
    measured = [(name, name.rpartition(".")[2], tuple(number_of(line["valid"], name) for line in lines)) for name in found]
    measured = [(name, kind, values) for name, kind, values in measured if any(value is not None for value in values)]
    losses += [Curve(name, f"validation, {METRICS[kind][0]}", values) for name, kind, values in measured if kind in OF_LOSS]
    metrics = [Curve(name, METRICS[kind][0], values) for name, kind, values in measured if kind in HIGHER_IS_BETTER]
    return TaskCurves(task, task_title(task, is_table), tuple(losses), tuple(metrics))


def _facts(found: Found) -> list[Fact]:
    """Lines about the data, the model, the time and the versions."""
    config, facts, versions = found.config, found.facts, found.versions
    lines = []
    if config is not None and config.data is not None:
        lines.append(Fact("data", str(config.data.folder if isinstance(config.data, FolderConfig) else config.data.table.train)))
    lines.append(Fact("fingerprint", str(facts.get("fingerprint", ""))[:16], "of the input files: the same data have the same"))
    if config is not None:
        model, training = config.model, config.training
        rounds = f"{len(found.epochs)} of at most {training.epochs} epochs, {training.batch_rows:,} rows a step"
        lines.append(Fact("architecture", model.architecture, _architecture(found)))
        lines.append(Fact("role", "of the gates and the input" if model.role_in_x and model.gate.role != "none" else _role(model)))
        if found.run is not None:
            plan = found.run.plan
            dense, tables = plan.size(table=False), plan.size(table=True)
            lines.append(Fact("parameters", f"{dense + tables:,}", f"{dense:,} of layers, {tables:,} of embedding tables"))
        rate = f"learning rate {training.optimiser.learning_rate:g}{', cosine' if training.schedule == 'cosine' else ''}"
        more = [f"{name} {value:g}" for name, value in (("warm-up", training.warmup), ("moving average", training.average)) if value]
        seed = f"seed {training.seed}" if training.seeds == 1 else f"of the first of {training.seeds} seeds from {training.seed}"
        lines.append(Fact("training", rounds, ", ".join([rate, *more, seed])))
        lines.append(Fact("computed by", f"{training.backend}, {training.precision}"))
    seconds = [sum(filter(None, (number_of(line, "seconds"), number_of(line, "valid_seconds")))) for line in found.timing]
    lines.append(Fact("time taken", duration(sum(seconds)) if seconds else "", "training and validation, without reading the data"))
    lines.append(Fact("versions", ", ".join(f"{name} {value}" for name, value in versions.items() if name != "format")))
    return lines


def _architecture(found: Found) -> str:
    assert found.config is not None
    model, told = found.config.model, []
    if found.config.networks > 1:
        told.append(f"an ensemble of {found.config.networks} networks")
    known = ARCHITECTURES.get(model.architecture)
    if known is not None and known.parts is not None:
        told.append(known.parts(model))
    return ", each of ".join(told)


def _role(model: Any) -> str:
    return "of the gates alone" if model.gate.role != "none" else "of the input alone" if model.role_in_x else "the model does not see it"


def iso(seconds: int) -> str:
    """ISO 8601, UTC, of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def number_of(line: dict[str, Any], key: str) -> float | None:
    """A number that a line holds, None where it holds none."""
    value = line.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST else None


def dict_of(line: dict[str, Any], key: str) -> dict[str, Any]:
    """An object that a line holds, {} where it holds none."""
    value = line.get(key)
    return value if isinstance(value, dict) else {}

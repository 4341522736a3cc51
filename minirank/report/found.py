"""What of a run can be read: each file for itself, so that one that is missing or damaged takes nothing else with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config.configuration import Config, FolderConfig, data_paths
from ..errors import MinirankError, RunError
from ..locking import holder
from ..run import folder as files
from ..run.backend import check_backend
from ..run.load_run import Run, load_run
from ..storage import parse_json, read_json

Line = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """A run as far as it can be read.

    Args:
        folder: of the run.
        config: None where this version cannot read it. config_text: config.yaml as it is.
        facts, versions: what data.json and versions.json say, {} where they cannot be read. plan: plan.txt, "" likewise.
        epochs: the lines of metrics.jsonl that are whole; of several seeds, those of the first. timing: of timing.jsonl, of all seeds.
        run: the model, None where there is none.
        worker: who trains into the folder now, None where nobody does.
        stopped: whether training ended before it was finished.
        unreadable: a line for each thing that could not be read.
    """

    folder: Path
    config: Config | None
    config_text: str
    facts: dict[str, Any]
    versions: dict[str, Any]
    plan: str
    epochs: tuple[Line, ...]
    timing: tuple[Line, ...]
    run: Run | None
    worker: str | None
    stopped: bool
    unreadable: tuple[str, ...]

    @property
    def is_table(self) -> bool:
        """Whether it was trained on a table."""
        if self.config is not None:
            return not isinstance(self.config.data, FolderConfig)
        return (self.folder / "table_encoder.json").exists()

    @property
    def best_epoch(self) -> int:
        """The epoch whose parameters are kept, 0 without one."""
        return max((line["epoch"] for line in self.epochs if line["best"]), default=0)


def find(folder: str | Path, backend: str | None = None) -> Found:
    """Read whatever there is of a run.

    Args:
        backend: to predict with; None is the one that it was trained with.
    Raises:
        RunError: there is no such folder, or it is not one of a run.
    """
    path = check_run(folder)
    unreadable: list[str] = []

    def attempt(read: Any, *arguments: Any) -> Any:
        try:
            return read(*arguments)
        except MinirankError as error:
            if str(error) not in unreadable:
                unreadable.append(str(error))
            return None

    config = attempt(files.read_config, path)
    facts, versions = (attempt(_object, path / name) or {} for name in (files.DATA, files.VERSIONS))
    epochs, timing = _lines(path / files.METRICS, unreadable), _lines(path / files.TIMING, unreadable)
    has_model, worker = (path / files.MODEL).exists(), holder(path)
    run = attempt(load_run, path, _can_run(config, backend)) if has_model and config is not None else None
    if not has_model and epochs and (config is None or config.training.seeds == 1):
        unreadable.append(f"{path / files.MODEL}: missing; restore it, or train again")
    return Found(
        folder=path,
        config=config,
        config_text=_text(path / files.CONFIG),
        facts=facts,
        versions=versions,
        plan=_text(path / files.PLAN),
        epochs=tuple(line for line in epochs if _is_epoch(line) and line.get("seed") == epochs[0].get("seed")),
        timing=tuple(line for line in timing if isinstance(line.get("epoch"), int)),
        run=run,
        worker=worker,
        stopped=(path / files.CHECKPOINT).exists(),
        unreadable=tuple(unreadable),
    )


def check_run(folder: str | Path) -> Path:
    """The folder of a run.

    Raises:
        RunError: there is no such folder, or it is not one of a run.
    """
    path = Path(folder)
    if not path.is_dir():
        raise RunError(f"{path}: there is no such folder; {files.NO_RUN}")
    if not files.is_run(path):
        missing = files.CONFIG if not (path / files.CONFIG).is_file() else files.VERSIONS
        raise RunError(f"{path}: no run ({missing} is missing); {files.NO_RUN}")
    return path


def data_of_run(folder: Path) -> list[Path]:
    """The folder or the files that a run names as its data; none where this version cannot read its configuration."""
    try:
        return list(data_paths(files.read_config(folder)).values())
    except MinirankError:
        return []


def state_of(found: Found) -> str:
    """How far training came, a sentence."""
    done = len(found.epochs)
    kept = f"the parameters of epoch {found.best_epoch} of {done} are kept" if found.best_epoch else "no epoch is finished yet"
    seeds = 1 if found.config is None else found.config.training.seeds
    if seeds > 1 and found.best_epoch:
        trained = len({line.get("seed") for line in found.timing})
        kept = (
            f"the mean of {seeds} seeds is kept" if found.run else f"it is in the {trained}. of {seeds} seeds, whose mean will be the model"
        )
    if found.worker is not None:
        return f"In training now by {found.worker}: {kept}."
    if found.stopped:
        return f"Stopped before training was finished: {kept}. `minirank train CONFIG --run {found.folder.name} --resume` goes on."
    return f"Finished: {kept}." if found.best_epoch else "No epoch of its training is recorded."


def _can_run(config: Config, backend: str | None) -> str | None:
    """The backend that was asked for; without a wish, and where that of the training cannot run here, the processor."""
    if backend is None:
        try:
            check_backend(config)
        except MinirankError:
            return "cpu"
    return backend


def _object(path: Path) -> dict[str, Any]:
    found = read_json(path, files.RESTORE)
    if not isinstance(found, dict):
        raise RunError(f"{path}: damaged; {files.RESTORE}")
    return found


def _lines(path: Path, unreadable: list[str]) -> list[Line]:
    """The objects of a file of JSON lines, up to the first line that is none; without the file none."""
    found: list[Line] = []
    try:
        texts = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return found
    except OSError as error:
        unreadable.append(f"{path}: cannot be read: {error.strerror}")
        return found
    for number, text in enumerate(texts, 1):
        try:
            line = parse_json(text)
        except ValueError:
            line = None
        if not isinstance(line, dict):
            unreadable.append(f"{path}: line {number} is damaged; it and what follows are left out")
            break
        found.append(line)
    return found


def _is_epoch(line: Line) -> bool:
    kinds: dict[str, Any] = {"epoch": int, "loss": int | float, "losses": dict, "valid": dict, "best": bool}
    return all(isinstance(line.get(key), kind) for key, kind in kinds.items())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""

"""plan, train: what a configuration computes, and training it."""

from __future__ import annotations

import shlex
import signal
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..progress import Progress, teller
from ..terminal import show
from .option_types import Commands, add_no_cache, kept_of

ALONE = (
    "One process at a time trains into a folder. What can be changed in a run's config.yaml afterwards: the paths of the data, the "
    "score, the server, and how it was trained; other changes are refused, and so is a changed encoder."
)


def register(commands: Commands) -> None:
    """Add the commands to the command line."""
    plan = commands.add_parser("plan", help="print what a configuration computes, operation by operation")
    _add_config(plan)
    plan.set_defaults(run=run_plan)

    train = commands.add_parser("train", help="train a model into a run folder", description=ALONE)
    _add_config(train)
    train.add_argument("--run", dest="folder", metavar="DIR", help="the run folder (default: runs/ and the name of CONFIG)")
    existing = train.add_mutually_exclusive_group()
    existing.add_argument("--resume", action="store_true", help="go on with the run that the folder holds")
    existing.add_argument("--force", action="store_true", help="overwrite the run that the folder holds")
    train.add_argument("--backend", choices=("cpu", "reference", "cuda"), help="as training.backend")
    train.add_argument("--seed", metavar="S", help="as training.seed")
    train.add_argument("--threads", metavar="N", help="as training.threads")
    train.add_argument("--plot", action="store_true", help="draw the learning curves into curves.svg of the run folder, anew each epoch")
    add_no_cache(train)
    train.set_defaults(run=run_train, on_ranks=True)


def run_plan(options: Namespace) -> None:
    """Print the plan."""
    from ..config.configuration import check_paths, load_config
    from ..training import prepare

    config = load_config(options.config, options.set)
    check_paths(config, options.config)
    print(prepare(config, teller()).plan)


def run_train(options: Namespace) -> int | None:
    """Train; 130 after Ctrl-C."""
    from ..config.configuration import check_paths, data_paths, load_config
    from ..training import train
    from .output_files import check_run_folder, files_of_data

    given = {"backend": options.backend, "seed": options.seed, "threads": options.threads}
    overrides = [f"training.{key}={value}" for key, value in given.items() if value is not None]
    if options.backend not in (None, "cuda"):
        overrides.append("training.cuda={}")  # what the file says of another backend
    config = load_config(options.config, [*options.set, *overrides])
    folder = Path(options.folder or Path("runs") / Path(options.config).stem)
    progress = teller()
    check_run_folder(folder, options.config, [file for path in data_paths(config).values() for file in files_of_data(path)])
    check_paths(config, options.config)
    _note_gazetteer(config.data, progress)
    with stops_on_interrupt(progress) as stop:
        ended = train(
            config,
            folder,
            resume=options.resume,
            force=options.force,
            progress=progress,
            stop=stop,
            after_epoch=_plots(progress) if options.plot else lambda _: None,
            kept=kept_of(options, progress.say),
            ranks=options.ranks,
        )
    if not ended.finished:
        progress.say(f"stopped; go on with: {_again(options)}")
        return 130
    next_commands = [shlex.join(["minirank", command, str(folder)]) for command in ("evaluate", "report")]
    seeds = config.training.seeds
    kept = f"the parameters of epoch {ended.best_epoch} of {ended.epoch} are kept" if seeds == 1 else f"the mean of {seeds} seeds is kept"
    show(f"{folder}: {kept}", f"next: {', or '.join(next_commands)}")
    return None


def _plots(progress: Progress) -> Callable[[Path], None]:
    """What draws the learning curves; where that fails, training goes on."""
    from ..errors import MinirankError
    from ..report.plot import plot_curves

    def plot(folder: Path) -> None:
        try:
            plot_curves(folder)
        except MinirankError as error:
            progress.say(f"the learning curves are not drawn: {error}")

    return plot


def _note_gazetteer(data: Any, progress: Progress) -> None:
    """Say where rankings would read new texts with other labels than those that made the features."""
    from ..config.configuration import FolderConfig
    from ..extract.made_files import made_with
    from ..extract.rules.gazetteer import read_gazetteer

    if not isinstance(data, FolderConfig):
        return
    used, named = made_with(data.folder).get("gazetteer"), read_gazetteer(data.gazetteer)
    if used is not None and (named is None or used.get("sha256") != named.origin.get("sha256")):
        progress.say(
            f"the features were made with the gazetteer {used.get('file')}; name that very file as data.gazetteer, "
            "or new texts are ranked without its labels"
        )


@contextmanager
def stops_on_interrupt(progress: Progress) -> Iterator[Callable[[], bool]]:
    """What happens on Ctrl-C: within it the first one makes the function that it gives return True; the second one ends the process.

    `train` asks that function after each step. It then writes a checkpoint and ends; the command prints how to go on and ends with 130.
    """
    asked = False

    def handle(number, frame):
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        # NOTE: in a thread, for this one may just be writing a line of the progress, and hold its lock.
        threading.Thread(target=progress.say, args=("stopping after this step; press Ctrl-C again to stop at once",)).start()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def _again(options: Namespace) -> str:
    """The command that goes on with the same run."""
    launched = options.ranks.size
    words = [*(["mpirun", "-n", str(launched)] if launched > 1 else []), "minirank", "train", options.config, "--resume"]
    for name, value in (("run", options.folder), ("backend", options.backend), ("seed", options.seed), ("threads", options.threads)):
        words += [f"--{name}", value] if value is not None else []
    words += ["--plot"] if options.plot else []
    words += ["--no-cache"] if options.no_cache else []
    for override in options.set:
        words += ["--set", override]
    return shlex.join(words)


def _add_config(command: ArgumentParser) -> None:
    command.add_argument("config", metavar="CONFIG.yaml")
    command.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a value of the configuration, such as training.epochs=3"
    )

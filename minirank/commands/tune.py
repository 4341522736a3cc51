"""tune: random search over settings, and several seeds of one configuration."""

from __future__ import annotations

import shlex
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from ..progress import teller
from ..terminal import show
from .option_types import Commands, add_no_cache, kept_of, whole_number
from .train import stops_on_interrupt

ABOUT = (
    "SPACE.yaml names a configuration (config: ranker.yaml) and what is drawn for which of its keys (space: {model.dropout: "
    "{uniform: [0, 0.3]}}; choice, uniform, log_uniform, integer), and may set trials, seeds, seed (of the draws) and metric. "
    "A configuration in its place is trained with several seeds as it stands. Trials are chosen by validation rows alone; trial 0 is "
    "the configuration as it stands. The folder gets a run for each, trials.jsonl, table.md, and the best as ranker.yaml."
)


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    tune = commands.add_parser("tune", help="random search over settings, and several seeds of one configuration", description=ABOUT)
    tune.add_argument("space", metavar="SPACE.yaml", help="what to search, or a configuration, for its seeds")
    tune.add_argument("--run", dest="folder", metavar="DIR", help="the folder of the search (default: runs/tune/ and the name of SPACE)")
    tune.add_argument("--trials", type=whole_number(0), metavar="N", help="configurations that are drawn (default 20, or as SPACE says)")
    tune.add_argument("--seeds", type=whole_number(1), metavar="K", help="trainings of each configuration (default 1, or as SPACE says)")
    tune.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a value of the configuration, for all trials")
    existing = tune.add_mutually_exclusive_group()
    existing.add_argument(
        "--resume", action="store_true", help="go on with the search that the folder holds, also with more trials or seeds"
    )
    existing.add_argument("--force", action="store_true", help="overwrite the search that the folder holds")
    add_no_cache(tune)
    tune.set_defaults(run=run_tune)


def run_tune(options: Namespace) -> int | None:
    """Search; 130 after Ctrl-C."""
    from ..errors import ConfigError
    from ..tuning import load_search, search
    from ..tuning.random_search import BEST, FILES
    from .output_files import check_place, same_file

    settings = load_search(options.space, options.set)
    given = {name: getattr(options, name) for name in ("trials", "seeds") if getattr(options, name) is not None}
    try:
        settings = replace(settings, **given)
    except ValueError as error:
        raise ConfigError(f"--{error}") from None
    folder = Path(options.folder or Path("runs") / "tune" / Path(options.space).stem)
    check_place("--run", folder)
    for read in (options.space, settings.config):
        if any(same_file(folder / name, read) for name in FILES):
            raise ConfigError(f"{folder}: the search would overwrite {read}, which this command reads; choose another folder")
    progress = teller()
    with stops_on_interrupt(progress) as stop:
        found = search(
            settings,
            folder,
            sets=options.set,
            resume=options.resume,
            force=options.force,
            progress=progress,
            stop=stop,
            kept=kept_of(options, progress.say),
        )
    if not found.finished:
        progress.say(f"stopped; go on with: {_again(options)}")
        return 130
    print(found.text)
    show("", f"next: {shlex.join(['minirank', 'train', str(folder / BEST)])}")
    return None


def _again(options: Namespace) -> str:
    """The command that goes on with the same search."""
    words = ["minirank", "tune", options.space, "--resume"]
    for name, value in (("run", options.folder), ("trials", options.trials), ("seeds", options.seeds)):
        words += [f"--{name}", str(value)] if value is not None else []
    words += ["--no-cache"] if options.no_cache else []
    for override in options.set:
        words += ["--set", override]
    return shlex.join(words)

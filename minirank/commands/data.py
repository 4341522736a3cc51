"""simulate, validate: making a data folder, and checking data."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from ..terminal import show
from .option_types import Commands, number, whole_number

if TYPE_CHECKING:
    from ..config.configuration import Config
    from ..simulate import World


def register(commands: Commands) -> None:
    """Add the commands to the command line."""
    simulate = commands.add_parser("simulate", help="write a simulated talent market with a known truth")
    simulate.add_argument("path", metavar="PATH", help="the new data folder; an empty one will do")
    simulate.add_argument("--impressions", type=whole_number(1), default=100_000, metavar="N", help="rows of the log (default 100000)")
    simulate.add_argument("--seed", type=whole_number(0), default=0, metavar="S", help="another seed is another market (default 0)")
    simulate.add_argument("--null", action="store_true", help="a market in which nothing but the position decides")
    simulate.add_argument("--propensities", action="store_true", help="also write how likely each candidate was to stand where it did")
    simulate.add_argument(
        "--reader",
        type=number(most=1),
        metavar="RECALL",
        help="also write what a model would extract that finds this share of all facts (0 to 1)",
    )
    simulate.add_argument(
        "--made-up", type=number(most=0.9), metavar="RATE", help="share of made-up values in what --reader writes (default 0)"
    )
    simulate.set_defaults(run=run_simulate)

    validate = commands.add_parser("validate", help="check data: file, line, column and remedy of each problem, and what can be trained")
    validate.add_argument("data", metavar="DATA", help="a data folder, or a configuration that names a folder or a table")
    validate.add_argument("--config", metavar="CONFIG.yaml", help="of a data folder: its columns, split, tasks, model and score")
    validate.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a value of the configuration, as for train")
    validate.set_defaults(run=run_validate)


def run_simulate(options: Namespace) -> None:
    """Write a simulated world, and what a reader of known quality makes of its texts."""
    from ..data.kept.scratch import Scratch
    from ..errors import ConfigError
    from ..progress import Progress
    from ..simulate import World, WorldConfig
    from ..simulate.write_folder import new_folder, write_files
    from .output_files import check_place

    if options.made_up is not None and options.reader is None:
        raise ConfigError("--made-up needs --reader: it is a share of what that reader writes")
    check_place("", options.path)
    make, path = WorldConfig.null if options.null else WorldConfig, Path(options.path)
    try:
        with new_folder(path, Progress(sys.stderr).say) as draft:
            world = World(make(seed=options.seed, impressions=options.impressions), Scratch(draft).empty)
            write_files(world, draft, options.propensities)
            if options.reader is not None:
                _write_read(world, draft, options.reader, options.made_up or 0.0)
    except MemoryError:
        raise ConfigError(f"--impressions {options.impressions}: not enough memory on this machine; ask for fewer") from None
    if options.reader is None:
        show(f"wrote {path}", f"next: {shlex.join(['minirank', 'extract', str(path), '--rules'])}")
    else:
        show(f"wrote {path} and what the reader found in it", "next: minirank train CONFIG.yaml, where data.folder is this folder")


def _write_read(world: World, folder: Path, recall: float, made_up: float) -> None:
    """Write what a reader finds as `minirank extract` would."""
    from ..data import read_folder
    from ..extract.feature_files import write_features
    from ..features import write_signals
    from ..simulate import Reader

    features, data = Reader(world).read(recall, made_up), read_folder(folder)
    write_features(data, features, f"simulated reader: recall {recall:g}, made up {made_up:g}")
    write_signals(data, features)


def run_validate(options: Namespace) -> int:
    """Print the report; 1 where there are problems."""
    from ..config.configuration import FolderConfig
    from ..data import validate
    from ..training.trainable import next_step, trainable

    config = _config_of(options)
    if not isinstance(config.data, FolderConfig):
        report = trainable(config)
        print(report)
        return 1 if report.problems else 0
    files = validate(
        config.data.folder, config.data.columns, needs_log=bool(options.config or options.set) or is_configuration(options.data)
    )
    print(files)
    if files.folder is None:
        return 1
    if not files.folder.has_log:
        print("\nok: jobs and resumes that can be read and ranked; nothing to learn from, for there is no impressions.csv")
        show(next_step(config, files.folder))
        return 0
    report = trainable(config, files.folder)
    print(f"\n{report}")
    if not report.problems:
        show(next_step(config, files.folder))
    return 1 if report.problems else 0


def is_configuration(path: str | Path) -> bool:
    """Whether a path names a configuration rather than a data folder."""
    return Path(path).suffix.lower() in (".yaml", ".yml") and not Path(path).is_dir()


def _config_of(options: Namespace) -> Config:
    """The configuration to validate: a YAML file, or a data folder with that of --config, or with none."""
    from ..config.configuration import FolderConfig, check_paths, config_from_dict, load_config
    from ..config.yaml_files import with_override
    from ..errors import ConfigError

    path = Path(options.data)
    if is_configuration(path):
        if options.config is not None:
            raise ConfigError(f"{path} is a configuration already; leave --config out")
        config = load_config(path, options.set)
        check_paths(config, path)
        return config
    if options.config is None:
        return config_from_dict(reduce(with_override, options.set, {"data": {"folder": str(path)}}))
    config = load_config(options.config, options.set, needs_data=False)
    if config.data is not None and not isinstance(config.data, FolderConfig):
        raise ConfigError(f"{options.config}: describes a table; write minirank validate {options.config}")
    config = replace(config, data=replace(config.data or FolderConfig(path), folder=path))
    if path.exists():
        check_paths(config, options.config)
    return config


def columns_of(options: Namespace) -> dict[str, dict[str, str | None]] | None:
    """The mapping of column names in a configuration; None without one, or without data in it."""
    if options.config is None:
        return None
    from ..config.configuration import FolderConfig, load_config
    from ..errors import ConfigError

    data = load_config(options.config, needs_data=False).data
    if data is None:
        return None
    if not isinstance(data, FolderConfig):
        raise ConfigError(f"{options.config}: describes a table; give a configuration with data.folder")
    return data.columns

"""simulate, validate: making a data folder, and checking it."""

from __future__ import annotations

from argparse import Namespace

from .option_types import Commands, whole_number


def register(commands: Commands) -> None:
    """Add the commands to the command line."""
    simulate = commands.add_parser("simulate", help="write a simulated talent market with a known truth")
    simulate.add_argument("path", metavar="PATH", help="the new data folder")
    simulate.add_argument("--impressions", type=whole_number(1), default=100_000, metavar="N", help="rows of the log (default 100000)")
    simulate.add_argument("--seed", type=whole_number(0), default=0, metavar="S", help="another seed is another market (default 0)")
    simulate.add_argument("--null", action="store_true", help="a market in which nothing but the position decides")
    simulate.set_defaults(run=run_simulate)

    validate = commands.add_parser("validate", help="check a data folder: file, line, column and remedy of each problem")
    validate.add_argument("data", metavar="DATA", help="the data folder")
    validate.add_argument("--config", metavar="CONFIG.yaml", help="maps column names as its data.columns says")
    validate.set_defaults(run=run_validate)


def run_simulate(options: Namespace) -> None:
    """Write a simulated world."""
    from ..errors import ConfigError
    from ..simulate import World, WorldConfig

    make = WorldConfig.null if options.null else WorldConfig
    try:
        path = World(make(seed=options.seed, impressions=options.impressions)).write(options.path)
    except MemoryError:
        raise ConfigError(f"--impressions {options.impressions}: not enough memory on this machine; ask for fewer") from None
    print(f"wrote {path}\nnext: minirank extract {path} --rules")


def run_validate(options: Namespace) -> int:
    """Print the report; 1 where there are problems."""
    from ..data import validate

    report = validate(options.data, columns_of(options))
    print(report)
    return 0 if report.ok else 1


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

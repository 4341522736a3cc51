"""demo: from a simulated market to a ranked list in about a minute."""

from __future__ import annotations

from argparse import Namespace

from .option_types import Commands

OWN = "Writes over the folder of an earlier demonstration, unless there is something in its data or runs that it did not make."


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    demo = commands.add_parser("demo", help="simulate, extract, train, compare and rank, in about a minute", description=OWN)
    demo.add_argument("--out", default="minirank-demo", metavar="DIR", help="the folder that it writes (default minirank-demo)")
    demo.add_argument("--seed", type=int, default=0, metavar="S", help="another seed is another market (default 0)")
    demo.set_defaults(run=run_demo)


def run_demo(options: Namespace) -> None:
    """Run it and print the report."""
    from .. import demo
    from ..progress import teller
    from .output_files import check_place

    check_place("--out", options.out)
    progress = teller()
    progress.say(f"writing {options.out}; on two cores this takes about a minute and a half the first time, a minute later")
    print(f"\n{demo.run_demo(options.out, options.seed, progress=progress)}")

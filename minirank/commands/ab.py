"""ab: two runs as the arms of an A/B test."""

from __future__ import annotations

import json
from argparse import Namespace

from ..progress import teller
from .option_types import Commands, add_no_cache, kept_of, number, whole_number
from .predict import add_backend

ABOUT = (
    "Both runs rank the candidates of the same logged searches, which neither was trained on. In a simulated market, users click and "
    "convert by its own chances, with the same dice for both. Where the log has a column propensity (of a simulated market it is "
    "known), the same lift is estimated from the log alone. minirank/ab/METHOD.md has the formulas and what is assumed."
)


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    ab = commands.add_parser("ab", help="the lift of one run over another, in a simulated A/B test and from the log", description=ABOUT)
    ab.add_argument("run_a", metavar="RUN_A")
    ab.add_argument("run_b", metavar="RUN_B")
    ab.add_argument("--data", metavar="DIR", help="the log (default: the one that the runs were trained on, of it the test part)")
    ab.add_argument("--seed", type=whole_number(0, most=2**30), default=0, metavar="S", help="of the dice (default 0)")
    ab.add_argument("--clip", type=number(above=0), metavar="W", help="the largest weight of a row of the log (default: none is cut)")
    add_backend(ab)
    ab.add_argument("--json", action="store_true", help="print JSON")
    add_no_cache(ab)
    ab.set_defaults(run=run_ab)


def run_ab(options: Namespace) -> None:
    """Print the lifts."""
    from ..ab import compare_runs, format_ab
    from ..run.load_run import load_run

    say = teller().say
    a, b = (load_run(folder, options.backend, say) for folder in (options.run_a, options.run_b))
    results = compare_runs(a, b, options.data, seed=options.seed, clip=options.clip, say=say, kept=kept_of(options, say))
    print(json.dumps(results, indent=1, allow_nan=False) if options.json else format_ab(results))

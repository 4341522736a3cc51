"""rank: the candidates of one job, and why."""

from __future__ import annotations

import json
import sys
from argparse import Namespace

from .option_types import Commands, whole_number
from .predict import add_backend


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    rank = commands.add_parser("rank", help="the candidates of a job, best first, and why")
    rank.add_argument("run_folder", metavar="RUN")
    rank.add_argument("--job", required=True, metavar="J", help="a job_id of the data folder")
    rank.add_argument("--role", metavar="R", help="the recruiter's role (default: not known)")
    rank.add_argument("--resumes", metavar="FILE.jsonl", help="candidates: resume_id and text (default: all of the data folder)")
    rank.add_argument("--top", type=whole_number(1), default=10, metavar="N", help="candidates to show (default 10)")
    rank.add_argument("--versus", metavar="R2", help="rank for this role too, and show who moves")
    add_backend(rank)
    rank.add_argument("--data", metavar="DIR", help="the data folder (default: the one that the run was trained on)")
    rank.add_argument("--json", action="store_true", help="print JSON")
    rank.set_defaults(run=run_rank)


def run_rank(options: Namespace) -> None:
    """Print the list, under both roles with --versus."""
    from ..progress import Progress
    from ..ranking import Ranker
    from ..ranking.candidates import read_resumes
    from ..ranking.format_ranking import format_moves, format_ranking
    from ..run.load_run import load_run

    ranker = Ranker.load(load_run(options.run_folder, options.backend, Progress(sys.stderr).say), options.data)
    resumes = None if options.resumes is None else read_resumes(options.resumes, ranker.now)
    if options.versus is None:
        ranking = ranker.rank(options.job, resumes, options.role, options.top)
        found, parts = ranking.to_json(), [format_ranking(ranking)]
    else:
        both = ranker.compare(options.job, options.role, options.versus, resumes, options.top)
        found, parts = both.to_json(), [format_ranking(both.a), format_ranking(both.b), format_moves(both)]
    print(json.dumps(found, indent=1, allow_nan=False) if options.json else "\n\n".join(parts))

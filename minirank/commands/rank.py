"""rank: the candidates of one job and why, or those of many jobs in a file."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, DataError
from ..terminal import show
from .option_types import Commands, add_no_cache, kept_of, whole_number
from .predict import add_backend

if TYPE_CHECKING:
    from ..progress import Progress
    from ..ranking import Ranker
    from ..ranking.results import ShortRanking

SHOWN = 10  # candidates


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    rank = commands.add_parser("rank", help="the candidates of a job, best first, and why")
    rank.add_argument("run_folder", metavar="RUN")
    which = rank.add_mutually_exclusive_group(required=True)
    which.add_argument("--job", metavar="J", help="a job_id of the data folder")
    which.add_argument("--jobs", metavar="FILE.jsonl", help="many jobs, into the file of --out: job_id, title and description")
    rank.add_argument("--role", metavar="R", help="the recruiter's role (default: not known)")
    rank.add_argument("--resumes", metavar="FILE.jsonl", help="candidates: resume_id and text (default: all of the data folder)")
    rank.add_argument("--top", type=whole_number(1), metavar="N", help="candidates to show (default 10), or to write (default all)")
    rank.add_argument("--versus", metavar="R2", help="rank for this role too, and show who moves")
    add_backend(rank)
    rank.add_argument("--data", metavar="DIR", help="the data folder, which needs no log (default: the one that the run was trained on)")
    rank.add_argument("--json", action="store_true", help="print JSON")
    rank.add_argument("--out", metavar="FILE", help="write a TREC run instead: job_id Q0 resume_id rank score name")
    rank.add_argument("--force", action="store_true", help="overwrite FILE, but never what is read or a run")
    add_no_cache(rank)
    rank.set_defaults(run=run_rank)


def run_rank(options: Namespace) -> None:
    """Print the list, under both roles with --versus; or write a TREC run."""
    from ..progress import Progress
    from ..ranking import Ranker
    from ..ranking.candidates import read_resumes
    from ..ranking.format_ranking import format_moves, format_ranking
    from ..run.load_run import load_run

    _check(options)
    progress = Progress(sys.stderr, unit="jobs")
    if options.out is not None:
        from .output_files import check_output, files_of_data, files_of_run

        data = [] if options.data is None else files_of_data(options.data)
        reads = [*files_of_run(options.run_folder), *data, options.jobs, options.resumes]
        check_output("--out", options.out, reads, options.force)
    run = load_run(options.run_folder, options.backend, progress.say)
    ranker = Ranker.load(run, options.data, kept_of(options, progress.say))
    resumes = None if options.resumes is None else read_resumes(options.resumes, ranker.now)
    if options.out is not None:
        _write(options, ranker, resumes, progress)
        return
    top = options.top or SHOWN
    if options.versus is None:
        ranking = ranker.rank(options.job, resumes, options.role, top)
        found, parts = ranking.to_json(), [format_ranking(ranking)]
    else:
        both = ranker.compare(options.job, options.role, options.versus, resumes, top)
        found, parts = both.to_json(), [format_ranking(both.a), format_ranking(both.b), format_moves(both)]
    print(json.dumps(found, indent=1, allow_nan=False) if options.json else "\n\n".join(parts))


def _check(options: Namespace) -> None:
    """Refuse options that do not go together."""
    if options.jobs is not None and options.out is None:
        raise ConfigError("--jobs writes the rankings of many jobs: give --out FILE, or one job with --job")
    if options.out is None and options.force:
        raise ConfigError("--force is for the file of --out; leave it out")
    for option in ("versus", "json"):
        if options.out is not None and getattr(options, option):
            raise ConfigError(f"--out writes a TREC run, which has no place for what --{option} asks; leave one of the two out")


def _write(options: Namespace, ranker: Ranker, resumes: list[dict[str, Any]] | None, progress: Progress) -> None:
    """Write a TREC run."""
    from ..ranking.candidates import read_jobs
    from ..ranking.trec_run import check_ids, trec_lines
    from ..storage import is_stream, write_output

    jobs: list[Any] = [options.job] if options.jobs is None else read_jobs(options.jobs, ranker.now)
    check_ids((job if isinstance(job, str) else job["job_id"] for job in jobs), "job_id", options.jobs)
    known = [] if ranker.folder is None else ranker.folder.resumes
    check_ids((resume["resume_id"] for resume in (known if resumes is None else resumes)), "resume_id", options.resumes)
    if not jobs:
        raise DataError("holds no job", file=options.jobs, remedy="write one JSON object a line: job_id, title, description")
    written = 0
    notes: Counter[str | None] = Counter()

    def rankings() -> Iterator[ShortRanking]:
        nonlocal written
        for done, ranking in enumerate(ranker.rank_jobs(jobs, resumes, options.role, options.top), 1):
            written += len(ranking.resume_ids)
            notes[ranking.note] += 1
            progress.count(done, len(jobs))
            yield ranking

    path = Path(options.out)
    try:
        write_output(path, lambda stream: stream.writelines(trec_lines(rankings(), Path(options.run_folder).resolve().name)), options.force)
    except BrokenPipeError:  # `| head` has what it wanted
        return
    for note, count in notes.items():
        if note is not None:
            progress.say(f"note on {count:,} of {len(jobs):,} jobs: {note}")
    (progress.say if is_stream(path) else show)(f"wrote {written:,} candidates of {len(jobs):,} jobs to {options.out}")

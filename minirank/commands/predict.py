"""evaluate, score: a trained model on labelled rows, and on rows to be ranked."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..terminal import show
from .option_types import Commands, add_no_cache, kept_of, whole_number


def register(commands: Commands) -> None:
    """Add the commands to the command line."""
    evaluate = commands.add_parser("evaluate", help="metrics of a run, for each task and role, with intervals")
    add, replicates = evaluate.add_argument, whole_number(2, 0)
    add("run_folder", metavar="RUN")
    add("--split", choices=("valid", "test"), default="test", help="rows to evaluate on (default test)")
    add_backend(evaluate)
    add("--json", action="store_true", help="print JSON")
    add("--bootstrap", type=replicates, default=200, metavar="N", help="replicates behind an interval (default 200, 0 = no intervals)")
    add("--choose-exponents", action="store_true", help="print the score whose ranking of validation rows is best, and how to set it")
    add_no_cache(evaluate)
    evaluate.set_defaults(run=run_evaluate, on_ranks=True)

    score = commands.add_parser("score", help="predictions for every pair of a data folder, or every row of a table")
    score.add_argument("run_folder", metavar="RUN")
    score.add_argument("data", metavar="DATA", help="a data folder whose impressions name the pairs; or a table of the run's columns")
    add_backend(score)
    score.add_argument(
        "--out", required=True, metavar="FILE", help="a new .csv (ids like formulas marked by an apostrophe) or .npz file; a pipe gets CSV"
    )
    score.add_argument("--force", action="store_true", help="overwrite FILE, but never what is read or a run")
    add_no_cache(score)
    score.set_defaults(run=run_score, on_ranks=True)


def add_backend(command: ArgumentParser) -> None:
    """The option --backend of a command that predicts."""
    command.add_argument("--backend", choices=("cpu", "reference", "cuda"), help="what computes (default: as in training)")


def run_evaluate(options: Namespace) -> None:
    """Print the metrics of a part of the run's data, or the exponents of the score."""
    from ..evaluation import format_table
    from ..progress import teller
    from ..run.load_run import load_run
    from ..run.scoring import data_of, evaluate_run

    progress = teller()
    run, kept = load_run(options.run_folder, options.backend, progress.say, options.ranks), kept_of(options, progress.say)
    with options.ranks.one_first():
        dataset = data_of(run, kept=kept)
    if options.choose_exponents:
        from ..ranking.exponents import choose_exponents, format_exponents

        results = choose_exponents(run, dataset)
        text = format_exponents(results, options.run_folder)
    else:
        results = evaluate_run(run, options.split, dataset=dataset, bootstrap=options.bootstrap)
        text = format_table(results) if results else ""
    print(json.dumps(results, indent=1, allow_nan=False) if options.json else text)


def run_score(options: Namespace) -> None:
    """Write predictions."""
    from ..progress import teller
    from ..run.backend import check_backend
    from ..run.load_run import load_run
    from ..run.scoring import check_ending, scores_of, write_predictions
    from ..storage import is_stream
    from .output_files import check_output, files_of_data, files_of_run

    progress = teller()
    check_ending(Path(options.out))
    run, ranks = load_run(options.run_folder, options.backend, progress.say, options.ranks), options.ranks
    check_backend(run.config)
    out = Path(options.out)
    if ranks.is_first:
        check_output("--out", out, [*files_of_run(options.run_folder), *files_of_data(options.data)], options.force)
    columns = scores_of(run, options.data, progress.say, kept_of(options, progress.say))
    if not ranks.is_first:
        return
    try:
        write_predictions(out, columns, options.force)
    except BrokenPipeError:  # `| head` has what it wanted
        return
    (progress.say if is_stream(out) else show)(f"wrote {len(next(iter(columns.values()))):,} rows to {options.out}")

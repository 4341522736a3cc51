"""report: one page about a run, to be opened in a browser."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from ..terminal import show
from .option_types import Commands
from .predict import add_backend

REPORT = "report.html"  # in the folder of a run
ABOUT = (
    "Writes one HTML file that needs no network: what was trained on what, learning curves, metrics by task and role, calibration, "
    "gates and experts, one job ranked for each role, what was read in the texts, and what looks wrong. What cannot be read is left "
    "out and named."
)


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    report = commands.add_parser("report", help="one page about a run: what it learned, and where it fails", description=ABOUT)
    report.add_argument("run_folder", metavar="RUN")
    report.add_argument("--out", metavar="FILE.html", help="a new file (default: report.html in RUN)")
    report.add_argument("--force", action="store_true", help="overwrite FILE, but never what is read or a run")
    report.add_argument("--job", metavar="J", help="the job_id that is ranked for each role (default: that of the last search)")
    add_backend(report)
    report.set_defaults(run=run_report)


def run_report(options: Namespace) -> None:
    """Write the page, and say how to open it."""
    from ..progress import teller
    from ..report.collect import collect
    from ..report.found import check_run, data_of_run
    from ..report.page import render
    from ..storage import is_stream, write_output
    from .output_files import check_output, files_of_data, files_of_run

    folder = check_run(options.run_folder)
    out = Path(options.out) if options.out is not None else folder / REPORT
    reads = [*files_of_run(folder), *(file for path in data_of_run(folder) for file in files_of_data(path))]
    check_output("--out", out, reads, options.force)
    progress = teller()
    page = render(collect(folder, job=options.job, backend=options.backend, say=progress.say)).encode()
    try:
        write_output(out, lambda stream: stream.write(page), options.force)
    except BrokenPipeError:  # `| head` has what it wanted
        return
    if is_stream(out):
        progress.say(f"wrote {len(page):,} bytes to {out}")
    else:
        show(f"wrote {out}", f"open it in a browser: {out.resolve().as_uri()}")

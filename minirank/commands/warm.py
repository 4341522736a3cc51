"""warm: compile ahead what the other commands need."""

from __future__ import annotations

import sys
import time
from argparse import Namespace

from .option_types import Commands

FURTHER = (  # what is compiled where it is first needed, else
    "minirank.extract.rules.tagger_kernels",
    "minirank.data.csv_kernels",
    "minirank.data.kept.pack_kernels",
    "minirank.extract.scan_features",
    "minirank.features.phrase_scan",
    "minirank.features.tfidf",
    "minirank.kernels.parts",
    "minirank.kernels.ranked",
)


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    text = "compile the kernels that the commands need, for images and read-only systems"
    commands.add_parser("warm", help=text, description=f"{text}; what is compiled already stays").set_defaults(run=run_warm)


def run_warm(options: Namespace) -> None:
    """Compile what is missing, and say where it lies."""
    from ..errors import RunError
    from ..kernels.cpu.cache import REMEDY, listed
    from ..kernels.cpu.cache_folders import can_keep, distribute, folders, readable_folders, refusals, stamp_of
    from ..kernels.cpu.compile import OWN_KERNELS, RARE, REST, ROWS, compile_part, compiling, missing, stamps, wait_for

    modules = (*OWN_KERNELS, *FURTHER)
    start, parts = time.monotonic(), (ROWS, REST, RARE, *modules)
    if not can_keep():
        raise RunError(f"nowhere to keep compiled kernels ({listed(refusals())}); {REMEDY}")
    before = len(missing(*parts))
    with compiling(
        *parts[2:], say=lambda why: print(f"compiling {before} kernels, up to half a minute: {why}", file=sys.stderr)
    ) as processes:
        wait_for(processes)
    for part in parts:
        if missing(part):  # what went wrong there is an error here
            compile_part(part)
    if left := len(missing(*parts)):
        raise RunError(f"{left} kernels could not be written to {folders()[-1].path}; free some space there, or {REMEDY}")
    made = stamps(*parts)
    for each in made:
        distribute(each)
    print(f"{before} kernels compiled in {time.monotonic() - start:.1f} s" if before else "all kernels are compiled already")
    for folder in readable_folders():
        files = [path for each in made for path in folder.files(stamp_of(each))]
        if files:
            print(f"{folder.path}: {len(files)} kernels, {sum(path.stat().st_size for path in files) / 2**20:.1f} MiB")
    for path, why in ((folder.path, folder.refusal()) for folder in folders()):
        if why:
            print(f"{path}: nothing written, {why}")
    if refusals():
        print(f"temporary files may be removed; {REMEDY}")

"""A training step of every architecture beside PyTorch's of the same architecture, in one interleaved run.

    python bench/speed/architectures.py --peers FOLDER                the environment that `steps.py --make-peers` made; it goes on
    python bench/speed/architectures.py --peers FOLDER --only ple pepnet --again

The protocol is that of steps.py: the same parameters and rows, losses and logits checked against the float64 reference and the next
losses against ours before anything is timed, every competitor measured in every round while the others wait. PyTorch's networks are
those of peers/torch_architectures.py, of mmoe also the hand-tuned ones of the steps' table. Roles steer where an architecture has a
place for them (gates `full`).
"""

import argparse
import json
import statistics
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.speed.competitors import MINIRANK, OURS, TRAINING, Competitor
from bench.speed.steps import train_cell
from bench.speed.steps_tables import best, families, median_step, ratio, refused
from bench.speed.workloads import WORKLOADS
from bench.tables import Report, machine, markdown, paragraphs, write_record
from minirank.model.architectures import ARCHITECTURES

GATE = "full"
VARIANTS = {  # of PyTorch, as far as they were fast in the steps' table
    "small": ("eager, loop, dense", "eager, wide, dense", "eager, loop, sparse", "compiled, loop, dense"),
    "base": ("eager, loop, dense", "eager, loop, sparse", "compiled, loop, sparse"),
}
FAMILIES = {"eager": "PyTorch eager", "compiled": "torch.compile"}


def competitors(architecture: str, workload: str) -> tuple[Competitor, ...]:
    """Ours and PyTorch's variants."""
    if architecture == "mmoe":  # those of the steps' table have its parameters
        return (MINIRANK, *(one for one in TRAINING if one.family in FAMILIES.values()))
    peers = ((FAMILIES[variant.partition(",")[0]], variant) for variant in VARIANTS[workload])
    return (MINIRANK, *(Competitor(family, "torch_architecture", variant) for family, variant in peers))


def table(results: dict) -> str:
    """Markdown."""
    if not results:
        return ""
    rows, slower = [], []
    known = families(results["cells"].values())
    for cell in results["cells"].values():
        ours = cell["competitors"][OURS]["seconds"]
        found = []
        for family in known:
            record = best(cell, family, median_step)
            found.append(refused(cell, family) if record is None else f"{ratio(record['seconds'], ours)}<br>{record['variant']}")
            if record is not None and median_step(record) < statistics.median(ours):
                slower.append(f"{cell['architecture']} on {cell['workload']} beside {family}")
        milliseconds = 1e3 * statistics.median(ours)
        rows.append([cell["architecture"], cell["workload"], f"{milliseconds:.3g}", f"{cell['gflop'] / milliseconds * 1e3:.0f}", *found])
    told = f"slower than PyTorch: {', '.join(slower)}" if slower else "none is slower than the best of PyTorch"
    versions = {
        key: value
        for cell in results["cells"].values()
        for one in cell["competitors"].values()
        for key, value in one.get("versions", {}).items()
    }
    threads = {cell["threads"] for cell in results["cells"].values()}
    return paragraphs(
        f"A training step of each of {len({cell['architecture'] for cell in results['cells'].values()})} architectures: {told}.",
        markdown(["architecture", "workload", "ours, ms", "GFLOP/s", *known], rows, left=2),
        f"Time of the peer divided by ours, the best variant of each, in brackets the quartiles of the ratio within a round; threads: "
        f"{', '.join(map(str, threads))}. {results['machine']}; torch {versions.get('torch', '')}.",
    )


REPORT = Report(__file__, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--peers", type=Path, required=True, metavar="FOLDER", help="the peers' environment")
    parser.add_argument("--workloads", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--only", nargs="+", choices=ARCHITECTURES, default=list(ARCHITECTURES), metavar="ARCHITECTURE")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=12, help="at most so many")
    parser.add_argument("--seconds", type=float, default=15, help="for the rounds of a cell; three rounds are made in any case")
    parser.add_argument("--again", action="store_true", help="measure cells anew that the record holds")
    options = parser.parse_args()
    results = REPORT.read() or {"cells": {}}
    for name in options.workloads:
        for architecture in options.only:
            key = f"{name}, {architecture}"
            if key in results["cells"] and not options.again:
                continue
            workload = replace(WORKLOADS[name], architecture=architecture)
            cell = train_cell(workload, GATE, options.threads, options, competitors(architecture, name))
            results["cells"][key] = {"workload": name, "architecture": architecture, "threads": options.threads, **cell}
            results["machine"] = machine("minirank", "numpy", "numba")
            write_record(REPORT.record, results)
            print(
                key,
                json.dumps(
                    {
                        one: round(1e3 * statistics.median(found["seconds"]), 2)
                        for one, found in cell["competitors"].items()
                        if found.get("seconds")
                    }
                ),
                flush=True,
            )
    REPORT.publish(results)


if __name__ == "__main__":
    main()

"""Steps and predictions with products of bfloat16 beside our own of float32, and steps beside PyTorch's under autocast.

    python bench/speed/bfloat16.py --peers FOLDER          10 minutes, on a processor with matrix tiles; see steps.py for FOLDER
    python bench/speed/bfloat16.py                         ours alone

All are measured as steps.py does: processes of their own, in rounds, in an order that rotates. Losses and logits are compared with the
float64 reference, whose products are exact, to 5 %.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.speed.competitors import MINIRANK, OURS, Competitor, variants
from bench.speed.steps import score_cell, train_cell
from bench.speed.steps_tables import best, families, median_step, ratio, refused
from bench.speed.workloads import GATES, WORKLOADS
from bench.tables import CHECKOUT, Report, machine, markdown, paragraphs
from minirank.kernels.cpu.bfloat16 import why_not

TOLERANCES = 0.05, 0.05
TILES = Competitor("bfloat16", "minirank_cpu", "bfloat16", checkout=CHECKOUT)
FORMS = "loop, sparse", "wide, sparse", "bmm, dense", "loop, dense"
PEERS = (
    *variants("PyTorch eager, float32", "torch_eager", "loop, sparse"),
    *variants("PyTorch eager, autocast", "torch_eager", *(f"{form}, autocast" for form in FORMS)),
    *variants("torch.compile, autocast", "torch_compiled", *(f"{form}, autocast" for form in FORMS if not form.startswith("bmm"))),
)


def table(results: dict) -> str:
    """Markdown: steps, then predictions."""
    cells = list(results["cells"].values())
    known = families(cells)
    known.pop(TILES.family)
    rows, own, peers = [], {}, {}
    for cell in cells:
        exact, tiles = cell["competitors"][OURS], cell["competitors"][TILES.name]
        name = f"{cell['workload']}, {cell['threads']}"
        own[name] = median_step(exact) / median_step(tiles)
        row = [
            name,
            f"{1e3 * median_step(tiles):.3g}",
            f"{cell['gflop'] / median_step(tiles):.0f}",
            ratio(exact["seconds"], tiles["seconds"]),
        ]
        for family in known:
            record = best(cell, family, median_step)
            row.append(f"{ratio(record['seconds'], tiles['seconds'])}<br>{record['variant']}" if record else refused(cell, family))
            if record and family.endswith("autocast"):
                peers[name] = min(peers.get(name, 1e9), median_step(record) / median_step(tiles))
        one, other = (record["requests"]["job once, 1 at a time"] for record in (exact, tiles))
        row += [f"{1e3 * one['p50']:.3g} / {1e3 * other['p50']:.3g}"]
        row += [" / ".join(f"{cell['rows'] / statistics.median(record['bulk']):,.0f}" for record in (exact, tiles))]
        rows.append(row)
    head = [
        "workload, threads",
        "bfloat16, ms a step",
        "GFLOP/s",
        "float32",
        *known,
        "1,000 candidates, ms: float32 / bfloat16",
        "many rows a second",
    ]
    told = ", ".join(f"{name} {value:.2f}x" for name, value in own.items())
    beside = ", ".join(f"{name} {value:.2f}x" for name, value in peers.items())
    return paragraphs(
        f"A step takes in float32 {told} as long as with products of bfloat16, the best of PyTorch under autocast {beside or '-'}.",
        "Time divided by that with products of bfloat16; in brackets the quartiles of the ratio within a round.",
        markdown(head, rows),
        f"{results['machine']}.",
    )


REPORT = Report(__file__, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--peers", type=Path, metavar="FOLDER", help="the peers' environment")
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--threads", nargs="+", type=int, default=[2, 1])
    parser.add_argument("--rounds", type=int, default=12, help="at most so many")
    parser.add_argument("--seconds", type=float, default=30, help="for the rounds of a cell")
    options = parser.parse_args()
    if why_not():
        parser.error(str(why_not()))
    results = REPORT.read() or {"cells": {}}
    for name in options.workloads:
        for threads in options.threads if name != "wide" else options.threads[:1]:
            print(f"{name}, {threads}", flush=True)
            began, ours = time.perf_counter(), (MINIRANK, TILES)
            cell = train_cell(
                WORKLOADS[name], GATES[0], threads, options, (*ours, *(PEERS if options.peers else ())), TOLERANCES, more_steps=4
            )
            scores = score_cell(WORKLOADS[name], GATES[0], threads, options, ours, TOLERANCES[0])
            for one, record in scores["competitors"].items():
                cell["competitors"][one] |= {key: record[key] for key in ("requests", "bulk", "chunk")}
            cell |= {"workload": name, "threads": threads, "rows": scores["rows"], "seconds": time.perf_counter() - began}
            results["cells"][f"{name}, {threads}"] = cell
            REPORT.publish(results | {"machine": machine("minirank", "numpy", "numba")})


if __name__ == "__main__":
    main()

"""A training step on whole searches: what their rows share computed once, beside the same rows one by one, and beside PyTorch.

    python bench/speed/searches.py --peers FOLDER          6 minutes; see steps.py for FOLDER
    python bench/speed/searches.py                         ours alone

20 rows a search; the job's half of the fields and of the dense columns, and the role, are the same in all of them. All are measured and
compared as steps.py does: processes of their own, in rounds, in an order that rotates. PyTorch takes part twice: as it is, and with the
same thing done by hand (peers/torch_searches.py).
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.speed.competitors import MINIRANK, OURS, Competitor, variants
from bench.speed.steps import train_cell
from bench.speed.steps_tables import best, families, median_step, ratio, refused
from bench.speed.workloads import GATES, SEARCH_ROWS, WORKLOADS, of_job, plan_of
from bench.tables import CHECKOUT, Report, machine, markdown, paragraphs
from minirank.kernels.ops import KINDS
from minirank.kernels.split import split

BY_ROW = Competitor("row by row", "minirank_cpu", "row by row", checkout=CHECKOUT)
FORMS = "loop, dense", "loop, sparse", "wide, dense"
PEERS = (
    *variants("PyTorch", "torch_eager", *FORMS),
    *variants("torch.compile", "torch_compiled", *FORMS[:2]),
    *variants("PyTorch, once a search", "torch_searches", *FORMS),
    *variants("torch.compile, once a search", "torch_searches", *(f"{form}, compiled" for form in FORMS[:2])),
)


def arithmetic(name: str) -> float:
    """How many times as many multiply-adds the products of a step take row by row."""
    plan = plan_of(WORKLOADS[name], GATES[0])
    parts = split(plan, of_job(WORKLOADS[name]))

    def products(operations) -> float:
        """Of a row."""
        multiplying = (op for op in operations if KINDS[op.kind].multiplies)
        return sum((2 * op.inputs[0].width + op.inputs[0].differentiable) * op.output.width for op in multiplying)

    return products(plan.operations) / (products(parts.rows.operations) + products(parts.searches.operations) / SEARCH_ROWS)


def table(results: dict) -> str:
    """Markdown: a line for each workload."""
    cells = list(results["cells"].values())
    known = [family for family in families(cells) if family != BY_ROW.family]
    rows, told = [], []
    for cell in cells:
        once, name = cell["competitors"][OURS], cell["workload"]
        by_row = cell["competitors"][BY_ROW.name]
        told.append(f"{name} {median_step(by_row) / median_step(once):.2f}")
        row = [name, f"{arithmetic(name):.2f}", f"{1e3 * median_step(once):.3g}", ratio(by_row["seconds"], once["seconds"])]
        for family in known:
            record = best(cell, family, median_step)
            row.append(f"{ratio(record['seconds'], once['seconds'])}<br>{record['variant']}" if record else refused(cell, family))
        rows.append(row)
    versions = {name: number for cell in cells for one in cell["competitors"].values() for name, number in one.get("versions", {}).items()}
    torch = f", torch {versions['torch']}" if "torch" in versions else ""
    return paragraphs(
        f"With {SEARCH_ROWS} rows a search a step row by row takes so many times as long as one that computes once what they share: "
        f"{', '.join(told)}.",
        markdown(["workload", "arithmetic row by row / once", "ms a step", "row by row", *known], rows),
        f"Time divided by ours, in brackets the quartiles of the ratio within a round; arithmetic: multiply-adds of matrix products. "
        f"Gates {GATES[0]}, 2 threads. {results['machine']}{torch}.",
    )


REPORT = Report(__file__, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--peers", type=Path, metavar="FOLDER", help="the peers' environment")
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--rounds", type=int, default=12, help="at most so many")
    parser.add_argument("--seconds", type=float, default=30, help="for the rounds of a cell")
    options = parser.parse_args()
    results = REPORT.read() or {"cells": {}}
    for name in options.workloads:
        print(name, flush=True)
        peers = [one for one in PEERS if options.peers and (name != "wide" or one.everywhere)]
        competitors = (MINIRANK, BY_ROW, *peers)
        cell = train_cell(WORKLOADS[name], GATES[0], 2, options, competitors, kind="searches")
        results["cells"][name] = cell | {"workload": name}
        REPORT.publish(results | {"machine": machine("minirank", "numpy", "numba")})


if __name__ == "__main__":
    main()

"""Census-Income with every architecture under one protocol: five seeds each, beside the published figures.

    python bench/ranking/architectures.py census_income_kdd [--seeds 0 1 2 3 4]        it goes on where it was stopped

The protocol is that of examples/census.yaml, whose widths and optimiser a tenth of the training file chose for mmoe, but for half of its
epochs: all training rows, all epochs, one test on the data set's other file; nothing is chosen for any other architecture. What they
lack in that file is as small as can be: one expert for each task and a shared one in cgc and ple, marital status as what income is given
in aitm. These rows have no role: role_towers computes what shared_bottom does, from another start, and pepnet scales by x alone.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.stats import t as student

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking.census import ELSEWHERE, FILES, TASKS, WHOLE, auc_of, configured
from bench.ranking.worlds import add_line, read_lines
from bench.tables import Report, machine, markdown, paragraphs
from minirank.data import Dataset
from minirank.model.architectures import ARCHITECTURES
from minirank.run.load_data import load_dataset
from minirank.run.load_run import load_run
from minirank.training import train

REFERENCE, EPOCHS = "mmoe", 5
PROTOCOL = (*WHOLE, f"training.epochs={EPOCHS}")
ADDED = {
    "cgc": ("model.task_experts=1", "model.shared_experts=1"),
    "ple": ("model.task_experts=1", "model.shared_experts=1"),
    "aitm": ("tasks=[{name: income, given: marital}, {name: marital}]",),
}
PUBLISHED = (  # each with a protocol of its own, on the whole test file; AUC income, marital
    ("torch-rechub, shared bottom", 0.9560, 0.9948),
    ("torch-rechub, MMoE", 0.9579, 0.9950),
    ("torch-rechub, PLE", 0.9593, 0.9950),
    ("morningsky, shared bottom", 0.9478, 0.9947),
    ("morningsky, MMoE", 0.9463, 0.9937),
    ("PaddleRec, MMoE, mean", 0.94465, 0.99324),
)


def main() -> None:
    """Train what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help=f"folder with {' and '.join(FILES.values())}")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    options = parser.parse_args()
    lines = REPORT.record.with_suffix(".jsonl")
    dataset = None
    for seed in options.seeds:
        for name in ARCHITECTURES:
            key = json.dumps([name, seed])
            if key not in read_lines(lines):
                dataset = dataset or load_dataset(configured(options.data, True, 1, *PROTOCOL))
                add_line(lines, {"key": key, "architecture": name, "seed": seed} | measure(options.data, dataset, name, seed))
                print(lines.read_text(encoding="utf-8").splitlines()[-1], flush=True)
    runs = sorted(read_lines(lines).values(), key=lambda run: (list(ARCHITECTURES).index(run["architecture"]), run["seed"]))
    REPORT.publish({"runs": runs, "machine": machine("minirank", "numpy", "numba")})


def measure(data: Path, dataset: Dataset, name: str, seed: int) -> dict:
    """One training: AUC of the test rows, parameters, seconds of one core."""
    config = configured(data, True, 1, *PROTOCOL, f"model.architecture={name}", *ADDED.get(name, ()))
    config = replace(config, training=replace(config.training, seed=seed))
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        epochs = train(config, Path(folder) / "run", dataset=dataset).epoch
        seconds = time.process_time() - start
        run = load_run(Path(folder) / "run")
        found = auc_of(dataset, run.executor.logits(run.values, dataset.rows.take(dataset.test)))
        parameters = run.plan.size(table=False) + run.plan.size(table=True)
    return {
        "auc": {task: round(found[task], 6) for task in TASKS},
        "parameters": parameters,
        "epochs": epochs,
        "seconds": round(seconds, 1),
    }


def difference(ours: np.ndarray, theirs: np.ndarray, comparisons: int) -> tuple[float, float]:
    """Mean of ours minus that of theirs, and the half of its interval: Welch's, so wide that of all comparisons 95 % hold together.

    Args:
        ours, theirs: (seeds,) one figure of two architectures.
    """
    parts = [values.var(ddof=1) / len(values) for values in (ours, theirs)]
    if not sum(parts):
        return float(ours.mean() - theirs.mean()), 0.0
    freedom = sum(parts) ** 2 / sum(part**2 / (len(values) - 1) for part, values in zip(parts, (ours, theirs)))
    return float(ours.mean() - theirs.mean()), float(student.ppf(1 - 0.025 / comparisons, freedom) * sum(parts) ** 0.5)


def table(results: dict) -> str:
    """Markdown: what the spread permits to say, the architectures, what others published."""
    if not results:
        return ""
    of: dict[str, list[dict]] = {}
    for run in results["runs"]:
        of.setdefault(run["architecture"], []).append(run)
    aucs = {name: np.array([[run["auc"][task] for task in TASKS] for run in runs]) for name, runs in of.items()}
    comparisons = (len(aucs) - 1) * len(TASKS)
    rows, verdicts = [], []
    for name, values in aucs.items():
        cells = [f"{mean:.4f} ± {spread:.4f}" for mean, spread in zip(values.mean(0), values.std(0, ddof=1))]
        for task, (ours, theirs) in enumerate(zip(values.T, aucs[REFERENCE].T)):
            if name == REFERENCE:
                cells.append("")
                continue
            mean, half = difference(ours, theirs, comparisons)
            differs = abs(mean) > half
            cells.append(f"{f'**{mean:+.5f}**' if differs else f'{mean:+.5f}'} ± {half:.5f}")
            if differs:
                verdicts.append(f"{name} is {'above' if mean > 0 else 'below'} in {TASKS[task]} ({mean:+.5f} ± {half:.5f})")
        one = of[name][0]
        seconds = np.median([run["seconds"] for run in of[name]])
        rows.append([name, f"{len(values)}", f"{one['parameters']:,}", *cells, f"{seconds:.0f}"])
    others = len(aucs) - 1 - len({verdict.split()[0] for verdict in verdicts})
    told = "; ".join(verdicts) if verdicts else "none differs in either task"
    rest = f"; between {REFERENCE} and the {others} others the seeds show no difference" if verdicts and others else ""
    rows += [[name, "", "", f"{income:.4f}", f"{marital:.4f}", "", "", ""] for name, income, marital in PUBLISHED]
    rows += [[f"{name}, this test file", "1", "", f"{income:.4f}", f"{marital:.4f}", "", "", ""] for name, income, marital in ELSEWHERE]
    head = ["architecture", "seeds", "parameters", *TASKS, *(f"{task}, beside {REFERENCE}" for task in TASKS), "s of a core"]
    return paragraphs(
        f"AUC of {len(aucs)} architectures on Census-Income beside {REFERENCE}: {told}{rest}.",
        markdown(head, rows),
        f"Census-Income (KDD), UCI, CC BY 4.0; {EPOCHS} epochs. Mean ± deviation over seeds. Beside {REFERENCE}: the difference of the "
        f"means and half of Welch's\ninterval, so wide that all {comparisons} hold together at 95 %, bold where it excludes 0. Seeds "
        "differ in the initial parameters and the order of the\nrows; how other people would be ranked than those of this file they do "
        f"not tell. Published figures are those of other protocols and of the\nwhole test file. {results['machine']}.",
    )


REPORT = Report(__file__, table)


if __name__ == "__main__":
    main()

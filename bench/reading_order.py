"""The method's files in reading order, with their lengths: the numbered list in README.md.

    python bench/reading_order.py             writes the list between its markers
    python bench/reading_order.py --check     ends with 1 when the page is not what it would write

Of a file that ends in Numba kernels, the lines above `# --- Numba` are counted: those hold the mathematics.
"""

import argparse
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
README = CHECKOUT / "README.md"
BEGIN, END = "<!-- reading:begin -->", "<!-- reading:end -->"
NUMBA = "# --- Numba"

METHOD = {
    "kernels/plan.py": "a model is a table of operations on columns; the backward pass is the same table from bottom to top",
    "kernels/batch.py": "what a model reads: ids, bags of ids, numbers; what it learns from: labels, weights, the search of each row",
    "kernels/parameters.py": "all numbers in two flat arenas, found by name; how each starts",
    "kernels/ops/kind.py": "what one class says of an operation, so that everything else finds it",
    "kernels/ops/embedding.py": "ids become vectors; a sparse gradient, row by row of the table",
    "kernels/ops/dense.py": "the dense layer and its ReLU: dW = x^T dz, dx = dz W^T",
    "kernels/ops/by_id.py": "what a role adds to the gates' shared weights, and a position to the logit of a click",
    "kernels/ops/softmax.py": "the gate: how much of each expert a task takes, and the gradient of that softmax",
    "kernels/ops/mixture.py": "what a task sees: its experts' outputs, weighted by its gate",
    "kernels/ops/losses.py": "cross-entropy, ESMM's loss over all rows, squared error; labels that are missing",
    "kernels/objective.py": "what is added to the losses: learned task weights, a penalty on what roles add",
    "kernels/adam.py": "Adam, dense and on the rows of a table that a batch used",
    "kernels/reference.py": "forward, losses, backward, Adam in NumPy: the executor that all others are compared with",
    "kernels/gradcheck.py": "how a handwritten gradient is checked by two forward calls",
    "minirank/model/network.py": "input vector, experts, gates, towers and losses, as rows of a plan; where the role enters",
    "minirank/model/architectures.py": "shared bottom, OMoE, MMoE, CGC, PLE, ESMM, AITM, PEPNet, role towers: a function each",
    "minirank/model/label_rates.py": "why a loss is divided by how often its label is there",
}
OPTIONS = {  # of a configuration: the default model has none of them
    "kernels/ops/dropout.py": "hidden units that a row loses in training: a mask that is computed from counters, never drawn or kept",
    "kernels/ops/relu.py": "a ReLU by itself, for what more than one operation has added to",
    "kernels/ops/dot.py": "the inner product of two vectors of a row: what an attention weighs by",
    "kernels/ops/modulate.py": "each unit scaled between 0 and 2 by what another network says",
    "kernels/ops/choose.py": "the experts that a gate may ask: its k best ones; in training some are lost at random",
    "kernels/ops/balance.py": "how unevenly a gate asks its experts, as a loss of the whole batch",
    "kernels/ops/diagonal.py": "a scale for each column: how members of an ensemble that share their weights come to differ",
    "kernels/ops/dense_bfloat16.py": "the same layer with products of bfloat16: what is rounded, and what is not",
    "kernels/ops/group_losses.py": "pairwise and listwise losses within a search",
    "kernels/ops/focal.py": "the focal loss: rows that are right already count less",
    "kernels/ops/propensity.py": "conversions of all rows, learned from those with a click: inverse propensity, doubly robust",
    "kernels/ops/delayed.py": "labels that may yet become 1, for what they are worth",
    "kernels/split.py": "batches of whole searches: what the rows of a search share is computed once for the search",
    "kernels/task_gradients.py": "which parameters tasks share, as the plan says, and the gradient of each task apart",
    "kernels/task_rules.py": "weights of tasks that a rule sets: DWA, GradNorm, PCGrad",
}


def lines_of(file: str) -> int:
    """Lines of a file of the method, down to its Numba half."""
    text = (CHECKOUT / file).read_text(encoding="utf-8")
    return text.partition(f"\n{NUMBA}")[0].rstrip().count("\n") + 1


def reading_list() -> str:
    """The numbered list of the method, that of its options, and their sums, as Markdown."""
    listed = [
        *_rows(METHOD, 1),
        "",
        f"Together {_sum(METHOD):,} lines, comments and docstrings included. What a configuration may add, a file each:",
        "",
    ]
    return "\n".join([*listed, *_rows(OPTIONS, len(METHOD) + 1), "", f"Together {_sum(OPTIONS):,} lines."])


def _rows(files: dict[str, str], first: int) -> list[str]:
    return [f"{i}. [{file}]({file}), {lines_of(file)} lines: {teaches}" for i, (file, teaches) in enumerate(files.items(), first)]


def _sum(files: dict[str, str]) -> int:
    return sum(map(lines_of, files))


def page() -> str:
    """README.md with the list between its markers."""
    head, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    return f"{head}{BEGIN}\n{reading_list()}\n{END}{rest.partition(END)[2]}"


def main() -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 when the page is stale")
    if parser.parse_args().check:
        return int(page() != README.read_text(encoding="utf-8"))
    README.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

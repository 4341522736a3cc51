"""The tables of bench/gpu.py, between markers of RESULTS.md."""

from __future__ import annotations

from tables import RESULTS, replace_between

NOTHING = (
    "## On a GPU\n\nNot yet measured: no GPU was at hand. `python bench/gpu.py --torch PYTHON` checks, measures and writes this part."
    "\n\n| rows | ours, replayed (ms) | PyTorch eager, loop | PyTorch compiled, graphs |\n| ---: | ---: | ---: | ---: |"
    "\n| 4,096 | not yet measured | not yet measured | not yet measured |\n| 65,536 | not yet measured | not yet measured | not yet measured |"
)
OURS = ("replayed, atomic", "launched, atomic", "replayed, deterministic", "launched, deterministic", "cpu")


def write_tables(found: dict | None) -> None:
    """Write all tables; None says that nothing is measured yet."""
    replace_between(RESULTS, "gpu", NOTHING if found is None else text_of(found))


def text_of(found: dict) -> str:
    """Markdown of what was found; a part that failed or was left out says so."""
    parts = [f"## On a GPU\n\n{found['device']['name']} ({found['device']['nvidia-smi']}); {found['machine']}.", checks(found)]
    parts += [part(found) for part in (steps, kernels, ladder)]
    return "\n\n".join(parts)


def _missing(part) -> str | None:
    if isinstance(part, dict):
        for word in ("failed", "skipped"):
            if word in part:
                return f"{word}: {part[word]}"
    return None


def checks(found: dict) -> str:
    """Correctness and ceilings in sentences."""
    wrong = found["correctness"]
    errors = _missing(wrong) or f"largest relative error against float64: {max(max(each) for each in wrong.values()):.1e}"
    tops = _missing(found["ceilings"]) or ", ".join(f"{name} {value:,.1f}" for name, value in found["ceilings"].items())
    tools = _missing(found["sanitizer"]) or ", ".join(f"{tool} {said['status']}" for tool, said in found["sanitizer"].items())
    return f"Correctness: {errors}. Same bytes twice: {found['same_bytes']}. compute-sanitizer: {tools}. Ceilings: {tops}."


def steps(found: dict) -> str:
    """A row for each number of rows: milliseconds of a step, ours and PyTorch's."""
    ours, theirs = found["steps"], found["torch"]
    if _missing(ours):
        return f"Steps: {_missing(ours)}"
    peers = [] if _missing(theirs) else list(next(iter(theirs.values())))
    head = ["rows", *OURS, *(f"PyTorch {peer}" for peer in peers), "TFLOP/s"]
    lines = [head, ["---:"] * len(head)]
    for rows, each in ours.items():
        cells = [f"{each[name]['ms']:.3f}" for name in OURS]
        cells += [f"{theirs[rows][peer]['ms']:.3f}" if "ms" in theirs[rows][peer] else "failed" for peer in peers]
        lines.append([f"{int(rows):,}", *cells, f"{each['flop'] / max(each[OURS[0]]['ms'], 1e-6) / 1e9:.1f}"])
    return "Milliseconds of a training step of workload base (median), float32:\n\n" + _table(lines)


def kernels(found: dict) -> str:
    """Every launch of a step, at each number of rows."""
    ours = found["steps"]
    if _missing(ours):
        return ""
    lines = [["launch", *(f"B = {int(rows):,}" for rows in ours)], ["---", *["---:"] * len(ours)]]
    columns = [each["kernels"] for each in ours.values()]
    lines += [[row[0][0], *(f"{milliseconds:.3f}" for _, milliseconds in row)] for row in zip(*columns)]
    return "Milliseconds of each launch of a step, events around it:\n\n" + _table(lines)


def ladder(found: dict) -> str:
    """The rungs: what was predicted, what was measured."""
    rungs = found["ladder"]
    if _missing(rungs):
        return f"Ladder: {_missing(rungs)}"
    lines = [["rung", "what", "before (ms)", "after (ms)", "gain", "predicted", "error"], ["---", "---", *["---:"] * 5]]
    for name, each in rungs.items():
        before, after = each["before"]["ms"], each["after"]["ms"]
        lines.append([name, each["title"], f"{before:.3f}", f"{after:.3f}", f"{before / after:.2f}", f"{each['predicted']:.2f}", f"{each['error']:.0e}"])
    return "The ladder:\n\n" + _table(lines)


def _table(lines: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

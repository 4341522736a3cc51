"""The tables of bench/gpu/measure.py, between markers of RESULTS.md."""

from bench.tables import markdown

NOTHING = (
    "Not yet measured: no GPU was at hand.\n\n`python bench/gpu/measure.py --torch PYTHON` checks, measures and writes this part."
    "\n\n| rows | ours, replayed (ms) | PyTorch eager, loop | PyTorch compiled, graphs |\n| ---: | ---: | ---: | ---: |"
    + "".join(f"\n| {rows} | not yet measured | not yet measured | not yet measured |" for rows in ("4,096", "65,536"))
)
LOSS = 1e-3  # relative difference from which a peer does not compute the same


def tables(found: dict) -> str:
    """Markdown of what was found, or that nothing is measured yet; whatever failed, was left out or is not measured says so."""
    if not found:
        return NOTHING
    parts = [headline(found), "; ".join(str(each) for each in (*found["device"].values(), found["machine"])) + "."]
    parts += [sentences(found), ladder(found), *(steps(found, precision) for precision in ("float32", "tf32"))]
    parts += [kernels(found, name) for name in _variants(found)]
    return "\n\n".join(part for part in parts if part)


def headline(found: dict) -> str:
    """A sentence about the largest number of rows."""
    for rows in sorted(_at(found, "steps"), key=int, reverse=True):
        ours, theirs = (_fastest(_at(found, part, rows), "float32") for part in ("steps", "torch"))
        if ours:
            beside = f", PyTorch's {theirs / ours:.2f} times as long" if theirs else ""
            return f"With {int(rows):,} rows ours takes {ours:.3f} ms for a step in float32{beside}."
    return "No step was measured."


def _fastest(measured: dict, precision: str) -> float | None:
    """Least milliseconds of a step at a precision on the GPU."""
    times = [each["ms"] for name, each in measured.items() if "ms" in each and name != "cpu" and ("tf32" in name) == (precision == "tf32")]
    return min(times, default=None)


def _at(found, *path) -> dict:
    """What stands at a path; {} where nothing does."""
    for step in path:
        found = found.get(step, {}) if isinstance(found, dict) else {}
    return found if isinstance(found, dict) else {}


def _cell(measured: dict, digits: int = 3) -> str:
    if "failed" in measured or "skipped" in measured:
        return "failed" if "failed" in measured else "skipped"
    return f"{measured['ms']:.{digits}f}" if "ms" in measured else "not measured"


def _told(part) -> str:
    """One value in words."""
    if isinstance(part, dict):
        return "; ".join(f"{word}: {part[word]}" for word in ("failed", "skipped") if word in part) or "not measured"
    return f"{part:,.3g}" if isinstance(part, float) else str(part)


def sentences(found: dict) -> str:
    """Correctness, compute-sanitizer and ceilings, one line each."""
    lines = []
    heads = {"correctness": "Relative error against float64 by rows", "sanitizer": "compute-sanitizer", "ceilings": "Ceilings"}
    for part, head in heads.items():
        held = found.get(part, {})
        alone = not held or "failed" in held or "skipped" in held
        told = _told(held) if alone else ", ".join(f"{name}: {_told(each)}" for name, each in held.items())
        lines.append(f"- {head}: {told}.")
    return "\n".join(lines)


def _variants(found: dict) -> list[str]:
    """Ours, in the order in which they were measured."""
    names = dict.fromkeys(name for rows in found.get("steps", {}) for name in _at(found, "steps", rows))
    return [name for name in names if name != "cpu"]


def steps(found: dict, precision: str) -> str:
    """A row for each number of rows: milliseconds of a step, ours, PyTorch's at the same precision, and their ratio to our best."""
    ours = [name for name in _variants(found) if ("tf32" in name) == (precision == "tf32")]
    theirs = dict.fromkeys(name for rows in _at(found, "torch") for name in _at(found, "torch", rows) if name.endswith(precision))
    if not ours:
        return ""
    head = ["rows", *ours, "the best with the host's part", *(["cpu"] if precision == "float32" else [])]
    head += [*(f"PyTorch {name} (ratio)" for name in theirs), "TFLOP/s"]
    lines = []
    for rows in found["steps"]:
        each = {name: _at(found, "steps", rows, name) for name in (*ours, "cpu")}
        best = min((each[name] for name in ours if "ms" in each[name]), key=lambda measured: measured["ms"], default={})
        cells = [f"{int(rows):,}", *(_cell(each[name]) for name in ours), _cell(best.get("with_host", {}))]
        cells += [_cell(each["cpu"])] if precision == "float32" else []
        cells += [_peer(_at(found, "torch", rows, name), best) for name in theirs]
        lines.append([*cells, f"{best['flop'] / max(best['ms'], 1e-6) / 1e9:.1f}" if best else "not measured"])
    return f"Milliseconds of a training step of workload base (median), {precision}:\n\n" + markdown(head, lines, left=0)


def _peer(measured: dict, best: dict) -> str:
    if "ms" not in measured or not best:
        return _cell(measured)
    other = abs(measured["loss"] / best["loss"] - 1) > LOSS
    return f"{measured['ms']:.3f} ({measured['ms'] / max(best['ms'], 1e-6):.2f}x{', another loss' if other else ''})"


def kernels(found: dict, variant: str) -> str:
    """Every launch of a step of a variant, at each number of rows: milliseconds, and what it does in a second."""
    columns = {rows: _at(found, "steps", rows, variant).get("kernels") for rows in found["steps"]}
    columns = {rows: each for rows, each in columns.items() if each}
    if not columns:
        return ""
    lines = [[row[0]["kernel"], *(f"{each['ms']:.3f}{_rate(each)}" for each in row)] for row in zip(*columns.values())]
    table = markdown(["launch", *(f"B = {int(rows):,}" for rows in columns)], lines)
    return f"Milliseconds of each launch of a step, {variant}, events around it:\n\n{table}"


def _rate(each: dict) -> str:
    milliseconds = max(each["ms"], 1e-6)
    if "flop" in each:
        return f" ({each['flop'] / milliseconds / 1e9:.1f} TFLOP/s)"
    return f" ({each['bytes'] / milliseconds / 1e6:,.0f} GB/s)" if "bytes" in each else ""


def ladder(found: dict) -> str:
    """The rungs: what was predicted, what was measured."""
    lines = []
    for name, each in _at(found, "ladder").items():
        if not isinstance(each, dict) or "before" not in each:
            lines.append([name, _told(each), *[""] * 6])
            continue
        before, after = each["before"]["ms"], max(each["after"]["ms"], 1e-6)
        rate = f"{each['flop'] / after / 1e9:.1f}" if each["flop"] else ""
        gain, predicted = f"{before / after:.2f}", f"{each['predicted']:.2f}"
        lines.append([name, each["title"], f"{before:.3f}", f"{after:.3f}", gain, predicted, rate, f"{each['error']:.0e}"])
    head = ["rung", "what", "before (ms)", "after (ms)", "gain", "predicted", "TFLOP/s", "error"]
    return "The ladder:\n\n" + markdown(head, lines, left=2) if lines else ""

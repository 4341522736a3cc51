"""The tables of steps.py."""

import statistics
from collections.abc import Callable, Iterable

from bench.speed.competitors import OURS
from bench.tables import markdown

BY_SIZE = ("small", "base", "wide")


def tables(results: dict) -> str:
    """Markdown: training, the variants on one workload with their memory, scoring, and starts."""
    cells = sorted(results["cells"].values(), key=lambda cell: (BY_SIZE.index(cell["workload"]), cell["gate"], -cell["threads"]))
    parts = []
    for kind, make in (("train", training), ("train", variants), ("score", scoring), ("start", starts)):
        chosen = [cell for cell in cells if cell["kind"] == kind]
        parts += make(chosen) if chosen else []
    versions = {}
    for cell in cells:
        for record in cell["competitors"].values():
            versions |= record.get("versions", {})
    told = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()) if name not in ("minirank", "numpy", "numba"))
    measured = f"{results['machine']}{'; ' * bool(told)}{told}. Median times; ratio of medians, in brackets the quartiles of the ratio "
    measured += "within a round."
    return "\n\n".join([*parts, measured])


def summary(results: dict) -> str:
    """Markdown for the README: how often longer the peers take, two threads, gates `bias`."""
    cells = [cell for cell in results["cells"].values() if cell["gate"] == "bias" and cell["threads"] == 2]
    train, score = ({cell["workload"]: cell for cell in cells if cell["kind"] == kind} for kind in ("train", "score"))
    known = [*families(train.values()), *families(score.values())]
    rows = []
    for name in (name for name in BY_SIZE if name in train):
        times = {family: fastest_step(train[name], family) for family in (OURS, *known)}
        rows.append([f"{name}: a training step", *_times(times)])
    for name in (name for name in BY_SIZE if name in score):
        times = {family: fastest_request(score[name], family) for family in (OURS, *known)}
        rows.append([f"{name}: {score[name]['candidates']:,} candidates of a job", *_times(times)])
    return f"{markdown(['', 'ours, ms', *known], rows)}\n\n{results['machine'].partition(';')[0]}, two threads, float32."


def _times(times):
    """Ours in milliseconds, then how often longer the others take."""
    ours = times.pop(OURS)
    return [f"{1e3 * ours:.3g}", *(f"{seconds / ours:.1f}x" if seconds else "" for seconds in times.values())]


def fastest_request(cell: dict, family: str) -> float | None:
    """The least median of a request, asked one at a time, with the job's part computed once or not; None without one."""
    requests = [item for record in cell["competitors"].values() if record["family"] == family for item in record["requests"].items()]
    return min((found["p50"] for name, found in requests if name.endswith("1 at a time")), default=None)


def fastest_step(cell: dict, family: str) -> float | None:
    """Seconds of the fastest variant's step, or None."""
    record = best(cell, family, median_step)
    return record and median_step(record)


def families(cells: Iterable[dict]) -> dict[str, bool]:
    """All of them but ours, in the order of their first cell; family -> whether it is the package's own model."""
    found = {}
    for cell in cells:
        for record in cell["competitors"].values():
            found.setdefault(record["family"], record.get("own_model", False))
    found.pop(OURS, None)
    return found


def best(cell: dict, family: str, seconds: Callable[[dict], float | None]) -> dict | None:
    """The record of a family's fastest variant, or None; seconds: record -> seconds or None."""
    records = [record for record in cell["competitors"].values() if record["family"] == family and seconds(record) is not None]
    return min(records, key=seconds, default=None)


def ratio(theirs: list[float], ours: list[float]) -> str:
    """`2.10 (2.05 to 2.16)` from the seconds of rounds."""
    of_medians = statistics.median(theirs) / statistics.median(ours)
    each = [a / b for a, b in zip(theirs, ours)]
    if len(each) < 3:
        return f"{of_medians:.2f}"
    low, _, high = statistics.quantiles(each, n=4)
    return f"{of_medians:.2f} ({low:.2f} to {high:.2f})"


def span(ratios: Iterable[float], digits: int = 2) -> str:
    """`1.34 to 4.93`."""
    ratios = list(ratios)
    if len(ratios) == 1:
        return f"{ratios[0]:.{digits}f}"
    return f"{min(ratios):.{digits}f} to {max(ratios):.{digits}f}" if ratios else "(none was measured)"


def training(cells: list[dict]) -> list[str]:
    """Ratios of a step."""
    known = families(cells)
    cells = [cell for cell in cells if cell["competitors"][OURS].get("seconds")]
    rows, ratios = [], []
    for cell in cells:
        ours = cell["competitors"][OURS]["seconds"]
        speed = cell["gflop"] / statistics.median(ours)
        found = [f"{cell['workload']}, {cell['gate']}, {cell['threads']}", f"{1e3 * statistics.median(ours):.3g}", f"{speed:.0f}"]
        found.append(f"{100 * speed / cell['peak_gflops']:.0f} %")
        for record in (best(cell, family, median_step) or family for family in known):
            if isinstance(record, str):
                found.append(refused(cell, record))
                continue
            found.append(ratio(record["seconds"], ours) + (f"<br>{record['variant']}" if record["variant"] else ""))
            ratios.append(median_step(record) / statistics.median(ours))
        rows.append(found)
    head = ["workload, gates, threads", "ours, ms", "GFLOP/s", "of the FMA peak", *(name + " *" * own for name, own in known.items())]
    return [
        f"A peer's training step takes {span(ratios)} times as long as ours, over all workloads, gates, threads and peers.",
        "Training, a step: time of the peer divided by ours, the best variant of each.",
        markdown(head, rows),
        "\\* the package's own MMoE at the same sizes: its gates know no role; the losses of the others were compared with ours.",
    ]


def median_step(record: dict) -> float | None:
    """Seconds, or None for one that was not timed."""
    return statistics.median(record["seconds"]) if record.get("seconds") else None


def refused(cell: dict, family: str) -> str:
    """What became of a family without a time."""
    problems = [record["problem"] for record in cell["competitors"].values() if record["family"] == family and "problem" in record]
    return problems[0].replace("|", "/") if problems else "-"


def variants(cells: list[dict]) -> list[str]:
    """Every variant with its memory, on the first cell of `base` or else of what there is."""
    cell = next((cell for cell in cells if cell["workload"] == "base"), cells[0])
    ours, own = median_step(cell["competitors"][OURS]), cell["competitors"][OURS]["peak_mb"]
    rows, times, memory = [], [], []
    for name, record in cell["competitors"].items():
        seconds = median_step(record)
        if seconds is None:
            rows.append([name, record.get("problem", "-").replace("|", "/"), "", "", ""])
            continue
        rows.append([name, f"{1e3 * seconds:.3g}", f"{seconds / ours:.2f}", f"{record['peak_mb']:.0f}", f"{record['peak_mb'] / own:.2f}"])
        if name != OURS:
            times.append(seconds / ours)
            memory.append(record["peak_mb"] / own)
    title = f"Every variant on {cell['workload']}, gates {cell['gate']}, {cell['threads']} threads"
    return [
        f"On {cell['workload']} the variants of the peers take {span(times)} times our time and {span(memory)} times our memory.",
        f"{title}; a variant ended after two rounds where another one of its family was faster.",
        markdown(["", "ms a step", "/ ours", "peak memory, MB", "/ ours"], rows),
    ]


def scoring(cells: list[dict]) -> list[str]:
    """Requests and bulk."""
    known = families(cells)
    rows, ratios = [], {"1 at a time": [], "4 at a time": [], "bulk": []}
    for cell in cells:
        label, ours = f"{cell['workload']}, {cell['threads']}", cell["competitors"][OURS]
        for name in dict.fromkeys(name for record in cell["competitors"].values() for name in record["requests"]):
            own = ours["requests"].get(name)
            several = bool(own) and "intervals" in own and not name.endswith(" 1 at a time")
            found = [label, name, milliseconds(own, several) if own else "-"]
            for family in known:
                theirs = best(cell, family, lambda record, name=name: record["requests"].get(name, {}).get("p50"))
                theirs = theirs and theirs["requests"][name]
                text = milliseconds(theirs, several) if theirs else refused(cell, family)
                if theirs and own:
                    text += f"<br>**{ratio(theirs['medians'], own['medians'])}**"
                    text += f"<br>{ratio(theirs['intervals'], own['intervals'])} requests/s" if several else ""
                    measured = "intervals" if several else "medians"
                    ratios[name.partition(", ")[2]].append(statistics.median(theirs[measured]) / statistics.median(own[measured]))
                found.append(text)
            rows.append(found)
        found = [label, f"bulk of {cell['rows']:,} rows, rows/s", f"{cell['rows'] / statistics.median(ours['bulk']):,.0f}"]
        for family in known:
            record = best(cell, family, lambda record: statistics.median(record["bulk"]) if record.get("bulk") else None)
            if record:
                seconds = statistics.median(record["bulk"])
                ratios["bulk"].append(seconds / statistics.median(ours["bulk"]))
                found.append(f"{cell['rows'] / seconds:,.0f}<br>**{ratio(record['bulk'], ours['bulk'])}**")
            else:
                found.append(refused(cell, family))
        rows.append(found)
    alone, together, bulk = (span(each) for each in ratios.values())
    return [
        f"A peer takes {alone} times as long for a request; with four at a time ours answers {together} times as many, and many rows at "
        f"once take a peer {bulk} times as long.",
        f"Scoring. A request: {cells[0]['candidates']:,} candidates of one job, p50 (p99) in ms, then the peer's p50 divided by ours. "
        "`job once`: what depends on the job alone is computed once, by the peers as well. Of several at a time also requests/s, "
        "and ours divided by the peer's: a p50 alone is short where some callers are served at once while others starve.",
        markdown(["workload, threads", "", "ours", *known], rows, left=2),
    ]


def milliseconds(request: dict, rate: bool = False) -> str:
    """`0.72 (0.91)`, with `rate` also `1,400/s`."""
    text = f"{1e3 * request['p50']:.3g} ({1e3 * request['p99']:.3g})"
    return f"{text}<br>{1 / statistics.median(request['intervals']):,.0f}/s" if rate else text


def starts(cells: list[dict]) -> list[str]:
    """Imports and first batches."""
    parts = []
    for cell in cells:
        seconds = {}
        for name, record in cell["competitors"].items():
            seconds[name] = {kind: [first for _, first in record[kind]] for kind in ("warm", "cold")}
            seconds[name]["import"] = [imported for imported, _ in record["warm"]]
        ours, medians = seconds[OURS], {name: {kind: statistics.median(each[kind]) for kind in each} for name, each in seconds.items()}
        others = [each for name, each in medians.items() if name != OURS]
        warm, cold = (span((each[kind] for each in others), 1) for kind in ("warm", "cold"))
        own = medians[OURS]
        rows = []
        for name, each in medians.items():
            rows.append([name, f"{each['import']:.2f}", f"{each['warm']:.2f}", ratio(seconds[name]["warm"], ours["warm"])])
            rows[-1] += [f"{each['cold']:.1f}", ratio(seconds[name]["cold"], ours["cold"])]
        parts += [
            f"Ours has trained its first batch {own['warm']:.1f} s after its start and cold after {own['cold']:.1f} s; a peer after "
            f"{warm} s and {cold} s.",
            f"Start of a process, workload {cell['workload']}, {cell['threads']} threads: seconds to the import and to the first trained "
            "batch. Cold: no compiled code on disk.",
            markdown(["", "import", "first batch", "/ ours", "first batch, cold", "/ ours"], rows),
        ]
    return parts

"""The tables of steps.py."""

from __future__ import annotations

import statistics

from bench.speed.competitors import OURS

BY_SIZE = ("small", "base", "wide")


def tables(results) -> str:
    """Markdown: training, the variants on one workload with their memory, scoring, and starts."""
    cells = sorted(results["cells"].values(), key=lambda cell: (BY_SIZE.index(cell["workload"]), cell["gate"], -cell["threads"]))
    parts = []
    for kind, make in (("train", training), ("train", variants), ("score", scoring), ("start", starts)):
        chosen = [cell for cell in cells if cell["kind"] == kind]
        if chosen:
            parts += [*make(chosen), ""]
    versions = {}
    for cell in cells:
        for record in cell["competitors"].values():
            versions |= record.get("versions", {})
    told = "".join(f", {name} {version}" for name, version in sorted(versions.items()) if name not in ("minirank", "numpy", "numba"))
    return "\n".join(
        [*parts, f"{results['machine']}{told}. Median times; ratio of medians, in brackets the quartiles of the ratio within a round."]
    )


def summary(results) -> str:
    """Markdown for the README: how often longer the peers take, two threads, gates `bias`."""
    cells = [cell for cell in results["cells"].values() if cell["gate"] == "bias" and cell["threads"] == 2]
    train = sorted((cell for cell in cells if cell["kind"] == "train"), key=lambda cell: BY_SIZE.index(cell["workload"]))
    score = {cell["workload"]: cell for cell in cells if cell["kind"] == "score"}
    known = [*families(train), *families(score.values())]
    lines = [row(["", "ours, ms", *known]), row(["---"] * (2 + len(known)))]
    for cell in train:
        ours = median_step(cell["competitors"][OURS])
        found = [f"{cell['workload']}: a training step", f"{1e3 * ours:.3g}"]
        for family in known:
            record = best(cell, family, median_step)
            found.append(f"{median_step(record) / ours:.1f}x" if record else "")
        lines.append(row(found))
    for name in (name for name in BY_SIZE if name in score):
        ours = quickest(score[name], OURS)
        found = [f"{name}: {score[name]['candidates']:,} candidates of a job", f"{1e3 * ours:.3g}"]
        found += [f"{quickest(score[name], family) / ours:.1f}x" if quickest(score[name], family) else "" for family in known]
        lines.append(row(found))
    return "\n".join([*lines, "", f"{results['machine'].partition(';')[0]}, two threads, float32."])


def quickest(cell, family):
    """The least median of a request, asked one at a time in whatever way, or None."""
    records = [record["requests"] for record in cell["competitors"].values() if record["family"] == family]
    return min((found["p50"] for requests in records for way, found in requests.items() if way.endswith("1 at a time")), default=None)


def families(cells):
    """All of them but ours, in the order of their first cell."""
    found = {}
    for cell in cells:
        for record in cell["competitors"].values():
            found.setdefault(record["family"], record.get("own_model", False))
    found.pop(OURS, None)
    return found


def best(cell, family, seconds):
    """The record of a family's fastest variant, or None; seconds: record -> seconds or None."""
    records = [record for record in cell["competitors"].values() if record["family"] == family and seconds(record) is not None]
    return min(records, key=seconds, default=None)


def ratio(theirs, ours):
    """`2.10 (2.05 to 2.16)` from the seconds of rounds."""
    whole = statistics.median(theirs) / statistics.median(ours)
    each = [a / b for a, b in zip(theirs, ours)]
    if len(each) < 3:
        return f"{whole:.2f}"
    low, _, high = statistics.quantiles(each, n=4)
    return f"{whole:.2f} ({low:.2f} to {high:.2f})"


def training(cells):
    """Ratios of a step."""
    known = families(cells)
    head = ["workload, gates, threads", "ours, ms", "GFLOP/s", "of the FMA peak", *(name + " *" * own for name, own in known.items())]
    lines = ["Training, a step: time of the peer divided by ours, the best variant of each.", "", row(head), row(["---"] * len(head))]
    for cell in cells:
        ours = cell["competitors"][OURS].get("seconds")
        if not ours:
            continue
        speed = cell["gflop"] / statistics.median(ours)
        found = [f"{cell['workload']}, {cell['gate']}, {cell['threads']}", f"{1e3 * statistics.median(ours):.3g}", f"{speed:.0f}"]
        found.append(f"{100 * speed / cell['peak_gflops']:.0f} %")
        for family in known:
            record = best(cell, family, median_step)
            found.append(
                ratio(record["seconds"], ours) + (f"<br>{record['variant']}" if record["variant"] else "")
                if record
                else refused(cell, family)
            )
        lines.append(row(found))
    lines += ["", "\\* the package's own MMoE at the same sizes: its gates know no role; the losses of the others were compared with ours."]
    return lines


def median_step(record):
    """Seconds, or None for one that was not timed."""
    return statistics.median(record["seconds"]) if record.get("seconds") else None


def refused(cell, family):
    """What became of a family without a time."""
    problems = [record["problem"] for record in cell["competitors"].values() if record["family"] == family and "problem" in record]
    return problems[0].replace("|", "/") if problems else "-"


def variants(cells):
    """Every variant with its memory, on the first cell of `base` or else of what there is."""
    cell = next((cell for cell in cells if cell["workload"] == "base"), cells[0])
    ours = median_step(cell["competitors"][OURS])
    title = f"Every variant on {cell['workload']}, gates {cell['gate']}, {cell['threads']} threads"
    lines = [f"{title}; a variant ended after two rounds where another one of its family was faster.", ""]
    lines += [row(["", "ms a step", "/ ours", "peak memory, MB", "/ ours"]), row(["---"] * 5)]
    own = cell["competitors"][OURS]["peak_mb"]
    for name, record in cell["competitors"].items():
        seconds = median_step(record)
        if seconds is None:
            lines.append(row([name, record.get("problem", "-").replace("|", "/"), "", "", ""]))
        else:
            lines.append(
                row([name, f"{1e3 * seconds:.3g}", f"{seconds / ours:.2f}", f"{record['peak_mb']:.0f}", f"{record['peak_mb'] / own:.2f}"])
            )
    return lines


def scoring(cells):
    """Requests and bulk."""
    known = families(cells)
    head = ["workload, threads", "", "ours", *known]
    first = cells[0]
    title = f"Scoring. A request: {first['candidates']:,} candidates of one job, p50 (p99) in ms, then the peer's p50 divided by ours."
    title += " `job once`: what depends on the job alone is computed once, by the peers as well. Of several at a time also requests/s,"
    title += " and ours divided by the peer's: a p50 alone is short where some callers are served at once while others starve."
    lines = [title, "", row(head), row(["---"] * len(head))]
    for cell in cells:
        label = f"{cell['workload']}, {cell['threads']}"
        names = list(dict.fromkeys(name for record in cell["competitors"].values() for name in record["requests"]))
        for name in names:
            ours = cell["competitors"][OURS]["requests"].get(name)
            several = bool(ours) and "intervals" in ours and not name.endswith(" 1 at a time")
            found = [label, name, milliseconds(ours, several) if ours else "-"]
            for family in known:
                theirs = best(cell, family, lambda record, name=name: record["requests"].get(name, {}).get("p50"))
                theirs = theirs and theirs["requests"][name]
                text = milliseconds(theirs, several) if theirs else refused(cell, family)
                if theirs and ours:
                    text += f"<br>**{ratio(theirs['turns'], ours['turns'])}**"
                    text += f"<br>{ratio(theirs['intervals'], ours['intervals'])} requests/s" if several else ""
                found.append(text)
            lines.append(row(found))
        ours = cell["competitors"][OURS]["bulk"]
        found = [label, f"bulk of {cell['rows']:,} rows, rows/s", f"{cell['rows'] / statistics.median(ours):,.0f}"]
        for family in known:
            record = best(cell, family, lambda record: statistics.median(record["bulk"]) if record.get("bulk") else None)
            rate = record and cell["rows"] / statistics.median(record["bulk"])
            found.append(f"{rate:,.0f}<br>**{ratio(record['bulk'], ours)}**" if record else refused(cell, family))
        lines.append(row(found))
    return lines


def milliseconds(request, rate=False):
    """`0.72 (0.91)`, with `rate` also `1,400/s`."""
    text = f"{1e3 * request['p50']:.3g} ({1e3 * request['p99']:.3g})"
    return f"{text}<br>{1 / statistics.median(request['intervals']):,.0f}/s" if rate else text


def starts(cells):
    """Imports and first batches."""
    lines = []
    for cell in cells:
        title = f"Start of a process, workload {cell['workload']}, {cell['threads']} threads: seconds to the import and to the first trained batch"
        lines += [
            f"{title}. Cold: no compiled code on disk.",
            "",
            row(["", "import", "first batch", "/ ours", "first batch, cold", "/ ours"]),
            row(["---"] * 6),
        ]
        ours = cell["competitors"][OURS]
        for name, record in cell["competitors"].items():
            imported, first = (statistics.median(column) for column in zip(*record["warm"]))
            warm, cold = (ratio(*([first for _, first in each[kind]] for each in (record, ours))) for kind in ("warm", "cold"))
            last = statistics.median(first for _, first in record["cold"])
            lines.append(row([name, f"{imported:.2f}", f"{first:.2f}", warm, f"{last:.1f}", cold]))
    return lines


def row(found):
    """A row of a Markdown table."""
    return f"| {' | '.join(found)} |"

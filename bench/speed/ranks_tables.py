"""The tables of ranks.py: what was measured on one machine, and what follows from it, on paper, for several."""

import math
import statistics

from bench.speed.steps_tables import ratio
from bench.tables import markdown, paragraphs

NETWORKS = {"1 Gbit/s": (1e9, 50e-6), "10 Gbit/s": (1e10, 20e-6), "25 Gbit/s": (2.5e10, 10e-6), "100 Gbit/s": (1e11, 2e-6)}  # (bits/s, s)
MACHINES = (2, 4, 8, 16)
MESSAGES = 5  # collective calls of a step with tables
MILLIONS = (10, 100, 1000)


def tables(results: dict) -> str:
    """Markdown."""
    found = results["workloads"]
    cores, texts = results["cores"], []
    for name, each in found.items():
        texts.append(f"{median(each['process']) / median(each['ranks']):.2f} on {name}")
    told = (
        f"{cores} ranks of one thread train {', '.join(texts)} times as fast as one process with {cores} threads on the same {cores} cores."
    )
    parts = [told, measured(found), *split_tables(results), *curves(results), hours(found, cores), on_paper(found, cores)]
    return paragraphs(*parts, f"{results['machine']}")


def median(rounds: list[dict]) -> float:
    """Seconds of a step."""
    return statistics.median(each["seconds"] for each in rounds)


def seconds_of(rounds: list[dict]) -> tuple[float, float, float]:
    """Medians of what a rank's step is made of: its rows, adding up, and the rest, which is Adam."""
    rows, together = (statistics.median(each["parts"][part] for each in rounds) for part in range(2))
    return rows, together, max(median(rounds) - rows - together, 0.0)


def measured(found: dict) -> str:
    """A row for each workload."""
    rows = []
    for name, each in found.items():
        parts = [f"{1e3 * part:.3g}" for part in seconds_of(each["ranks"])]
        sides = [[one["seconds"] for one in each[side]] for side in ("process", "ranks")]
        times = [f"{1e3 * median(each[side]):.4g}" for side in ("process", "ranks")]
        sent = each["ranks"][0]["bytes"]
        rows.append([name, *times, ratio(*sides), *parts, f"{sent / 1e6:.2f}", f"{100 * dense_bytes(each, 2) / sent:.0f} %"])
    head = ["", "one process, ms a step", "ranks, ms", "ratio", "of that: rows", "adding up", "Adam", "MB a rank receives", "dense"]
    return markdown(head, rows)


def dense_bytes(each: dict, ranks: int) -> float:
    """Bytes of the dense gradient that each of so many ranks receives in a step."""
    return 2 * 4 * each["dense"] * (ranks - 1) / ranks


def step_bytes(each: dict, ranks: int) -> float:
    """Bytes that each of so many ranks receives in a step; rows of tables as measured with 2, of which each had one half."""
    of_tables = each["ranks"][0]["bytes"] - dense_bytes(each, 2)
    return dense_bytes(each, ranks) + 2 * of_tables * (ranks - 1) / ranks


def split_tables(results: dict) -> list[str]:
    """A large table, whole on each rank and split over them."""
    found = results.get("split")
    if not found:
        return []
    rows = []
    for name, sides in found["sides"].items():
        whole, split = sides["whole"], sides["split"]
        times = [f"{1e3 * median(side):.4g}" for side in (whole, split)]
        sent = [f"{statistics.median(each['bytes'] for each in side) / 1e6:.2f}" for side in (whole, split)]
        memory = [f"{statistics.median(each['memory'] for each in side) / 1e6:,.0f}" for side in (whole, split)]
        rate = ratio([each["seconds"] for each in whole], [each["seconds"] for each in split])
        rows.append([name, *times, rate, *sent, *memory])
    head = ["", "whole, ms a step", "split, ms", "ratio", "whole, MB a rank receives", "split, MB", "whole, MB a rank holds", "split, MB"]
    length, width = found["shape"]
    text = (
        f"One table of {length:,} x {width} float32 and its two moments, {found['rows']:,} rows a step, ranks of one thread on a machine: "
        "whole on each rank, and split over them by rows (`training.split_tables`), with the same losses, bit by bit. "
        "What a rank holds is memory of its process alone (RssAnon), the largest of all."
    )
    return [text, markdown(head, rows)]


def curves(results: dict) -> list[str]:
    """The losses of a training by one process and by several ranks."""
    found = results.get("curves")
    if not found:
        return []
    alone, *others = found["losses"].values()
    rows = []
    for epoch, loss in enumerate(alone):
        off = [max(abs(other[epoch][part] / loss[part] - 1) for part in (0, 1)) for other in others]
        rows.append([str(epoch + 1), *(f"{number:.6f}" for number in loss), *(f"{each:.1e}" for each in off)])
    head = ["epoch", "training loss", "validation log loss", *(f"{name}, relative difference" for name in list(found["losses"])[1:])]
    text = (
        f"A training on {found['rows']:,} simulated impressions, float32: the losses of one process, and how far others are off. "
        "It has 2 threads, and 2 ranks add up the same parts in the same order; 4 ranks add up others, as 4 threads do: "
        "rounding, which grows from step to step."
    )
    return [text, markdown(head, rows)]


def hours(found: dict, cores: int) -> str:
    """How long one machine takes for many rows."""
    rows = []
    for name, each in found.items():
        rate = each["rows"] / median(each["process"])
        rows.append([name, f"{rate:,.0f}", *(_hours(million * 1e6 / rate) for million in MILLIONS)])
    head = ["one process", "rows a second", *(f"{million:,} million rows, an epoch" for million in MILLIONS)]
    return paragraphs(f"One machine of {cores} cores, steps alone (without reading the data):", markdown(head, rows))


def _hours(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def on_paper(found: dict, cores: int) -> str:
    """Times faster on several machines like this one, and on machines many times as fast."""
    rows = []
    for name, each in found.items():
        for network in NETWORKS:
            cells = [f"{speedup(each, network, count):.1f}x" for count in MACHINES]
            rows.append([f"{name}, {network}", *cells, *(f"{speedup(each, network, count, 16):.1f}x" for count in MACHINES)])
    head = ["", *(f"{count} machines" for count in MACHINES), *(f"{count} of {16 * cores} cores" for count in MACHINES)]
    text = (
        f"On paper, the same batch on several machines of {cores} cores, one rank each, times as fast as on one of them: "
        "t(P) = rows / P + adding up + Adam + bytes(P) / bandwidth + "
        f"{MESSAGES} log2(P) latencies, with the first three as measured above; on the right machines that compute 16 times as fast, "
        f"beside one of them. Latencies: {', '.join(f'{1e6 * wait:.0f} us at {name}' for name, (_, wait) in NETWORKS.items())}."
    )
    return paragraphs(text, markdown(head, rows))


def speedup(each: dict, network: str, machines: int, faster: float = 1.0) -> float:
    """How many times as fast `machines` are as one, each of which computes `faster` times as fast as the one that was measured."""
    bits, latency = NETWORKS[network]
    _, together, adam = seconds_of(each["ranks"])
    alone = median(each["process"])
    wire = 8 * step_bytes(each, machines) / bits + MESSAGES * math.ceil(math.log2(machines)) * latency
    return (alone / faster) / ((alone - adam) / faster / machines + (together + adam) / faster + wire)

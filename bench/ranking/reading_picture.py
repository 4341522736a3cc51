"""Draws what reading is worth: the curves of bench/ranking/results/reading.json, with the rules' place on them.

python bench/ranking/reading_picture.py [FOLDER]     after bench/ranking/reading.py [--out FOLDER]; writes reading.png beside the record
"""

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking.reading import MADE_UP, NAMES, RECALLS, REPORT, RULES, SHOWN, TITLES, gain, means, place, reader_name

COLORS = dict(zip(MADE_UP, ("#1f5fa8", "#6fa3d8", "#d98032")))


def main() -> None:
    """One panel a figure, one curve a share of made-up values; bars are intervals of the paired difference to the rules."""
    record = Path(sys.argv[1]) / "reading.json" if sys.argv[1:] else REPORT.record
    results = json.loads(record.read_text(encoding="utf-8"))
    cells, over = results["cells"], results["cells"][RULES]
    best = np.mean(list(results["ceilings"].values()), axis=0)
    figure, panels = plt.subplots(1, len(SHOWN), figsize=(10, 3.2), layout="constrained")
    for panel, title in zip(panels, SHOWN):
        column = TITLES.index(title)
        for shift, made_up in zip((-0.008, 0.0, 0.008), MADE_UP):
            names = [reader_name(recall, made_up if recall else 0.0) for recall in RECALLS]
            found = [(recall + shift, name) for recall, name in zip(RECALLS, names) if name in cells]
            at, heights = [x for x, _ in found], [means(results, name)[column] for _, name in found]
            halves = [half_width(gain(results, name, over), column) for _, name in found]
            label = f"reader, {made_up:.0%} made up"
            panel.errorbar(at, heights, halves, fmt="o-", color=COLORS[made_up], markersize=3.5, linewidth=1.4, label=label)
        height = means(results, RULES)[column]
        panel.axhline(height, color="black", linewidth=0.8)
        panel.plot(
            place(results, NAMES)[0], height, "D", color="black", markersize=5, markerfacecolor="white", label="rules, by names alone"
        )
        panel.plot(place(results, RULES)[0], height, "D", color="black", markersize=5, label="rules, with open forms")
        panel.axhline(best[column], color="#808080", linewidth=0.9, linestyle="--", label="reachable")
        panel.set_title(title, fontsize=10)
        panel.set_xlabel("share of the facts that is read", fontsize=9)
        panel.grid(axis="y", color="#e5e5e5")
        panel.set_axisbelow(True)
        panel.tick_params(labelsize=8)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].legend(fontsize=7, frameon=False, loc="best")
    figure.savefig(record.with_suffix(".png"), dpi=130, metadata={"Software": None})
    if record == REPORT.record:
        REPORT.write_tables(results)


def half_width(answer: dict, column: int) -> float:
    """Of the interval of a paired difference; 0 where one world has none."""
    return 0.0 if answer["low"] is None else answer["mean"][column] - answer["low"][column]


if __name__ == "__main__":
    main()

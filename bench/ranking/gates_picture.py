"""Draws whom the gates ask for each role, and what the roles' gates gain: from bench/ranking/results/gates.json.

python bench/ranking/gates_picture.py          after bench/ranking/gates.py; writes bench/ranking/results/gates.png
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking.gates import BOTH, IN_X, READ, REPORT, STRENGTHS, cell_of, gain

TASK, READING = "ctr", "perfect reader"
COLOURS = dict(zip(READ, ("#E69F00", "#0072B2")))


def main() -> None:
    """A map a strength, of one world's network, then the gain over the strength."""
    results = REPORT.read()
    figure, panels = plt.subplots(1, len(STRENGTHS) + 1, figsize=(13, 2.9), layout="constrained", width_ratios=[1] * len(STRENGTHS) + [1.7])
    for panel, strength in zip(panels, STRENGTHS):
        world, found = next((world, found) for world, found in cell_of(results, BOTH, READING, strength).items() if "maps" in found)
        maps = found["maps"][TASK]
        weights = np.array([maps[role] for role in sorted(maps)])
        panel.imshow(weights, cmap="Blues", vmin=0, vmax=1)
        for (row, column), weight in np.ndenumerate(weights):
            panel.text(column, row, f"{weight:.2f}", ha="center", va="center", fontsize=8, color="white" if weight > 0.55 else "black")
        panel.set_title(f"role strength {strength:g}", fontsize=10)
        panel.set_xticks(range(weights.shape[1]), [str(e) for e in range(weights.shape[1])], fontsize=8)
        panel.set_xlabel(f"expert (world {world})", fontsize=8)
        panel.set_yticks(range(len(weights)), sorted(maps) if panel is panels[0] else [""] * len(weights), fontsize=8)
        panel.tick_params(length=0)
    last = panels[-1]
    last.axhline(0, color="black", linewidth=0.8)
    for read, colour in COLOURS.items():
        found = [(strength, gain(results, BOTH, IN_X, read, strength)) for strength in STRENGTHS]
        strengths, answers = zip(*((strength, answer[1]) for strength, answer in found if answer and answer[1]["low"]))
        for column, style, name in ((0, "o-", "all"), (4, "s--", "executive")):
            last.plot(strengths, [answer["mean"][column] for answer in answers], style, color=colour, markersize=4, label=f"{read}, {name}")
        low, high = ([answer[end][0] for answer in answers] for end in ("low", "high"))
        last.fill_between(strengths, low, high, color=colour, alpha=0.2, linewidth=0)
    last.set_title("CTR AUC, role in the gates too", fontsize=10)
    last.set_xlabel("role strength", fontsize=8)
    last.tick_params(labelsize=8)
    last.legend(fontsize=7, frameon=False)
    last.spines[["top", "right"]].set_visible(False)
    figure.savefig(REPORT.record.with_suffix(".png"), dpi=130, metadata={"Software": None})


if __name__ == "__main__":
    main()

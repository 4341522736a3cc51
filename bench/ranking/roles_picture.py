"""Draws what the role is good for: the paired gains of bench/ranking/results/roles.json with their intervals.

python bench/ranking/roles_picture.py          after bench/ranking/roles.py; writes bench/ranking/results/roles.png
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking.roles import REPORT

SHOWN = ("CTR AUC", "CVR AUC", "CTCVR AUC")
ASKED = {
    "role in x": "role as a feature\n(over no role)",
    "gates full, role not in x": "role in the gates\n(over no role)",
    "gates full, role in x too": "role in the gates,\nwhen it is a feature too",
}
KINDS = {"worlds": ("roles differ", "#1f5fa8", "o"), "null": ("null worlds: one taste", "#b0b0b0", "s")}


def main() -> None:
    """One panel a metric, one line a question and kind of world."""
    results = REPORT.read()
    titles = results["titles"]
    figure, panels = plt.subplots(1, len(SHOWN), figsize=(10, 2.7), sharey=True, layout="constrained")
    for panel, title in zip(panels, SHOWN):
        column = titles.index(title)
        panel.axvline(0, color="black", linewidth=0.8)
        for shift, (kind, (label, color, marker)) in zip((-0.13, 0.13), KINDS.items()):
            for place, asked in enumerate(ASKED):
                answer = results[kind]["answers"].get(asked)
                if answer and answer["low"]:
                    mean, low, high = (answer[key][column] for key in ("mean", "low", "high"))
                    panel.plot([low, high], [place + shift] * 2, color=color, linewidth=2.2, solid_capstyle="round")
                    panel.plot(mean, place + shift, marker, color=color, markersize=6, label=label if place == 0 else None)
        panel.set_title(f"gain in {title}", fontsize=10)
        panel.grid(axis="x", color="#e5e5e5")
        panel.set_axisbelow(True)
        panel.tick_params(labelsize=8)
        panel.spines[["top", "right", "left"]].set_visible(False)
    panels[0].set_yticks(range(len(ASKED)), ASKED.values(), fontsize=9)
    panels[0].invert_yaxis()
    panels[0].legend(fontsize=8, frameon=False, loc="lower right")
    figure.savefig(REPORT.record.with_suffix(".png"), dpi=130, metadata={"Software": None})


if __name__ == "__main__":
    main()

"""Draws the pictures of RESULTS.md from their records.

python bench/ranking/pictures.py parts [FOLDER]       what each part is worth, after bench/ranking/parts.py [--out FOLDER]
python bench/ranking/pictures.py reading [FOLDER]     what reading is worth, after bench/ranking/reading.py [--out FOLDER]
"""

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking import parts, reading
from bench.ranking.reading import MADE_UP, NAMES, RECALLS, RULES, SHOWN, TITLES, gain, means, place, reader_name

COLORS = dict(zip(MADE_UP, ("#1f5fa8", "#6fa3d8", "#d98032")))
FOUND, NULL = "#1f5fa8", "#a8a8a8"
ROLE_COLORS = {"overall": "black", "executive": "#d98032", "headhunter": "#1f5fa8", "hiring_manager": "#6fa3d8", "hr": "#7a5195"}


def main() -> None:
    """Draw one of them."""
    name = sys.argv[1] if sys.argv[1:] else ""
    if name not in DRAWN:
        sys.exit(f"name a picture: {', '.join(DRAWN)}")
    report, draw = DRAWN[name]
    record = Path(sys.argv[2]) / f"{name}.json" if sys.argv[2:] else report.record
    results = json.loads(record.read_text(encoding="utf-8"))
    draw(results).savefig(record.with_suffix(".png"), dpi=130, metadata={"Software": None})
    if record == report.record:
        report.write_tables(results)


def draw_parts(results: dict) -> plt.Figure:
    """Gains of two figures with their intervals, and how the role's gains grow with how much roles differ."""
    figure, panels = plt.subplots(1, 3, figsize=(13, 5.6), width_ratios=(1, 1, 1), layout="constrained")
    rows = [gain for part, gains in parts.GAINS.items() if part != parts.EXPERTS for gain in gains]
    rows = [gain for gain in rows if drawn(gain)]
    for panel, title in zip(panels[:2], parts.FIGURES):
        panel.axvline(0, color="black", linewidth=0.8)
        for height, each in enumerate(rows):
            answer, column = parts.gained(results, each), parts.FIGURES.index(title)
            low, high = (answer[key][column] if answer["low"] else answer["mean"][column] for key in ("low", "high"))
            panel.plot([low, high], [height] * 2, color=NULL if each.null else FOUND, linewidth=2.0, solid_capstyle="round")
            panel.plot(answer["mean"][column], height, "s" if each.null else "o", color=NULL if each.null else FOUND, markersize=4.5)
        panel.set_title(f"gain in {title}", fontsize=10)
        panel.grid(axis="x", color="#e5e5e5")
        panel.set_ylim(len(rows) - 0.4, -0.6)
        _tidy(panel, "left")
    for null, (marker, label) in enumerate((("o", "something to find"), ("s", "null: nothing to find"))):
        panels[1].plot([], [], marker, color=NULL if null else FOUND, markersize=4.5, label=label)
    panels[1].legend(fontsize=8, frameon=False, loc="lower right")
    panels[0].set_yticks(range(len(rows)), [each.asked for each in rows], fontsize=7)
    panels[1].set_yticks(range(len(rows)), [""] * len(rows))
    for line in [height for height, each in enumerate(rows[1:]) if _part_of(each) != _part_of(rows[height])]:
        for panel in panels[:2]:
            panel.axhline(line + 0.5, color="#c8c8c8", linewidth=0.8)
    _draw_strengths(results, panels[2])
    return figure


def drawn(gain: "parts.Gain") -> bool:
    """Whether the first two panels show a row: those of other strengths of roles are the third, and one has neither figure."""
    others = [f"strength {strength:g}" for strength in parts.STRENGTHS if strength not in (0.0, 1.0)]
    return not gain.having.endswith(tuple(others)) and gain.without != "relevance alone, half wrong"


def _part_of(gain: "parts.Gain") -> str:
    return next(part for part, gains in parts.GAINS.items() if gain in gains)


def _draw_strengths(results: dict, panel: plt.Axes) -> None:
    """CTR AUC gained by the role in the gates on top of x, for all rows and for each role."""
    panel.axhline(0, color="black", linewidth=0.8)
    steered = [each for each in parts.BY_ROLE if each.without.startswith("role in x")]
    for shift, (name, color) in enumerate(ROLE_COLORS.items()):
        answers = [parts.gained(results, each, name) for each in steered]
        at = np.array(parts.STRENGTHS) + 0.03 * (shift - 2)
        heights = [answer["mean"][0] for answer in answers]
        halves = [half_width(answer, 0) for answer in answers]
        width = 2.2 if name == "overall" else 1.2
        panel.errorbar(at, heights, halves, fmt="o-", color=color, markersize=3.5, linewidth=width, label=name)
    panel.set_title("gain in CTR AUC, role in the gates, in x too", fontsize=10)
    panel.set_xlabel("how much roles differ (0: one taste for all)", fontsize=9)
    panel.grid(axis="y", color="#e5e5e5")
    panel.legend(fontsize=8, frameon=False, loc="upper left")
    _tidy(panel)


def draw_reading(results: dict) -> plt.Figure:
    """One panel a figure, one curve a share of made-up values; bars are intervals of the paired difference to the rules."""
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
        _tidy(panel)
    panels[0].legend(fontsize=7, frameon=False, loc="best")
    return figure


def _tidy(panel: plt.Axes, *spines: str) -> None:
    panel.set_axisbelow(True)
    panel.tick_params(labelsize=8)
    panel.spines[["top", "right", *spines]].set_visible(False)


def half_width(answer: dict, column: int) -> float:
    """Of the interval of a paired difference; 0 where one world has none."""
    return 0.0 if answer["low"] is None else answer["mean"][column] - answer["low"][column]


DRAWN = {"parts": (parts.REPORT, draw_parts), "reading": (reading.REPORT, draw_reading)}


if __name__ == "__main__":
    main()

"""Failure: a biased conversion rate.

The export writes a zero where nobody clicked: the model learns another question, and pCTR pCVR counts clicks twice.
"""

# %%
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from minirank import load_config, load_run, score_data, train
from minirank.evaluation.metrics import auc

CONFIG = """
data:
  table: {train: rows.csv, valid_share: 0.2}
  columns: {dense: [title, pay], tasks: [{name: ctr, column: clicked}, {name: cvr, column: converted}]}
tasks: [{name: ctr}, {name: cvr, given: ctr}]
model: {architecture: shared_bottom, expert_hidden: [16], tower_hidden: []}
training: {epochs: 8, backend: reference, precision: float64, optimiser: {learning_rate: 0.01}}
"""
rng = np.random.default_rng(0)


def draw(N=6000):
    title, pay = rng.normal(size=(2, N))
    clicked = rng.random(N) < 1 / (1 + np.exp(1.5 - 1.5 * title))  # a fine title is clicked
    answers = rng.random(N) < 1 / (1 + np.exp(title - 2 * pay))  # and is the harder to win
    return title, pay, clicked, np.where(clicked, answers, np.nan)  # nobody knows who would have answered


def write(path, *columns):
    rows = [f"{title:.6g},{pay:.6g},{c:d},{'' if np.isnan(answer) else int(answer)}" for title, pay, c, answer in zip(*columns)]
    path.write_text("\n".join(["title,pay,clicked,converted", *rows]))


# %%
figure, axes = plt.subplots(figsize=(5, 4), layout="constrained")
seen, new = draw(), draw()
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder)
    (path / "config.yaml").write_text(CONFIG)
    write(path / "new.csv", *new)
    for name, labels, color in (("zero", np.nan_to_num(seen[3]), "#E69F00"), ("empty", seen[3], "#0072B2")):
        write(path / "rows.csv", *seen[:3], labels)
        train(load_config(path / "config.yaml"), path / name)
        found = score_data(load_run(path / name), path / "new.csv")
        said, won, joint = found["cvr"][new[2]], new[3][new[2]], auc(np.nan_to_num(new[3]), found["ctcvr"])
        print(f"{name}: says that {said.mean():.3f} of the clicked answer, {won.mean():.3f} do; AUC of pCTR pCVR {joint:.3f}")
        tenths = np.array_split(np.argsort(said), 10)
        axes.plot([said[t].mean() for t in tenths], [won[t].mean() for t in tenths], "o-", color=color, label=name)
axes.axline((0, 0), slope=1, color="k", linestyle=":")
axes.set(xlabel="pCVR, tenths of the clicked rows", ylabel="share that answered", title="where nobody clicked: zero, or empty")
axes.legend()
figure.savefig("biased_cvr.png")

"""Failure: a leak.

A candidate's click rate is a good input, if it counts what happened before. Counted over all rows, it holds the label.
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
  table: {train: rows.csv, valid_share: 0.3, valid_rows: last}
  columns: {dense: [fit, rate], tasks: [{name: ctr, column: clicked}]}
model: {architecture: shared_bottom, expert_hidden: [8], tower_hidden: []}
training: {epochs: 5, backend: reference, precision: float64, optimiser: {learning_rate: 0.01}}
"""
rng = np.random.default_rng(0)
N, PEOPLE = 5000, 1500
who, fit, liked = rng.integers(0, PEOPLE, N), rng.normal(size=N), rng.normal(size=PEOPLE)
clicked = (rng.random(N) < 1 / (1 + np.exp(1 - fit - liked[who]))).astype(int)
shown, clicks, earlier = np.zeros(PEOPLE), np.zeros(PEOPLE), np.zeros(N)
for row, person in enumerate(who):  # in the order of time
    earlier[row] = (clicks[person] + 0.25) / (shown[person] + 1)  # as if everyone had been shown once before
    shown[person], clicks[person] = shown[person] + 1, clicks[person] + clicked[row]
over_all = (clicks[who] + 0.25) / (shown[who] + 1)


def write(path, rate):
    np.savetxt(path, np.column_stack([fit, rate, clicked]), delimiter=",", header="fit,rate,clicked", comments="", fmt="%.6g")


# %% [markdown]
# Both models are validated on the last 30 % of the rows, as their files have them; in use, only the past is known.

# %%
figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder)
    (path / "config.yaml").write_text(CONFIG)
    write(path / "use.csv", earlier)
    for place, (name, rate) in enumerate((("over all rows", over_all), ("over earlier rows", earlier))):
        write(path / "rows.csv", rate)
        train(load_config(path / "config.yaml"), path / name)
        scores = [score_data(load_run(path / name), path / file)["ctr"] for file in ("rows.csv", "use.csv")]
        found = [auc(clicked[3500:], score[3500:]) for score in scores]
        print(f"click rate {name}: AUC {found[0]:.3f} when validated, {found[1]:.3f} in use")
        axes.bar(np.array([0, 0.4]) + place, found, 0.35, color=("#E69F00", "#0072B2"))
axes.set(xticks=(0, 0.4, 1, 1.4), xticklabels=("validated", "in use") * 2, ylim=(0.5, 1), ylabel="AUC")
axes.set_title("before: rate over all rows          after: over earlier rows")
figure.savefig("a_leak.png")

"""Failure: an exploding logit.

Three zeros too many, in one row of a thousand: all others look alike, and one such row gets a logit without bounds.
"""

# %%
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from minirank import load_config, load_run, train
from minirank.evaluation.metrics import auc

CONFIG = """
data:
  table: {train: rows.csv, valid_share: 0.2}
  columns: {dense: [pay], tasks: [{name: ctr, column: clicked}]}
model: {architecture: shared_bottom, expert_hidden: [8], tower_hidden: []}
training: {epochs: 5, backend: reference, precision: float64, optimiser: {learning_rate: 0.01}}
"""
rng = np.random.default_rng(0)
N = 4000


def draw():
    pay = rng.normal(60_000, 15_000, N)
    clicked = rng.random(N) < 1 / (1 + np.exp((pay - 50_000) / 8_000))  # whoever asks for less is clicked
    return np.where(rng.random(N) < 0.001, 1000 * pay, pay), clicked


def write(path, pay, clicked):
    np.savetxt(path, np.column_stack([pay, clicked]), delimiter=",", header="pay,clicked", comments="", fmt="%.9g")


# %% [markdown]
# Before: (pay - mean) / deviation, both ruled by a thousandth of the rows. After: the rank among the training rows, -1 to 1.

# %%
figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
seen, new, line = draw(), draw(), np.geomspace(1e4, 1e9, 61)
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder)
    (path / "config.yaml").write_text(CONFIG)
    for name, columns in (("rows", seen), ("new", new), ("line", (line, line))):
        write(path / f"{name}.csv", *columns)
    for transform, color in (("standard", "#E69F00"), ("quantile", "#0072B2")):
        train(load_config(path / "config.yaml", [f"data.columns.dense_transform={transform}"]), path / transform)
        run = load_run(path / transform)
        found, along = (run.executor.logits(run.values, run.encoder.read(path / f"{name}.csv"))[:, 0] for name in ("new", "line"))
        print(f"{transform}: AUC {auc(new[1], found):.3f}, logit of a pay of 50,000: {along[8]:.2f}, of 1e9: {along[-1]:.1f}")
        axes.semilogx(line, along, color=color, label=transform)
axes.set(xlabel="pay", ylabel="logit of a click")
axes.legend()
figure.savefig("an_exploding_logit.png")

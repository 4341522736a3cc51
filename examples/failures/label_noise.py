"""Failure: label noise.

Four grades of five come from people who look at the title alone. The model believes them as much as those who read.
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
  columns: {dense: [a, b, c, d, e, f, g, title], tasks: [{name: relevance, column: grade, weight: trust}]}
model: {architecture: shared_bottom, expert_hidden: [16], tower_hidden: []}
training: {epochs: 8, backend: reference, precision: float64, optimiser: {learning_rate: 0.01}}
"""
rng = np.random.default_rng(0)
N, BOTH = 3000, 300  # rows of training; those that both kinds of people have graded
x, careful = rng.normal(size=(2 * N, 8)), np.arange(2 * N) % 5 == 0
fits = x[:, 0] + x[:, 1] * x[:, 2] + 0.5 * x[:, 3] > 0


def grades(hasty):  # of which this share is given by the title alone
    return np.where(rng.random(2 * N) < hasty, x[:, 7] > 0, fits)


# %% [markdown]
# Before: all grades count alike. After: a hasty one counts (2 a - 1)^2, where a is how often both kinds of people agree.

# %%
figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
shares, found = (0.0, 0.5, 0.9), {"all alike": [], "weighted": []}
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder)
    (path / "config.yaml").write_text(CONFIG)
    for share in shares:
        best, hasty = grades(0.05), grades(share)
        agreed = np.mean(best[:BOTH] == hasty[:BOTH])
        for name, weight in (("all alike", 1.0), ("weighted", (2 * agreed - 1) ** 2)):
            table = np.column_stack([x, np.where(careful, best, hasty), np.where(careful, 1, weight)])
            for file, part in (("rows", table[:N]), ("new", table[N:])):
                np.savetxt(path / f"{file}.csv", part, delimiter=",", header="a,b,c,d,e,f,g,title,grade,trust", comments="", fmt="%.6g")
            train(load_config(path / "config.yaml"), path / f"{share} {name}")
            score = score_data(load_run(path / f"{share} {name}"), path / "new.csv")["relevance"]
            found[name].append(auc(fits[N:], score))
            print(f"{share:.0%} by the title, {name}: a hasty grade counts {weight:.2f}, AUC against the truth {found[name][-1]:.3f}")
axes.plot(shares, found["all alike"], "o-", color="#E69F00", label="all alike")
axes.plot(shares, found["weighted"], "o-", color="#0072B2", label="weighted")
axes.set(xlabel="share of hasty grades given by the title alone", ylabel="AUC against the truth")
axes.legend()
figure.savefig("label_noise.png")

#!/usr/bin/env bash
# LightGBM 4.7.0, Vowpal Wabbit 9.11.9: what once was made of a data file is trained on, though the file is another one by now.
# One would guess: the file that is named is read; at least a cache that is older than the file is made anew.
# Instead: LightGBM's Dataset("train.csv") takes train.csv.bin where that lies beside it, whatever its age, contents and number of rows; one
# line of level Info says so, and verbose=-1 hides it. Vowpal Wabbit's `-d train.vw -c` takes train.vw.cache, older than the file or not, in silence.
# Why it matters: the log of a new day is written over the old one, and the training "of today" learns from the day on which somebody tried
# save_binary, or from the first day of all.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 scipy==1.17.1 lightgbm==4.7.0 vowpalwabbit==9.11.9
cd "$work"
"$work/venv/bin/python" - <<'PY'
import os
from pathlib import Path

import lightgbm as lgb
import numpy as np
import vowpalwabbit

rng = np.random.default_rng(0)
QUIET = {"verbose": -1, "num_threads": 1}


def write(sign, rows):
    """A log in which the first column, times a sign, decides."""
    values = rng.normal(size=(rows, 2))
    labels = (sign * values[:, 0] > 0).astype(int)
    np.savetxt("train.csv", np.column_stack([labels, values]), delimiter=",", fmt="%g")
    lines = (f"{2 * label - 1} | {'high' if value > 0 else 'low'}\n" for label, value in zip(labels, values[:, 0]))
    Path("train.vw").write_text("".join(lines))
    return values, labels


def of_lightgbm(values, labels):
    """Rows read, accuracy on the file as it is now."""
    data = lgb.Dataset("train.csv", params=QUIET)
    model = lgb.train({"objective": "binary", **QUIET}, data, 20)
    return data.num_data(), float(((model.predict(values) > 0.5) == labels).mean())


def of_vw():
    """Scores of high and low."""
    model = vowpalwabbit.Workspace("-d train.vw -c --passes 3 --quiet")
    scores = round(model.predict("| high"), 2), round(model.predict("| low"), 2)
    model.finish()
    return scores


write(1, 500)
lgb.Dataset("train.csv", params=QUIET).construct().save_binary("train.csv.bin")
first = of_vw()
today = write(-1, 700)
later = Path("train.vw.cache").stat().st_mtime + 60
os.utime("train.vw", (later, later))
stale = of_lightgbm(*today), of_vw()
Path("train.csv.bin").unlink()
Path("train.vw.cache").unlink()
fresh = of_lightgbm(*today), of_vw()
print("LightGBM: rows, accuracy with the old train.csv.bin beside today's file", stale[0], "- without", fresh[0])
print("Vowpal Wabbit: scores of high and low, first day", first, "- today with the old cache", stale[1], "- without", fresh[1])
assert stale[0] == (500, 0.0) and fresh[0] == (700, 1.0)
assert stale[1] == first == (1.0, -1.0) and fresh[1] == (-1.0, 1.0)
PY

#!/usr/bin/env bash
# XGBoost 3.2.0 (xgboost-cpu): a float64 column of epoch seconds cannot be split within about two minutes.
# One would guess: a column that separates the classes exactly is the easiest thing for a tree.
# Instead: features are stored as float32, where seconds since 1970 are 128 apart: the column is a constant, and says so nowhere.
# LightGBM 4.7.0 keeps float64 and learns it.
# Why it matters: time stamps and numeric ids above 2^24 lose their low digits without a warning.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 scipy==1.17.1 xgboost-cpu==3.2.0 lightgbm==4.7.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
import lightgbm as lgb
import numpy as np
import xgboost as xgb

seconds = (1_700_000_000 + np.arange(40.0)).reshape(-1, 1)
label = (np.arange(40) >= 20).astype(int)
x = xgb.train({"objective": "binary:logistic", "min_child_weight": 0, "nthread": 1}, xgb.DMatrix(seconds, label), 20)
settings = {"objective": "binary", "verbose": -1, "min_data_in_leaf": 1, "min_data_in_bin": 1, "num_threads": 1}
light = lgb.train(settings, lgb.Dataset(seconds, label), 20)
seen = x.predict(xgb.DMatrix(seconds))[[0, -1]], light.predict(seconds)[[0, -1]]
print("first (0) and last (1) of 40 seconds: XGBoost", seen[0].round(3), "LightGBM", seen[1].round(3))
assert seen[0].tolist() == [0.5, 0.5], seen[0]
assert seen[1][0] < 0.1 < 0.9 < seen[1][1], seen[1]
PY

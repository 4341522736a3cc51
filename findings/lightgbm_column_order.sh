#!/usr/bin/env bash
# LightGBM 4.7.0: a data frame with its columns in another order is scored as if they were in the first one.
# One would guess: columns have names, which the model stores, so they are matched or at least checked.
# Instead: predict goes by position in silence. Of the others, CatBoost 1.2.10 matches names and XGBoost 3.2.0 refuses.
# (`validate_features=True` makes LightGBM refuse; it is off by default.)
# Why it matters: a feature store that returns its columns sorted turns a good model into noise.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 pandas==3.1.1 scikit-learn==1.9.1 lightgbm==4.7.0 xgboost-cpu==3.2.0 catboost==1.2.10
cd "$work"
"$work/venv/bin/python" - <<'PY'
import lightgbm as lgb
import numpy as np
import pandas as pd
import xgboost as xgb
from catboost import CatBoostClassifier

rng = np.random.default_rng(0)
x = pd.DataFrame({"useful": rng.random(300), "noise": rng.random(300)})
y = (x["useful"] > 0.5).astype(int)
swapped = x[["noise", "useful"]]
light = lgb.train({"objective": "binary", "verbose": -1, "num_threads": 1}, lgb.Dataset(x, y), 30)
cat = CatBoostClassifier(iterations=30, verbose=0, allow_writing_files=False, thread_count=1).fit(x, y)
boost = xgb.train({"objective": "binary:logistic", "nthread": 1}, xgb.DMatrix(x, y), 30)
accuracy = {
    "LightGBM": [float(((light.predict(t) > 0.5) == y).mean().round(2)) for t in (x, swapped)],
    "CatBoost": [float((cat.predict(t) == y).mean().round(2)) for t in (x, swapped)],
}
try:
    boost.predict(xgb.DMatrix(swapped))
    refused = False
except ValueError:
    refused = True
print("accuracy, columns as trained and swapped:", accuracy, "XGBoost refuses:", refused)
assert accuracy["LightGBM"][0] > 0.97 and accuracy["LightGBM"][1] < 0.6, accuracy
assert accuracy["CatBoost"][0] == accuracy["CatBoost"][1] > 0.97 and refused, accuracy
PY

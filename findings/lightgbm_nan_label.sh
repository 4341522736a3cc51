#!/usr/bin/env bash
# LightGBM 4.7.0: a label that is not known becomes a negative.
# One would guess: a NaN label is refused.
# Instead: Dataset stores it as 0 and trains on it; LGBMClassifier and LGBMRanker, which build the same Dataset, refuse it.
# Why it matters: "clicked but never rated" becomes "rated worst" in a multi-task table with one column a task.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 lightgbm==4.7.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
import lightgbm as lgb
import numpy as np

labels = np.array([1, np.nan, 0, 1] * 10)
data = lgb.Dataset(np.arange(40.0).reshape(-1, 1), labels, params={"verbose": -1}).construct()
print("labels given:", labels[:4], "kept:", data.get_label()[:4])
assert data.get_label()[:4].tolist() == [1, 0, 0, 1]
try:
    lgb.LGBMClassifier(verbose=-1).fit(np.arange(40.0).reshape(-1, 1), labels)
    refused = None
except ValueError as error:
    refused = str(error)
print("LGBMClassifier:", refused)
assert "NaN" in (refused or "")
PY

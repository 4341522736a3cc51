#!/usr/bin/env bash
# XGBoost 3.2.0 (xgboost-cpu): a row and the same row as a sparse matrix get different predictions.
# One would guess: a SciPy sparse matrix is a cheaper way to write the same numbers.
# Instead: what the sparse matrix does not store is a missing value, not a 0, and goes down the default branch.
# Why it matters: training on dense features and serving sparse ones (or the reverse) changes scores, without a warning.
# LightGBM reads the same two inputs as equal.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 scipy==1.17.1 xgboost-cpu==3.2.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
import numpy as np
import scipy.sparse as sp
import xgboost as xgb

values = np.repeat([0.0, 1.0, np.nan], 50).reshape(-1, 1)
labels = np.repeat([0, 1, 1], 50)  # 0 is a negative; 1 and "unknown" are positives
model = xgb.train({"objective": "binary:logistic", "nthread": 1}, xgb.DMatrix(values, labels), 20)
row = np.array([[0.0]])
dense, sparse = (float(model.predict(xgb.DMatrix(x))[0]) for x in (row, sp.csr_matrix(row)))
print(f"P(positive) of the row [0]: dense {dense:.3f}, sparse {sparse:.3f}")
assert dense < 0.05 and sparse > 0.95, (dense, sparse)
PY

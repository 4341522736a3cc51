#!/usr/bin/env bash
# XGBoost 3.2.0 (xgboost-cpu): after early stopping, one fitted model gives two predictions.
# One would guess: early stopping leaves the model at its best round, however it is asked.
# Instead: XGBClassifier.predict_proba stops at the best round; predict of its own get_booster(), like that of the booster that
# xgboost.train returns, goes on through the rounds that made the validation worse.
# Why it matters: a booster saved for serving is not the model that was validated.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 xgboost-cpu==3.2.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
import numpy as np
import xgboost as xgb
from sklearn.metrics import log_loss

rng = np.random.default_rng(0)
x = rng.random((400, 5))
y = (x[:, 0] + rng.normal(0, 0.5, 400) > 0.5).astype(int)
train, valid = slice(0, 200), slice(200, 400)
model = xgb.XGBClassifier(n_estimators=200, early_stopping_rounds=5, n_jobs=1)
model.fit(x[train], y[train], eval_set=[(x[valid], y[valid])], verbose=False)
wrapper = model.predict_proba(x[valid])[:, 1]
booster = model.get_booster().predict(xgb.DMatrix(x[valid]))
rounds = model.best_iteration + 1, model.get_booster().num_boosted_rounds()
print("best number of rounds, rounds kept:", rounds)
print("log loss of the wrapper, of its booster:", round(log_loss(y[valid], wrapper), 4), round(log_loss(y[valid], booster), 4))
print("largest difference of a prediction:", round(float(abs(wrapper - booster).max()), 3))
assert rounds[1] == rounds[0] + 5 and abs(wrapper - booster).max() > 0.1
assert log_loss(y[valid], booster) > log_loss(y[valid], wrapper)
PY

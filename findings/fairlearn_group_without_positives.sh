#!/usr/bin/env bash
# fairlearn 0.15.0: a model that is never wrong has the worst equalized-odds difference.
# One would guess: the true positive rate of a group that has no positives does not exist, and the group is left out or NaN.
# Instead: it is 0.0, against 1.0 in the other group: a difference of 1.0, the largest there is.
# Why it matters: small groups often lack positives in a test set; the alarm then says nothing about the model.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 scipy==1.17.1 pandas==3.1.1 scikit-learn==1.9.1 fairlearn==0.15.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
from fairlearn.metrics import MetricFrame, equalized_odds_difference, true_positive_rate

truth = [1, 0, 1, 0, 0, 0]
group = ["a", "a", "a", "a", "b", "b"]
difference = equalized_odds_difference(truth, truth, sensitive_features=group)  # the predictions are the truth
rates = MetricFrame(metrics=true_positive_rate, y_true=truth, y_pred=truth, sensitive_features=group).by_group.to_dict()
print("true positive rates of a perfect model:", rates, "equalized-odds difference:", difference)
assert rates == {"a": 1.0, "b": 0.0} and difference == 1.0
PY

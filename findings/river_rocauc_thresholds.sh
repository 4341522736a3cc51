#!/usr/bin/env bash
# river 0.26.1: metrics.ROCAUC of perfectly calibrated click probabilities is .56 where the AUC is .76, and prefers a worse model.
# One would guess: an approximation that is off by a little; its documentation calls the error insignificant for calibrated probabilities,
# and the order of models reliable.
# Instead: the curve has 10 thresholds, evenly over 0 to 1, so that of clicks of 3 % nearly all probabilities lie between two of them. A model
# with a true AUC of .59 that overestimates clicks reaches more of them, and gets a higher figure than the model that knows each chance.
# Why it matters: rare clicks are the rule in rankings and ads; who follows a stream of them with this metric keeps the wrong model.
# n_thresholds=1000 mends it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 river==0.26.1
cd "$work"
"$work/venv/bin/python" - <<'PY'
import numpy as np
from river import metrics
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(0)
fit = rng.normal(size=20_000)
chance = 1 / (1 + np.exp(4 - fit))
clicked = rng.random(fit.size) < chance
overestimates = 1 / (1 + np.exp(0.5 - 0.35 * fit - 0.9 * rng.normal(size=fit.size)))


def rivers(scores, **options):
    metric = metrics.ROCAUC(**options)
    for label, score in zip(clicked.tolist(), scores.tolist()):
        metric.update(label, score)
    return metric.get()


print(f"{clicked.mean():.1%} are clicked, {chance.mean():.1%} foreseen")
found = {}
for name, scores in (("calibrated", chance), ("overestimates", overestimates)):
    found[name] = rivers(scores), rivers(scores, n_thresholds=1000), roc_auc_score(clicked, scores)
    print(f"{name:14} river {found[name][0]:.3f}, with 1,000 thresholds {found[name][1]:.3f}, scikit-learn {found[name][2]:.3f}")
(calibrated, fine, true), (other, _, true_of_other) = found.values()
assert true > 0.75 and true_of_other < 0.6, "the better model is the better one"
assert calibrated < 0.57 and other > calibrated + 0.01, "and gets the lower figure"
assert abs(fine - true) < 0.01
PY

#!/usr/bin/env bash
# XGBoost 3.2.0 (xgboost-cpu): `auc` with query ids depends on the order of the rows.
# One would guess: AUC of a query compares its positives with its negatives, so a perfect order scores 1.0.
# Instead: pairs of documents with EQUAL labels are counted too, as right where the earlier row has the higher score.
# One relevant document in ten, ranked first: 1.0 if the rows come best first, 0.2 if the same rows come in reverse.
# Why it matters: rows stored in the order of an earlier ranker inflate the figure; shuffled ones sink a perfect model.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 xgboost-cpu==3.2.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
import numpy as np
import xgboost as xgb


def auc(labels, scores):
    data = xgb.DMatrix(np.zeros((len(labels), 1)), label=labels, base_margin=scores, qid=np.zeros(len(labels), int))
    model = xgb.Booster({"objective": "rank:ndcg", "eval_metric": "auc", "base_score": 0.0}, [data])  # no tree: the margins are the scores
    return round(float(model.eval(data).split(":")[1]), 6)


scores = np.arange(10, 0, -1.0)
labels = (scores == 10) * 1.0  # the highest score is the relevant one
seen = [auc(labels, scores), auc(labels[::-1], scores[::-1])]
print("AUC of one perfect ranking, rows best first and in reverse:", seen)
assert seen == [1.0, 0.2], seen
PY

#!/usr/bin/env bash
# LightGBM 4.7.0, XGBoost 3.2.0 (xgboost-cpu), CatBoost 1.2.10: the NDCG of a model that gives every document the same score.
# One would guess: a fixed figure between the best and the worst (scikit-learn averages over the orders of a tie).
# Instead: LightGBM and XGBoost keep the order of the rows, so it is 1.0 where the rows are sorted by label; CatBoost takes the
# worst order, so a tie is as bad as being wrong.
# Why it matters: a broken model is perfect on data stored best first, and coarse scores are ranked differently by each library.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 scipy==1.17.1 lightgbm==4.7.0 xgboost-cpu==3.2.0 catboost==1.2.10
cd "$work"
"$work/venv/bin/python" - <<'PY'
import lightgbm as lgb
import numpy as np
import xgboost as xgb
from catboost.utils import eval_metric


def light(labels, scores, metric):
    data = lgb.Dataset(np.arange(len(labels) * 1.0).reshape(-1, 1), labels, group=[len(labels)], init_score=scores)
    kept = {}
    settings = {"objective": "lambdarank", "metric": metric, "eval_at": 3, "learning_rate": 1e-30, "verbose": -1, "num_threads": 1}
    lgb.train(settings, data, 1, valid_sets=[data], callbacks=[lgb.record_evaluation(kept)])  # a step of 1e-30: init_score is the score
    return round(float(kept["training"][f"{metric}@3"][0]), 4)


def boost(labels, scores, metric):
    data = xgb.DMatrix(np.zeros((len(labels), 1)), label=labels, base_margin=scores, qid=np.zeros(len(labels), int))
    model = xgb.Booster({"objective": "rank:ndcg", "eval_metric": metric, "base_score": 0.0}, [data])
    return round(float(model.eval(data).split(":")[1]), 4)


scores = [0.0, 0.0, 0.0]
seen = {
    "LightGBM": [light(labels, scores, "ndcg") for labels in ([1, 0, 0], [0, 0, 1])],
    "XGBoost": [boost(labels, scores, "ndcg") for labels in ([1, 0, 0], [0, 0, 1])],
    "CatBoost": [eval_metric(labels, scores, "NDCG", group_id=[0, 0, 0])[0] for labels in ([1, 0, 0], [0, 0, 1])],
}
print("NDCG of a constant, the relevant row first and last:", seen)
assert seen == {"LightGBM": [1.0, 0.5], "XGBoost": [1.0, 0.5], "CatBoost": [0.5, 0.5]}, seen
PY

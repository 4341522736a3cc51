#!/usr/bin/env bash
# LightGBM 4.7.0, XGBoost 3.2.0 (xgboost-cpu), CatBoost 1.2.10: a query with nothing relevant scores 1.0, or 0.0, within one library.
# One would guess: such a query is left out, or counts as 0 (trec_eval, scikit-learn's ndcg_score).
# Instead: NDCG and MAP are 1.0 in LightGBM and XGBoost; in CatBoost NDCG is 1.0 while MAP and MRR are 0.0.
# Why it matters: with 60 % of the searches unclicked, a mean of 0.8 may be 0.5 on those that count, and the figures of two
# libraries, or two of CatBoost's own, do not compare.
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


labels, scores = [0, 0, 0], [3.0, 2.0, 1.0]
seen = {
    "LightGBM": [light(labels, scores, m) for m in ("ndcg", "map")],
    "XGBoost": [boost(labels, scores, m) for m in ("ndcg", "map")],
    "CatBoost": [eval_metric(labels, scores, m, group_id=[0, 0, 0])[0] for m in ("NDCG", "MAP", "MRR")],
}
print("NDCG, MAP (CatBoost also MRR) of a query without positives:", seen)
assert seen == {"LightGBM": [1.0, 1.0], "XGBoost": [1.0, 1.0], "CatBoost": [1.0, 0.0, 0.0]}, seen
PY

#!/usr/bin/env bash
# CatBoost 1.2.10 and LightGBM 4.7.0: "NDCG" prefers opposite rankings.
# One would guess: NDCG of graded labels means one thing in libraries that train rankers.
# Instead: CatBoost's gain is the grade itself (`type=Base`), LightGBM's is 2^grade - 1 (CatBoost: `type=Exp`), and on one query
# each calls another of two rankings the better one.
# Why it matters: models compared by the NDCG that each library prints are compared by two measures.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 scipy==1.17.1 lightgbm==4.7.0 catboost==1.2.10
cd "$work"
"$work/venv/bin/python" - <<'PY'
import lightgbm as lgb
import numpy as np
from catboost.utils import eval_metric


def light(labels, scores, metric):
    data = lgb.Dataset(np.arange(len(labels) * 1.0).reshape(-1, 1), labels, group=[len(labels)], init_score=scores)
    kept = {}
    settings = {"objective": "lambdarank", "metric": metric, "eval_at": 4, "learning_rate": 1e-30, "verbose": -1, "num_threads": 1}
    lgb.train(settings, data, 1, valid_sets=[data], callbacks=[lgb.record_evaluation(kept)])  # a step of 1e-30: init_score is the score
    return round(float(kept["training"][f"{metric}@4"][0]), 4)


first = [0, 3, 2, 1]  # the grades from the top of one ranking
other = [1, 2, 0, 3]  # of another
scores = [4.0, 3.0, 2.0, 1.0]
seen = {name: [round(m(grades), 4) for grades in (first, other)] for name, m in {
    "LightGBM": lambda g: light(g, scores, "ndcg"),
    "CatBoost": lambda g: eval_metric(g, scores, "NDCG", group_id=[0] * 4)[0],
    "CatBoost, type=Exp": lambda g: eval_metric(g, scores, "NDCG:type=Exp", group_id=[0] * 4)[0],
}.items()}
print("NDCG of the first and of the other ranking:", seen)
assert seen["LightGBM"][0] > seen["LightGBM"][1] and seen["CatBoost"][0] < seen["CatBoost"][1], seen
assert seen["CatBoost, type=Exp"] == seen["LightGBM"], seen
PY

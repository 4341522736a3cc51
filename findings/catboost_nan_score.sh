#!/usr/bin/env bash
# CatBoost 1.2.10: a NaN score is evaluated, as the worst score by one metric and as the best by another.
# One would guess: an error, or a NaN figure.
# Instead: where the only relevant document has the score NaN, NDCG and MAP put it last of four, and QueryAUC says that it is
# ranked above all others: 1.0. No warning.
# Why it matters: a model that diverged for some rows still gets finite figures, one of them perfect.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 catboost==1.2.10
cd "$work"
"$work/venv/bin/python" - <<'PY'
from catboost.utils import eval_metric

labels, scores, query = [0, 0, 0, 1], [4.0, 3.0, 2.0, float("nan")], [0, 0, 0, 0]
seen = {m: round(eval_metric(labels, scores, m, group_id=query)[0], 4) for m in ("NDCG", "MAP", "QueryAUC:type=Ranking")}
print("the relevant document's score is NaN:", seen)
assert seen == {"NDCG": 0.4307, "MAP": 0.25, "QueryAUC:type=Ranking": 1.0}, seen
PY

#!/usr/bin/env bash
# LightGBM 4.7.0 and trec_eval (pytrec_eval-terrier 0.5.11): average precision at k of one ranking is 1.0 or 0.5.
# One would guess: MAP at 2 is one formula.
# Instead: LightGBM's map@k divides by min(relevant, k), trec_eval's map_cut_k by all that is relevant, so with four relevant
# documents nothing can score above 0.5 at 2.
# Why it matters: the figure tuned in training is not the one reported, and they differ most on queries with many positives.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 scipy==1.17.1 lightgbm==4.7.0 pytrec_eval-terrier==0.5.11
cd "$work"
"$work/venv/bin/python" - <<'PY'
import lightgbm as lgb
import numpy as np
import pytrec_eval


def light(labels, scores, metric):
    data = lgb.Dataset(np.arange(len(labels) * 1.0).reshape(-1, 1), labels, group=[len(labels)], init_score=scores)
    kept = {}
    settings = {"objective": "lambdarank", "metric": metric, "eval_at": 2, "learning_rate": 1e-30, "verbose": -1, "num_threads": 1}
    lgb.train(settings, data, 1, valid_sets=[data], callbacks=[lgb.record_evaluation(kept)])  # a step of 1e-30: init_score is the score
    return round(float(kept["training"][f"{metric}@2"][0]), 4)


labels, scores = [1, 1, 0, 1, 1], [9.0, 8.0, 7.0, 1.0, 0.0]
names = ["a", "b", "c", "d", "e"]
trec = pytrec_eval.RelevanceEvaluator({"q": dict(zip(names, labels))}, {"map_cut.2"}).evaluate({"q": dict(zip(names, scores))})
seen = light(labels, scores, "map"), trec["q"]["map_cut_2"]
print("AP at 2, both places relevant, of four relevant documents: LightGBM, trec_eval:", seen)
assert seen == (1.0, 0.5), seen
PY

#!/usr/bin/env bash
# trec_eval (pytrec_eval-terrier 0.5.11): a system that answers fewer queries has a better mean.
# One would guess: a judged query that the run does not answer counts as 0.
# Instead: it is left out of the result, so the mean over the result is that of the queries answered. The command-line tool has `-c`
# for this; the binding has no such argument. An empty dict for the query brings the 0 back.
# Why it matters: dropping the hard queries turns a mean of 0.5 into 1.0, and nothing tells.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 pytrec_eval-terrier==0.5.11
cd "$work"
"$work/venv/bin/python" - <<'PY'
import pytrec_eval

evaluator = pytrec_eval.RelevanceEvaluator({"easy": {"a": 1}, "hard": {"b": 1}}, {"ndcg"})


def mean(run):
    figures = [x["ndcg"] for x in evaluator.evaluate(run).values()]
    return sum(figures) / len(figures)


seen = mean({"easy": {"a": 1.0}}), mean({"easy": {"a": 1.0}, "hard": {}})
print("mean NDCG with the hard query absent, and present but empty:", seen)
assert seen == (1.0, 0.5), seen
PY

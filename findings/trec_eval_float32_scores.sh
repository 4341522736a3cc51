#!/usr/bin/env bash
# trec_eval (pytrec_eval-terrier 0.5.11): a higher score need not rank higher.
# One would guess: scores given as Python floats are compared as such.
# Instead: they are cut to float32; 0.900000001 and 0.9 are then a tie, which the document's name decides.
# Why it matters: scores close to each other (fused runs, calibrated probabilities, time stamps) are ranked by name.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 pytrec_eval-terrier==0.5.11
cd "$work"
"$work/venv/bin/python" - <<'PY'
import pytrec_eval

evaluator = pytrec_eval.RelevanceEvaluator({"q": {"a": 1}}, {"recip_rank"})
seen = [evaluator.evaluate({"q": {"a": score, "b": 0.9}})["q"]["recip_rank"] for score in (0.900000001, 0.9000001)]
print("reciprocal rank of `a` with 0.900000001 and with 0.9000001, against 0.9:", seen)
assert seen == [0.5, 1.0], seen
PY

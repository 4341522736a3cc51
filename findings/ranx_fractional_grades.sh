#!/usr/bin/env bash
# ranx 0.3.21: a relevance of 0.9 is a relevance of 0.
# One would guess: NDCG with a linear gain uses 0.9 as a gain of 0.9, or refuses it (trec_eval's Python binding does).
# Instead: grades are cut to whole numbers in silence, so 1.9 counts as 1 and everything below 1 as not relevant.
# Why it matters: grades that are averages of several judges, or probabilities, lose most of their meaning.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 numba==0.68.1 ranx==0.3.21
cd "$work"
"$work/venv/bin/python" - <<'PY'
from ranx import Qrels, Run, evaluate

run = {"q": {"b": 2.0, "a": 1.0}}  # "b", of grade 1, is ranked above "a"
seen = [round(float(evaluate(Qrels({"q": {"a": grade, "b": 1}}), Run(run), "ndcg")), 4) for grade in (0.0, 0.9, 1.0, 1.9, 2.0)]
print("NDCG where the second document's grade is 0, 0.9, 1, 1.9, 2:", seen)
assert seen == [1.0, 1.0, 1.0, 1.0, 0.8597], seen
alone = evaluate(Qrels({"q": {"a": 0.9}}), Run({"q": {"a": 1.0}}), "ndcg")
print("NDCG of a query whose only document has grade 0.9:", alone)
assert alone == 0.0, alone
PY

#!/usr/bin/env bash
# trec_eval (pytrec_eval-terrier 0.5.11): renaming the documents changes the measure.
# One would guess: tied documents keep the order of the run, or the rank that a run file states.
# Instead: order and rank are ignored, and among equal scores the name that sorts last comes first.
# Why it matters: a system with tied scores is better or worse by how its corpus is numbered, and "10" sorts before "9".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 pytrec_eval-terrier==0.5.11
cd "$work"
"$work/venv/bin/python" - <<'PY'
import pytrec_eval


def ndcg(relevant, other):
    run = {"q": {relevant: 1.0, other: 1.0}}  # the relevant document is stated first
    return round(pytrec_eval.RelevanceEvaluator({"q": {relevant: 1}}, {"ndcg"}).evaluate(run)["q"]["ndcg"], 4)


seen = {names: ndcg(*names) for names in (("a", "b"), ("b", "a"), ("9", "10"), ("09", "10"))}
print("NDCG of two tied documents, (relevant, other):", seen)
assert list(seen.values()) == [0.6309, 1.0, 1.0, 0.6309], seen
PY

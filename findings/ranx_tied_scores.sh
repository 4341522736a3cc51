#!/usr/bin/env bash
# ranx 0.3.21: where a tied document ends up depends on how many documents there are.
# One would guess: one rule for ties: the order of the input, or the document's name.
# Instead: up to 15 documents of one score keep the order of the input; from 16 on most of them come out in reverse.
# Why it matters: a run with coarse scores (a grade, a constant baseline) has another MRR or NDCG when one more document is retrieved.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 numba==0.68.1 ranx==0.3.21
cd "$work"
"$work/venv/bin/python" - <<'PY'
from ranx import Qrels, Run, evaluate


def ranks(n):
    names = [f"d{i:02}" for i in range(n)]
    run = {"q": dict.fromkeys(names, 1.0)}
    return [round(1 / evaluate(Qrels({"q": {name: 1}}), Run(run), "mrr")) for name in names]


seen = ranks(15), ranks(16)
print("ranks of 15 tied documents:", seen[0])
print("ranks of 16 tied documents:", seen[1])
assert seen == (list(range(1, 16)), [*range(15, 0, -1), 16])
PY

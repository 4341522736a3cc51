#!/usr/bin/env bash
# torchmetrics 1.9.0: retrieval average precision at k gives 1.0 to a page with one hit and nine misses.
# One would guess: AP at 10 divides by the number of relevant documents, or by that or 10, whichever is less.
# Instead: it divides by the relevant documents FOUND in the first k, so what is missed costs nothing, and a further hit lower down
# makes the figure worse.
# Why it matters: maximizing it teaches a model to retrieve one sure document and no more.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 torch==2.13.0 torchmetrics==1.9.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
import torch
from torchmetrics.functional.retrieval import retrieval_average_precision as ap

scores = torch.arange(20, 0, -1.0)


def page(*hits):  # ten documents are relevant in all; those not on the page come after it
    target = torch.zeros(20, dtype=torch.int64)
    target[list(hits)] = 1
    target[10 : 20 - len(hits)] = 1
    return round(float(ap(scores, target, top_k=10)), 4)


seen = {"1 hit": page(0), "2 hits": page(0, 9), "10 hits": page(*range(10))}
print("AP at 10, ten relevant documents:", seen)
assert seen == {"1 hit": 1.0, "2 hits": 0.6, "10 hits": 1.0}, seen
PY

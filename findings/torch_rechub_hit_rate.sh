#!/usr/bin/env bash
# torch-rechub 0.9.0: the hit rate is not the share of users with a hit.
# One would guess: Hit at k of two users who both find something is 1.0, as the papers define it.
# Instead: it is all hits over all relevant items, a recall in which a user weighs by the length of their history.
# Why it matters: HR at 10 from this library is far below published ones, and moves with a few heavy users.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 torch==2.13.0 torch-rechub==0.9.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
from torch_rechub.basic.metric import topk_metrics

truth = {"light user": [1], "heavy user": [1, 2, 3, 4, 5, 6, 7, 8, 9]}
pages = {"light user": [1, 20], "heavy user": [1, 20]}  # each has one hit
seen = topk_metrics(truth, pages, topKs=[2])
print(seen["Hit"], seen["Recall"])
assert seen["Hit"] == ["Hit@2: 0.2"], seen
PY

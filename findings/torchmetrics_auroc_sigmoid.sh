#!/usr/bin/env bash
# torchmetrics 1.9.0: binary AUROC, a measure of order alone, changes with the size of the scores and with the batches.
# One would guess: raw scores and probabilities in the same order have the same AUROC.
# Instead: a batch with any score outside [0, 1] goes through a float32 sigmoid first. Scores 40 and 30 become a tie, and scores that
# straddle 1 are mixed with ones that were not transformed, depending on the batch that they came in.
# Why it matters: unbounded ranker scores lose their top, and a larger evaluation batch gives another figure.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 torch==2.13.0 torchmetrics==1.9.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
import torch
from torchmetrics.classification import BinaryAUROC
from torchmetrics.functional.classification import binary_auroc

seen = [float(binary_auroc(torch.tensor(s), torch.tensor([1, 0]))) for s in ([0.4, 0.3], [4.0, 3.0], [40.0, 30.0])]
print("AUROC of a right order of two, scores around 0.4, 4, 40:", seen)
assert seen == [1.0, 1.0, 0.5], seen

scores, labels = torch.tensor([0.9, 0.2, 1.5, -1.0]), torch.tensor([1, 0, 0, 1])
batches = []
for size in (2, 4):
    metric = BinaryAUROC()
    for start in range(0, 4, size):
        metric.update(scores[start : start + size], labels[start : start + size])
    batches.append(float(metric.compute()))
print("AUROC of four scores in batches of 2 and of 4:", batches)
assert batches == [0.75, 0.25], batches
PY

#!/usr/bin/env bash
# DeepCTR-Torch 0.3.0: neighbouring ids above 2^24 share an embedding.
# One would guess: an integer column of a SparseFeat reaches its embedding as an integer.
# Instead: all inputs are joined into one float32 matrix first and cut back to integers, so 16777217 is looked up as 16777216, whose
# row it trains as well, and every second row of the table is never used.
# Why it matters: large vocabularies (users, items, hashed crosses) lose half their ids without an error.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 torch==2.13.0 requests==2.34.2 deepctr-torch==0.3.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
import numpy as np
from deepctr_torch.inputs import SparseFeat
from deepctr_torch.models import WDL

columns = [SparseFeat("item", 2**24 + 8, embedding_dim=1)]
model = WDL(columns, columns, dnn_hidden_units=(1,), device="cpu")
ids = 2**24 + np.array([-2, -1, 0, 1, 2])
scores = model.predict({"item": ids}).ravel()
for item, score in zip(ids, scores):
    print(item, f"{score:.9f}")
assert len(set(scores)) == 4 and scores[2] == scores[3], scores
PY

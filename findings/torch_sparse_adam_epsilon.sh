#!/usr/bin/env bash
# PyTorch 2.13.0: SparseAdam is not Adam on the rows that a batch used; a small gradient moves a row up to 32 times less at first.
# One would guess: where every row has a gradient, SparseAdam ("a masked version of the Adam algorithm") and Adam take the same step.
# Instead: SparseAdam adds epsilon to the root of the mean of squares before that is corrected for its start, Adam after, so that its
# epsilon of 1e-8 acts like 3e-7 in the first step and fades over some thousand.
# Why it matters: gradients of embeddings are small where a loss is a mean over a batch; nn.Embedding(sparse=True) trains otherwise.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 torch==2.13.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
import torch


def first_step(sparse, optimiser, gradient):
    table = torch.nn.Embedding(1, 1, sparse=sparse, dtype=torch.float64)
    torch.nn.init.zeros_(table.weight)
    (gradient * table(torch.tensor([0]))).sum().backward()
    optimiser(table.parameters(), lr=1.0).step()
    return -table.weight.item()


for gradient in (1e-3, 1e-6, 1e-8):
    adam, masked = first_step(False, torch.optim.Adam, gradient), first_step(True, torch.optim.SparseAdam, gradient)
    print(f"gradient {gradient:g}: Adam {adam:.4f}, SparseAdam {masked:.4f} of the learning rate")
assert abs(adam - 0.5) < 1e-6 and masked < 0.04, (adam, masked)
PY

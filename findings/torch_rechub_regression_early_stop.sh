#!/usr/bin/env bash
# torch-rechub 0.9.0: early stopping of a regression task keeps the worst epoch.
# One would guess: MTLTrainer, told that its main task is a regression, looks for the lowest error.
# Instead: it computes the mean squared error and takes a larger one for an improvement (`earlystop_mode` is "max" unless said
# otherwise): it stops while the error still falls and restores the weights of the epoch with the highest.
# Why it matters: a multi-task model with a rating or a duration as its first task is saved untrained.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 torch==2.13.0 torch-rechub==0.9.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
import contextlib
import io
import tempfile

import numpy as np
import torch
from torch_rechub.basic.features import DenseFeature
from torch_rechub.models.multi_task import MMOE
from torch_rechub.trainers import MTLTrainer
from torch_rechub.utils.data import DataGenerator

torch.manual_seed(0)
x = {"a": np.random.default_rng(0).random(256, dtype=np.float32)}
y = np.stack([3 * x["a"] + 1, x["a"]], axis=1)
train, valid, _ = DataGenerator(x, y).generate_dataloader(x_val=x, y_val=y, x_test=x, y_test=y, batch_size=32)
model = MMOE([DenseFeature("a")], ["regression"] * 2, 2, {"dims": [8]}, [{"dims": [8]}] * 2)
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    trainer = MTLTrainer(model, ["regression"] * 2, n_epoch=20, earlystop_patience=3, model_path=tempfile.mkdtemp(dir="."))
    log = trainer.fit(train, valid)
    kept = trainer.evaluate(trainer.model, valid)[0]
errors = [epoch[2] for epoch in log]
print("validation error, epoch by epoch:", [round(float(e), 3) for e in errors], "kept:", round(float(kept), 3))
assert len(errors) < 20 and errors == sorted(errors, reverse=True) and abs(kept - errors[0]) < 1e-6, (errors, kept)
PY

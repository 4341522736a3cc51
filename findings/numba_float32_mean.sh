#!/usr/bin/env bash
# numba 0.68.1: the mean of twenty million times 0.1 is 0.105.
# One would guess: x.mean() under njit is NumPy's, to the last digits at most.
# Instead: it adds one after the other in the type of the array, where NumPy adds in pairs: a float32 sum stops growing
# at about 2^24 times the size of an element.
# Why it matters: the mean loss or click rate of a large float32 column is off by percents, only inside jitted code.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 numba==0.68.1
cd "$work"
"$work/venv/bin/python" - <<'PY'
import numba
import numpy as np


def mean(x):
    return x.mean()


x = np.full(20_000_000, 0.1, np.float32)
seen = round(float(mean(x)), 4), round(float(numba.njit(mean)(x)), 4)
print("mean of 20 million float32 0.1: NumPy, numba:", seen)
assert seen == (0.1, 0.1049), seen
PY

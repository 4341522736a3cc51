#!/usr/bin/env bash
# numba 0.68.1: a mask that is shorter than its array is accepted.
# One would guess: an IndexError, as in NumPy: "boolean index did not match".
# Instead: the rows beyond the mask are dropped as if they were False.
# Why it matters: a mask made from another batch or another task's rows, which a test under NumPy would catch, loses data in silence.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 numba==0.68.1
cd "$work"
"$work/venv/bin/python" - <<'PY'
import numba
import numpy as np


def chosen(x, mask):
    return x[mask]


x, mask = np.arange(5.0), np.array([True, False, True])
seen = numba.njit(chosen)(x, mask).tolist()
print("numba, five values and a mask of three:", seen)
assert seen == [0.0, 2.0], seen
try:
    chosen(x, mask)
    raise SystemExit("NumPy has changed: it used to refuse this")
except IndexError as error:
    print("NumPy:", error)
PY

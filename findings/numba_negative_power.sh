#!/usr/bin/env bash
# numba 0.68.1: the reciprocal rank rank ** -1 is 0 from the second place on.
# One would guess: 0.5 for rank 2 as in Python, or an error as in NumPy ("integers to negative integer powers are not allowed").
# Instead: the power of two integers is an integer, cut towards 0, without a word.
# Why it matters: code that was right before @njit, and stays right for rank 1, turns MRR into the share of first places.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 numba==0.68.1
cd "$work"
"$work/venv/bin/python" - <<'PY'
import numba
import numpy as np


def reciprocal(rank):
    return rank**-1


compiled = numba.njit(reciprocal)
seen = [reciprocal(r) for r in (1, 2, 4)], [compiled(r) for r in (1, 2, 4)], compiled(np.array([1, 2, 4])).tolist()
print("1, 2, 4 to the power of -1: Python, numba, numba on an array:", seen)
assert seen == ([1.0, 0.5, 0.25], [1, 0, 0], [1, 0, 0]), seen
try:
    reciprocal(np.array([1, 2, 4]))
    raise SystemExit("NumPy has changed: it used to refuse this")
except ValueError as error:
    print("NumPy:", error)
PY

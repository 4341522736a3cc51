#!/usr/bin/env bash
# numba 0.68.1: fastmath=True removes the test for NaN that the code contains.
# One would guess: fastmath reorders sums; `if np.isnan(x): continue` still skips.
# Instead: LLVM is promised that no NaN exists, so np.isnan, x != x and np.isfinite are constants, and np.nansum adds NaN.
# Why it matters: NaN is the usual mark of a missing label: a loss or a metric made faster this way counts the rows it must skip.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 numba==0.68.1
cd "$work"
"$work/venv/bin/python" - <<'PY'
import numba
import numpy as np


def kept(x):
    counts = [0, 0, 0]
    for v in x:
        if not np.isnan(v):
            counts[0] += 1
        if v == v:
            counts[1] += 1
        if np.isfinite(v):
            counts[2] += 1
    return counts


def total(x):
    return np.nansum(x)


x = np.array([1.0, np.nan, 3.0, np.nan])
seen = [(list(numba.njit(fastmath=fast)(kept)(x)), float(numba.njit(fastmath=fast)(total)(x))) for fast in (False, True)]
print("rows kept by isnan, v == v, isfinite, and nansum: without fastmath", seen[0], "with it", seen[1])
assert seen[0] == ([2, 2, 2], 4.0), seen[0]
assert seen[1][0] == [4, 4, 4] and np.isnan(seen[1][1]), seen[1]
PY

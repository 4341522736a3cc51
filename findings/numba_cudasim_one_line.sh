#!/usr/bin/env bash
# numba 0.68.1, the CUDA simulator: two shared arrays that are declared on one source line are one array.
# One would guess: two arrays, as on a GPU and as in the same kernel with a line for each.
# Instead: the simulator tells shared arrays apart by the line that declares them; the second name is the first array again.
# Why it matters: `a, b = cuda.shared.array(...), cuda.shared.array(...)` is right on a GPU and gives wrong numbers in its tests.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 numba==0.68.1
cd "$work"
cat >kernels.py <<'PY'
import numpy as np
from numba import cuda, float32


@cuda.jit
def one_line(found):
    a, b = cuda.shared.array(1, float32), cuda.shared.array(1, float32)
    a[0], b[0] = 1, 2
    found[0], found[1] = a[0], b[0]


@cuda.jit
def two_lines(found):
    a = cuda.shared.array(1, float32)
    b = cuda.shared.array(1, float32)
    a[0], b[0] = 1, 2
    found[0], found[1] = a[0], b[0]


seen = {}
for name, kernel in (("one line", one_line), ("two lines", two_lines)):
    found = np.zeros(2, np.float32)
    kernel[1, 1](found)
    seen[name] = found.tolist()
print("a and b, after a = 1 and b = 2:", seen)
assert seen == {"one line": [2.0, 2.0], "two lines": [1.0, 2.0]}, seen
PY
NUMBA_ENABLE_CUDASIM=1 "$work/venv/bin/python" kernels.py

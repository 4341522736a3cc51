#!/usr/bin/env bash
# numba 0.68.1: NUMBA_BOUNDSCHECK=1 checks no bounds in a function that cache=True keeps from a run without it.
# One would guess: a debugging switch that is set in the environment holds for the run, so that an index beyond the end is an IndexError.
# Instead: the switch is no part of the cache's key. The machine code of the earlier run is loaded, unchecked, and the index reads on.
# Why it matters: it is set because something is wrong already, on kernels that were cached long before; "no error with bounds checks" is
# then taken for a proof. Clear the cache, or point NUMBA_CACHE_DIR to an empty folder, when it is set.
# (The array here is a part of a longer one, so the element behind its end exists.)
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 numba==0.68.1
cd "$work"
cat >kernel.py <<'PY'
import numba
import numpy as np


@numba.njit(cache=True)
def at(values, index):
    return values[index]


try:
    print(at(np.arange(10.0)[:5], 5))
except IndexError:
    print("IndexError")
PY
"$work/venv/bin/python" - <<'PY'
import os
import subprocess
import sys


def run(folder, **switches):
    environment = os.environ | {"NUMBA_CACHE_DIR": folder} | switches
    return subprocess.run([sys.executable, "kernel.py"], check=True, capture_output=True, text=True, env=environment).stdout.strip()


seen = {
    "no cache yet, checked": run("first", NUMBA_BOUNDSCHECK="1"),
    "no cache yet": run("second"),
    "cached, checked": run("second", NUMBA_BOUNDSCHECK="1"),
}
print(seen)
assert list(seen.values()) == ["IndexError", "5.0", "5.0"], seen
PY

#!/usr/bin/env bash
# numba 0.68.1: with cache=True, an edit of one file leaves the old code running in another.
# One would guess: a cached function is compiled again when a jitted function that it calls has changed.
# Instead: only the file that holds the function is looked at. A caller in another file goes on with the callee as it was inlined then,
# in every new process, while the callee called directly is new.
# Why it matters: a bug that was mended keeps its effect on one machine and not on another; the cache is a folder nobody looks into.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 numba==0.68.1
cd "$work"
"$work/venv/bin/python" - <<'PY'
import pathlib
import subprocess
import sys

kernel = "import numba\n\n@numba.njit(cache=True)\ndef gain(x):\n    return x + STEP\n"
pathlib.Path("caller.py").write_text(
    "import numba\nfrom kernel import gain\n\n@numba.njit(cache=True)\ndef total(x):\n    return gain(x) * 10.0\n"
    "\nprint(total(1.0), gain(1.0))\n"
)


def run(step):
    pathlib.Path("kernel.py").write_text(kernel.replace("STEP", step))
    return subprocess.run([sys.executable, "caller.py"], check=True, capture_output=True, text=True).stdout.strip()


seen = run("1.0"), run("2.25")
print("total(1), gain(1) before and after the edit of kernel.py:", seen)
assert seen == ("20.0 2.0", "20.0 3.25"), seen
PY

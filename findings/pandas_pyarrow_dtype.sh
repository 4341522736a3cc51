#!/usr/bin/env bash
# pandas 3.1.1 with pyarrow 26.0.1: read_csv(engine="pyarrow", dtype={"a": "str"}) refuses a file because of column b, which dtype does not name.
# One would guess: a type for one column changes that column alone, as it does in the default engine, where b, whole numbers with a gap, is
# float64; without `dtype` it is float64 under pyarrow, too.
# Instead: "cannot convert NA to integer: Error while type casting for column 'b'".
# Why it matters: ids with leading zeros need dtype="str", and a log has gaps: who changes the engine to read it faster gets an error that
# names another column than the one they gave a type, and only on files with a gap.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 pandas==3.1.1 pyarrow==26.0.1
"$work/venv/bin/python" - <<'PY'
import io

import pandas as pd


def type_of_b(content, **options):
    """What read_csv makes of column b, or its error."""
    try:
        return str(pd.read_csv(io.StringIO(content), **options)["b"].dtype)
    except ValueError as error:
        return str(error)


gap, full, typed = "a,b\n007,1\n012,\n", "a,b\n007,1\n012,2\n", {"dtype": {"a": "str"}}
found = {
    "default engine, a is text": type_of_b(gap, **typed),
    "pyarrow": type_of_b(gap, engine="pyarrow"),
    "pyarrow, a is text, no gap": type_of_b(full, engine="pyarrow", **typed),
    "pyarrow, a is text": type_of_b(gap, engine="pyarrow", **typed),
}
for name, b in found.items():
    print(f"{name}: {b}")
*others, last = found.values()
assert others == ["float64", "float64", "int64"] and "column 'b'" in last, "pandas behaves as one would guess now"
PY

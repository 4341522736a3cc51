#!/usr/bin/env bash
# FairRankTune 0.0.7: a page without a single member of one group is perfectly fair.
# One would guess: NDKL takes the groups and their shares from the dictionary of items that it is given.
# Instead: it takes them from the ranking itself, so a group that is absent from the page is absent from the target too, and a page of
# one group only gets 0.0, the best value; a mixed page gets more.
# Why it matters: measured on the first page, which is what people see, full exclusion beats every mixture.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 pandas==3.1.1 scipy==1.17.1 FairRankTune==0.0.7
cd "$work"
"$work/venv/bin/python" - <<'PY'
import pandas as pd
from FairRankTune.Metrics import NDKL

group = dict(zip("abcdef", "mmmfff"))  # half and half
seen = {page: round(float(NDKL(pd.DataFrame({"page": list(page)}), group)), 4) for page in ("abc", "adbe")}
print("NDKL (0 is fair) of m m m and of m f m f:", seen)
assert seen == {"abc": 0.0, "adbe": 0.2816}, seen
PY

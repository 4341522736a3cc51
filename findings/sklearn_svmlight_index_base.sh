#!/usr/bin/env bash
# scikit-learn 1.9.1: load_svmlight_file moves all features by one, depending on the data.
# One would guess: feature 2 of the train file is feature 2 of the test file.
# Instead: with the default zero_based="auto" each file is taken to count from 1 unless an index 0 occurs in it. A file from 0 whose
# first feature happens to be 0 everywhere (and is left out, as the format allows) loads one column to the left.
# Why it matters: this is the format of the learning-to-rank collections; a fold with the shift is scored on the wrong features.
# load_svmlight_files, or zero_based=True, reads both alike.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
cd "$work"
"$work/venv/bin/python" - <<'PY'
from io import BytesIO

from sklearn.datasets import load_svmlight_file

train = b"1 qid:1 0:5 2:7\n0 qid:1 1:1\n"
test = b"1 qid:2 2:7\n0 qid:2 1:1\n"  # the same documents, but that feature 0 is 0
seen = [load_svmlight_file(BytesIO(text))[0].toarray().tolist() for text in (train, test)]
print("train:", seen[0], "test:", seen[1])
assert seen == [[[5, 0, 7], [0, 1, 0]], [[0, 7], [1, 0]]], seen
fixed = load_svmlight_file(BytesIO(test), zero_based=True)[0].toarray().tolist()
assert fixed == [[0, 0, 7], [0, 1, 0]], fixed
PY

#!/usr/bin/env bash
# jsonschema 4.26.0: NaN is a number between 0 and 1.
# One would guess: a value that passes minimum 0 and maximum 1 lies between them.
# Instead: the validator looks for v < 0 and v > 1, of which NaN is neither; and Python's json.loads reads the bare word NaN, which a
# language model writes for "unknown", though JSON has no such number.
# Why it matters: a confidence that passed its schema turns every mean and every sort after it into nonsense.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile jsonschema==4.26.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
import json

import jsonschema

schema = {"type": "object", "properties": {"confidence": {"type": "number", "minimum": 0, "maximum": 1}}}
answer = json.loads('{"confidence": NaN}')
errors = list(jsonschema.Draft202012Validator(schema).iter_errors(answer))
print("answer:", answer, "errors:", errors)
assert errors == [], errors
assert list(jsonschema.Draft202012Validator(schema).iter_errors({"confidence": 1.5}))
PY

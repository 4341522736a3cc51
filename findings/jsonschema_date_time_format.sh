#!/usr/bin/env bash
# jsonschema 4.26.0: with a FormatChecker, "date" is checked and "date-time" is not.
# One would guess: whoever passes format_checker=FormatChecker() gets the formats checked, or told that one cannot be.
# Instead: date-time, uri, hostname and duration need further packages, and are accepted whatever they hold where those are not installed;
# date, time, email and uuid are checked.
# Why it matters: an extraction schema that says date-time looks enforced on one machine and is not on the next.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile jsonschema==4.26.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
import jsonschema


def accepts(name):
    try:
        jsonschema.validate("-", {"type": "string", "format": name}, format_checker=jsonschema.FormatChecker())
    except jsonschema.ValidationError:
        return False
    return True


seen = {name: accepts(name) for name in ("date", "time", "uuid", "date-time", "duration", "hostname", "uri")}
print('is "-" accepted as:', seen)
assert seen == {"date": False, "time": False, "uuid": False, "date-time": True, "duration": True, "hostname": True, "uri": True}, seen
PY

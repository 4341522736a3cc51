"""A local HTTP server that answers as a script says, and remembers what it was sent."""

from __future__ import annotations

import base64
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zlib import crc32

from minirank.llm_client import Client, Limits, Request

NUMBER = {"type": "integer", "minimum": 0, "maximum": 50}
SCHEMA = {"type": "object", "additionalProperties": False, "required": ["n"], "properties": {"n": NUMBER}}
MODEL = "scripted"


@dataclass
class Step:
    """One reply.

    Args:
        status, body, headers: as sent; a body that is no text or bytes is sent as JSON.
        delay: seconds before it.
        drop: close the connection instead of answering.
        claim: Content-Length to claim, other than the true one.
        trickle: seconds between bytes of the body.
    """

    status: int = 200
    body: object = b""
    headers: dict = field(default_factory=dict)
    delay: float = 0.0
    drop: bool = False
    claim: int | None = None
    trickle: float = 0.0


@dataclass
class Received:
    """One request: when it came, its path, headers (lower case) and JSON."""

    time: float
    path: str
    headers: dict
    body: object
    raw: bytes


def answer(content: object = '{"n": 1}', finish: str | None = "stop", **other) -> Step:
    """A chat completion."""
    message = {"role": "assistant", "content": content, **other.pop("message", {})}
    usage = other.pop("usage", {"prompt_tokens": 10, "completion_tokens": 5})
    body = {"model": MODEL, "choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": usage}
    return Step(200, body, **other)


def failure(status: int, message: str, headers: dict | None = None, **fields) -> Step:
    """An error in OpenAI's form."""
    return Step(status, {"error": {"message": message, **fields}}, headers or {})


WIDTH = 32  # of the vectors of `embeddings`


def vector(text: str) -> list[float]:
    """Of a text: the counts of its runs of three letters, hashed; texts that share words point the same way."""
    counts = [0.0] * WIDTH
    for place in range(len(text) + 1):
        counts[crc32(f" {text.lower()} "[place : place + 3].encode("utf-8", "replace")) % WIDTH] += 1.0
    return counts


def embeddings(received: Received, coded: bool = True, **other) -> Step:
    """Vectors of the texts that were sent, the last first: as base64 where that is asked for, unless `coded` is False."""
    rows = list(enumerate(map(vector, received.body["input"])))
    if coded and received.body.get("encoding_format") == "base64":
        rows = [(place, base64.b64encode(struct.pack(f"<{WIDTH}f", *row)).decode()) for place, row in rows]
    data = [{"object": "embedding", "index": place, "embedding": row} for place, row in reversed(rows)]
    tokens = sum(len(text.split()) for text in received.body["input"])
    return Step(200, {"model": MODEL, "data": data, "usage": {"prompt_tokens": 2 * tokens + 1, "total_tokens": 2 * tokens + 1}}, **other)


class ScriptedServer(ThreadingHTTPServer):
    """Answers with the steps in their order, then with `default` for ever.

    Args:
        steps: Step, or a function of Received that gives one.
        default: likewise.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, *steps: Step | Callable, default: Step | Callable | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.steps, self.default = list(steps), default or answer()
        self.received: list[Received] = []
        self.lock = threading.Lock()
        self.in_flight = self.most_in_flight = 0
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> ScriptedServer:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address) -> None:
        """A client that is gone is no news."""

    @property
    def times(self) -> list[float]:
        """When requests came."""
        return [request.time for request in self.received]

    def client(self, timeout: float = 5.0, notice=None, **limits) -> Client:
        """A client of this server; the key comes from LLM_TEST_KEY."""
        return Client(self.url, MODEL, "LLM_TEST_KEY", timeout, Limits(**{"concurrency": 4, **limits}), notice=notice)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet a reply: without it every one waits 40 ms for an acknowledgement

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_POST(self) -> None:
        self._serve()

    def do_GET(self) -> None:
        self._serve()

    def log_message(self, *_) -> None:
        """Silent."""

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(time.monotonic(), self.path, headers, json.loads(raw) if raw else None, raw)
        server = self.server
        with server.lock:
            server.received.append(received)
            step = server.steps.pop(0) if server.steps else server.default
            server.in_flight += 1
            server.most_in_flight = max(server.most_in_flight, server.in_flight)
        try:
            step = step(received) if callable(step) else step
            time.sleep(step.delay)
        finally:
            with server.lock:
                server.in_flight -= 1
        if step.drop:
            self.close_connection = True
            return
        self._reply(step)

    def _reply(self, step: Step) -> None:
        body = step.body if isinstance(step.body, (bytes, str)) else json.dumps(step.body)
        body = body.encode() if isinstance(body, str) else body
        self.send_response(step.status)
        for name, value in {"Content-Type": "application/json", **step.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if step.claim is None else step.claim))
        self.end_headers()
        for part in [body] if not step.trickle else [body[i : i + 1] for i in range(len(body))]:
            self.wfile.write(part)
            self.wfile.flush()
            time.sleep(step.trickle)
        self.close_connection = step.claim is not None


def closed_address() -> str:
    """An address of this machine where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


def documents(count: int, **fields) -> list[Request]:
    """Small requests about documents by number."""
    return [item(f"doc{number}", f"document {number}", **fields) for number in range(count)]


def outcomes(attempts) -> list[str]:
    return [attempt.outcome for attempt in attempts]


def together(call: Callable, count: int, *arguments) -> list:
    """What a call gives in so many threads at the same time."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: call(*arguments), range(count)))


def item(key: str = "k", text: str = "How many?", **fields) -> Request:
    """A small request."""
    return Request(key, ({"role": "user", "content": text},), fields.pop("schema", SCHEMA), **{"max_tokens": 50, **fields})

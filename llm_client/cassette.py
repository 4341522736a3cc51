"""Record exchanges with a real server, and play them back without one.

A cassette is a file of JSON lines. The first names the server and the day; each further one is an exchange:

    {"recorded": "2026-11-22", "server": "llama.cpp", "base_url": "http://127.0.0.1:8080/v1"}
    {"path": "/chat/completions", "sent": {...}, "status": 200, "headers": {...}, "body": "..."}

No key is ever in it: requests are kept without headers, and replies are searched for it.
"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

from .errors import RunError
from .key import Key
from .transport import RawReply, Transport

KEPT_HEADERS = ("content-type", "retry-after", "retry-after-ms", "server")


class Recorder:
    """A transport that also writes down what passes.

    Args:
        transport: to the real server.
        path: of the cassette; an existing one is replaced.
        key: to keep out of the file.
        server: name of the server, for whoever reads the file.
    """

    def __init__(self, transport: Transport, path: str | Path, key: Key, server: str) -> None:
        self._transport, self._key, self._lock = transport, key, threading.Lock()
        self.base_url = transport.base_url
        self._file = Path(path).open("w", encoding="utf-8")
        self._write({"recorded": time.strftime("%Y-%m-%d", time.gmtime()), "server": server, "base_url": self.base_url})

    def post(self, path: str, body: bytes, timeout: float) -> RawReply:
        """As Transport.post; an exchange without a reply is not recorded."""
        raw = self._transport.post(path, body, timeout)
        self._keep(path, json.loads(body), raw)
        return raw

    def get(self, url: str, timeout: float) -> RawReply:
        """As Transport.get."""
        raw = self._transport.get(url, timeout)
        self._keep(url, None, raw)
        return raw

    def close(self) -> None:
        """Close this thread's connections; the file stays open for the others."""
        self._transport.close()

    def end(self) -> None:
        """Close the file."""
        self._file.close()

    def _keep(self, path: str, sent: object, raw: RawReply) -> None:
        headers = {name: raw.headers[name] for name in KEPT_HEADERS if name in raw.headers}
        body = raw.body.decode("utf-8", "replace")
        self._write({"path": path, "sent": sent, "status": raw.status, "headers": headers, "body": body})

    def _write(self, line: dict) -> None:
        with self._lock:
            self._file.write(self._key.redact(json.dumps(line, ensure_ascii=False)) + "\n")
            self._file.flush()


class Player:
    """A transport that answers from a cassette: the same request gets the same reply, repeated ones in their order.

    Args:
        path: of the cassette.
    Raises:
        RunError: not a cassette.
    """

    def __init__(self, path: str | Path) -> None:
        self._path, self._lock = path, threading.Lock()
        self._replies: dict[str, list[RawReply]] = {}
        try:
            with Path(path).open(encoding="utf-8") as lines:
                self.header = json.loads(next(lines))
                self.base_url = self.header["base_url"]
                for line in lines:
                    kept = json.loads(line)
                    raw = RawReply(kept["status"], kept["headers"], kept["body"].encode())
                    self._replies.setdefault(_name(kept["path"], kept["sent"]), []).append(raw)
        except (OSError, ValueError, KeyError, TypeError, StopIteration) as error:
            raise RunError(f"{path} is not a cassette: {type(error).__name__}; record it again", kind="cassette") from None

    def post(self, path: str, body: bytes, timeout: float) -> RawReply:
        """The recorded reply; the last one again once they are used up."""
        return self._play(_name(path, json.loads(body)))

    def get(self, url: str, timeout: float) -> RawReply:
        """The recorded page."""
        return self._play(_name(url, None))

    def close(self) -> None:
        """Nothing to close."""

    def _play(self, name: str) -> RawReply:
        with self._lock:
            replies = self._replies.get(name)
            if not replies:
                raise RunError(f"{self._path} has no such exchange; record it again with this prompt and model", kind="cassette")
            return replies.pop(0) if len(replies) > 1 else replies[0]


def _name(path: str, sent: object) -> str:
    return path + json.dumps(sent, sort_keys=True)

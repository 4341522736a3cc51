"""Record exchanges with a real server, and play them back without one: for lessons, for tests, for a report of a fault.

    minirank extract DATA --base-url URL --model M --record cassette.jsonl
    minirank extract DATA --replay cassette.jsonl

A cassette is a file of JSON lines. The first names the server and the day; each further one is an exchange:

    {"recorded": "2026-11-22", "server": "llama.cpp", "model": "smollm2-135m", "base_url": "http://127.0.0.1:8080/v1"}
    {"path": "/chat/completions", "sent": {...}, "status": 200, "headers": {...}, "body": "..."}

No key is ever in it: requests are kept without headers, and replies are searched for it. A record that was killed
goes on where it ended; half a line at its end is left out.
"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

from .address import canonical_url
from .errors import FatalError
from .forks import renew_in_forks
from .key import Key
from .request import RUNGS, Ability
from .transport import RawReply, Transport

KEPT_HEADERS = ("content-type", "retry-after", "retry-after-ms", "server")


class Recorder:
    """A transport that also writes down what passes.

    Args:
        transport: to the real server.
        path: of the cassette; one of the same server is continued.
        key: to keep out of the file.
        server: name of the server, for whoever reads the file; by default what its replies call themselves.
    Raises:
        FatalError: the file cannot be written, or is something else than a cassette of this server.
    """

    def __init__(self, transport: Transport, path: str | Path, key: Key, server: str | None = None) -> None:
        self._transport, self._key = transport, key
        renew_in_forks(self).renew()
        self.base_url, self.exchanges = transport.base_url, 0
        self._path, self._server = Path(path), server
        self._made = not self._path.exists()
        self._begun = not self._made and self._path.stat().st_size > 0
        if self._begun and (recorded := Player(path).base_url) != self.base_url:
            raise FatalError(f"{path} is a cassette of {recorded}; give another file", kind="cassette")
        try:
            self._file = self._path.open("a+b", buffering=0)
            if self._begun:
                self._file.seek(0)
                content = self._file.read()
                end = content.rfind(b"\n") + 1
                if _is_json(content[end:]):
                    self._file.write(b"\n")  # which an editor left out
                else:
                    self._file.truncate(end)  # what a kill left of a line
        except OSError as error:
            raise self._unwritable(error) from None

    def renew(self) -> None:
        """Nobody else writes in a forked process."""
        self._lock = threading.Lock()

    @property
    def withholds_key(self) -> bool:
        """As of the transport."""
        return self._transport.withholds_key

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
        """Close the file; a new one without an exchange is removed."""
        self._file.close()
        if self._made and not self._begun:
            self._path.unlink(missing_ok=True)

    def _keep(self, path: str, sent: dict | None, raw: RawReply) -> None:
        headers = {name: raw.headers[name] for name in KEPT_HEADERS if name in raw.headers}
        body = raw.body.decode("utf-8", "replace")
        with self._lock:
            if not self._begun:
                self._begun = True
                day, server = time.strftime("%Y-%m-%d", time.gmtime()), self._server or headers.get("server")
                self._write({"recorded": day, "server": server, "model": sent and sent["model"], "base_url": self.base_url})
            self.exchanges += 1
            self._write({"path": path, "sent": sent, "status": raw.status, "headers": headers, "body": body})

    def _write(self, line: dict) -> None:
        content = (self._key.redact(json.dumps(line, ensure_ascii=False)) + "\n").encode("utf-8", "replace")
        try:
            while content:
                content = content[self._file.write(content) :]
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> FatalError:
        return FatalError(f"{self._path} cannot be written: {error.strerror or error}; give another file or free some space", kind="record")


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


class Player:
    """A transport that answers from a cassette: the same request gets the same reply, repeated ones in their order.

    Args:
        path: of the cassette.
    Raises:
        FatalError: not a cassette.

    `header` is its first line, `model` the one that was asked (None where none was), `ability` what the server was
    found to accept in the end: a client that starts with it repeats no probe.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = path
        renew_in_forks(self).renew()
        self._replies: dict[str, list[RawReply]] = {}
        self.model, self.ability = None, Ability()
        try:
            with Path(path).open(encoding="utf-8") as lines:
                self.header = json.loads(next(lines))
                self.base_url = canonical_url(self.header["base_url"])
                for line in lines:
                    try:
                        exchange = json.loads(line)
                    except ValueError:
                        if line.endswith("\n"):
                            raise
                        break  # what a kill left of a line
                    self._add(exchange)
        except OSError as error:
            raise FatalError(f"{path} cannot be read: {error.strerror or error}", kind="cassette") from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, StopIteration) as error:
            raise FatalError(f"{path} is not a cassette: {type(error).__name__}; record it again", kind="cassette") from None

    def renew(self) -> None:
        """Nobody else reads on in a forked process."""
        self._lock = threading.Lock()

    def _add(self, exchange: dict) -> None:
        raw = RawReply(int(exchange["status"]), dict(exchange["headers"]), exchange["body"].encode())
        self._replies.setdefault(_name(exchange["path"], exchange["sent"]), []).append(raw)
        if exchange["sent"] is not None:
            self.model = exchange["sent"]["model"]
            self.ability = _ability(exchange["sent"]) if raw.status == 200 else self.ability

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
                raise FatalError(f"{self._path} has no such exchange; record it again with this prompt and model", kind="cassette")
            return replies.pop(0) if len(replies) > 1 else replies[0]


def _ability(sent: dict) -> Ability:
    """What a request asked of its server."""
    name = sent.get("response_format", {}).get("type", "text")
    return Ability(
        rung=RUNGS.index(name),
        max_tokens="max_tokens" if "max_tokens" in sent else "max_completion_tokens",
        temperature="temperature" in sent,
        system=any(message["role"] == "system" for message in sent["messages"]),
        grammar="grammar" in sent,
    )


def _name(path: str, sent: object) -> str:
    return path + json.dumps(sent, sort_keys=True)

"""Connections that keep a deadline, whatever a server trickles.

The timeout of a socket is that of one wait, and a server that sends a byte a second never meets it. Here each wait of
an exchange (the body out, the status line, the headers and the body back) gets what is left until the deadline of
the exchange that its thread is in. It costs a clock and a field of the socket for each wait, and no thread.

A query that the server's address has is added here, where the request is written: above, libraries log addresses.
"""

from __future__ import annotations

import io
import socket
import threading
import time
from functools import cache
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter

_exchange = threading.local()


def begin(seconds: float, query: str = "") -> None:
    """This thread's next exchange ends within so many seconds; its address ends with this query."""
    _exchange.deadline, _exchange.query = time.monotonic() + seconds, query


def seconds_left() -> float:
    """Until the deadline.

    Raises:
        TimeoutError: it has passed.
    """
    left = _exchange.deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


class Adapter(HTTPAdapter):
    """An adapter of requests whose connections keep the deadline, those to a proxy as well."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _make_punctual(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        if proxy not in self.proxy_manager:
            _make_punctual(super().proxy_manager_for(proxy, **kwargs))
        return self.proxy_manager[proxy]


class _Reader(io.RawIOBase):
    """What a socket receives, each wait with what is left."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw, self._sock = raw, sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int | None:
        self._sock.settimeout(seconds_left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args, **kwargs) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Reader(self.fp.detach(), sock))


class _Punctual(HTTPConnection):
    """Mixed into a connection of urllib3: it sends and receives in time."""

    response_class = _Response

    def putrequest(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        super().putrequest(method, f"{url}?{_exchange.query}" if _exchange.query else url, *args, **kwargs)

    def send(self, data) -> None:
        if self.sock is None:
            self.connect()
        self.sock.settimeout(seconds_left())
        super().send(data)


def _make_punctual(manager) -> None:
    """The connections that a manager of urllib3 will make keep the deadline."""
    manager.pool_classes_by_scheme = {scheme: _punctual_pool(pool) for scheme, pool in manager.pool_classes_by_scheme.items()}


@cache
def _punctual_pool(pool: Any) -> type:
    connection = type("PunctualConnection", (_Punctual, pool.ConnectionCls), {})
    return type("PunctualPool", (pool,), {"ConnectionCls": connection})

"""Bytes to and from a server, over one connection pool a thread."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.exceptions import BaseHTTPError  # type: ignore[attr-defined]  # urllib3's, met while a body is read

from . import deadline
from .address import API_VERSION, is_loopback, may_carry_key, page, shown
from .errors import FatalError, RetryLater
from .forks import renew_in_forks
from .key import Key

CONNECT_SECONDS = 10.0
MAX_BYTES = 16_000_000  # of a reply
CHUNK = 65_536
AGENT, JSON = "minirank", "application/json"


@dataclass(frozen=True)
class RawReply:
    """A reply as it came.

    Args:
        status: HTTP status.
        headers: names in lower case.
        body: bytes.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """Sends requests to one server.

    The key travels only to that server, over https or within this machine; redirects are never followed.

    Args:
        base_url: canonical; `transport.base_url` is what may be shown of it.
        key: of the API.
    """

    def __init__(self, base_url: str, key: Key) -> None:
        self.base_url, self._query = shown(base_url), urlsplit(base_url).query
        self._azure = API_VERSION in {name.lower() for name, _ in parse_qsl(self._query, keep_blank_values=True)}
        self._key = key
        renew_in_forks(self).renew()
        with requests.Session() as session:  # proxies and certificates of the environment
            self._settings = session.merge_environment_settings(base_url, {}, True, None, None)
        if is_loopback(base_url):
            self._settings["proxies"] = {}  # a proxy cannot reach this machine's own servers

    def renew(self) -> None:
        """Let each thread connect anew: a forked process must not write into its parent's connections."""
        self._local = threading.local()

    @property
    def withholds_key(self) -> bool:
        """Whether there is a key that must not travel to this address."""
        return bool(self._key) and not may_carry_key(self.base_url)

    def post(self, path: str, body: bytes, timeout: float) -> RawReply:
        """Send JSON.

        Args:
            path: below base_url, such as `/chat/completions`.
            body: JSON in UTF-8.
            timeout: seconds until the whole reply is there; of them at most 10 for each address of the host to connect to.
        Raises:
            RetryLater: no reply; kind `timeout`, `stale` (a kept connection was gone), `lost`, `unreachable`.
            FatalError: a reply that is too long, or an address that cannot work.
        """
        return self._send("POST", page(self.base_url, path), body, timeout)

    def get(self, url: str, timeout: float) -> RawReply:
        """Ask for a page of the same server; `url` is complete but for the query of the server's address."""
        return self._send("GET", url, None, timeout)

    def close(self) -> None:
        """Close this thread's connections."""
        if getattr(self._local, "session", None) is not None:
            self._local.session.close()
            self._local.session = None

    def _send(self, method: str, url: str, body: bytes | None, timeout: float) -> RawReply:
        local = self._local
        if getattr(local, "session", None) is None:
            local.session, local.prepared, local.sent = _session(), {}, 0
        deadline.begin(timeout, self._query)
        try:
            seconds, request = (min(CONNECT_SECONDS, timeout), timeout), self._prepared(method, url, body)
            response = local.session.send(request, timeout=seconds, allow_redirects=False, **self._settings)
            with response:
                content = _read(response.raw)
            local.sent += 1
            redact = self._key.redact  # servers and proxies echo what they were sent
            headers = {name.lower(): redact(value) for name, value in response.headers.items()}
            return RawReply(response.status_code, headers, self._key.redact_bytes(content))
        except (requests.RequestException, BaseHTTPError, OSError) as error:
            reused = local.sent > 0
            self.close()
            raise self._sorted(error, reused, timeout) from None  # NOTE: requests' own errors carry the request, key and all

    def _prepared(self, method: str, url: str, body: bytes | None) -> requests.PreparedRequest:
        """SPEED: one template a thread; requests would merge cookies, proxies and .netrc again for every call."""
        template = self._local.prepared.get((method, url))
        if template is None:
            headers = {"Content-Type": JSON, "Accept": JSON, "User-Agent": AGENT, "Accept-Encoding": "gzip, deflate"}
            if not self.withholds_key:
                headers |= self._key.header(self._azure)
            template = requests.Request(method, url, headers=headers, data=b"").prepare()
            self._local.prepared[method, url] = template
        prepared = template.copy()
        if body is not None:
            prepared.body = body
            prepared.headers["Content-Length"] = str(len(body))
        return prepared

    def _sorted(self, error: Exception, reused: bool, timeout: float) -> Exception:
        """The error of requests as one of ours."""
        if isinstance(error, _TooLong):
            return FatalError(f"the server's reply has more than {MAX_BYTES} bytes; is {self.base_url} an LLM server?", kind="bad reply")
        if isinstance(error, requests.exceptions.SSLError):
            return FatalError(f"{self.base_url}: the certificate cannot be trusted; set REQUESTS_CA_BUNDLE", kind="certificate")
        if isinstance(error, requests.ConnectTimeout) or "NewConnectionError" in repr(error) or "NameResolution" in repr(error):
            return RetryLater(f"nothing answers at {self.base_url}; is the server running?", kind="unreachable")
        if isinstance(error, (requests.Timeout, TimeoutError)) or "timed out" in str(error):
            return RetryLater(f"no complete reply within {timeout:g} s", kind="timeout")
        if type(error).__name__ == "DecodeError":  # urllib3's
            return RetryLater(
                "the reply cannot be unpacked as its headers say; let the server or gateway send it plain", kind="bad reply", status=200
            )
        if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.InvalidHeader)):
            return FatalError(f"{self.base_url} cannot be used: {type(error).__name__}", kind="config")
        return RetryLater("the connection was lost before the reply was complete", kind="stale" if reused else "lost")


def _session() -> requests.Session:
    session = requests.Session()
    adapter = deadline.Adapter(pool_connections=1, pool_maxsize=1)  # makes no retries of its own: there is one retry loop
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


class _TooLong(OSError):
    """A reply that does not end."""


def _read(raw) -> bytes:
    """The whole body."""
    parts, size = [], 0
    while part := raw.read(CHUNK, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > MAX_BYTES:
            raise _TooLong
    return b"".join(parts)

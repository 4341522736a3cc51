"""One canonical form for the address of a server."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from .errors import FatalError

ENDPOINTS = ("/chat/completions", "/completions", "/models")


def canonical_url(base_url: str) -> str:
    """The address up to its version: `http://host:port/v1`.

    `http://host`, `http://host/`, `host:8000/v1/` and the full address of an endpoint all give the same;
    a path that is not empty is kept as it is (`https://host/openai`), for only its owner knows its version.

    Args:
        base_url: as a user typed it; without a scheme, http for this machine and https elsewhere.
    Returns:
        No trailing slash; scheme and host in lower case, default ports left out.
    Raises:
        FatalError: no address, another scheme, or a key, a user or a query inside it.
    """
    text = base_url.strip()
    if "://" not in text:
        text = ("http://" if is_loopback(f"http://{text}") else "https://") + text
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme.lower() not in ("http", "https") or not text.isprintable() or " " in text:
        raise FatalError("base_url is not an address; write it like http://127.0.0.1:8080/v1", kind="config")
    if parts.username is not None or parts.query or parts.fragment:
        raise FatalError("base_url holds a user, a query or a fragment; give the key in the environment only", kind="config")
    scheme = parts.scheme.lower()
    name = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}[scheme]
    path = "/".join(part for part in parts.path.split("/") if part)
    path = f"/{path}" if path else ""
    for endpoint in ENDPOINTS:
        path = path.removesuffix(endpoint)
    return f"{scheme}://{name}{'' if port in (None, default) else f':{port}'}{path or '/v1'}"


def is_loopback(url: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or host.endswith(".localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def may_carry_key(url: str) -> bool:
    """A key travels over https, or over http within this machine; nowhere else."""
    return url.startswith("https://") or is_loopback(url)

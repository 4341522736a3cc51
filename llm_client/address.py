"""One canonical form for the address of a server."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import parse_qsl, quote, unquote_plus, urlsplit

from .errors import FatalError

ENDPOINTS = ("/chat/completions", "/completions", "/models", "/embeddings")
HIDDEN = "[key]"
API_VERSION = "api-version"  # in the query of Azure's classic form
_KEY = re.compile(r"(?i)(?:(?:api|access|auth)[-_]?)?(?:key|token)")  # parameters that would carry the key itself
# Parameters that are no secret, and values that look like one.
_PLAIN = re.compile(r"(?i)[\w-]*version|deployment[\w-]*|model|provider|project|region|location|format|stream")
_SECRET_NAME = re.compile(r"(?i)key|token|secret|sig|code|pass|auth|cred")
_IN_QUERY = "!$%&'()*+,/:;=?@[]~"  # stays as typed; letters outside ASCII are quoted
_LONG = 20  # characters


def canonical_url(base_url: str) -> str:
    """The address up to its version: `http://host:port/v1`.

    `http://host`, `http://host/`, `host:8000/v1/` and the full address of an endpoint all give the same;
    a path that is not empty is kept as it is (`https://host/openai`), for only its owner knows its version. So is a query,
    such as Azure's `https://host/openai/deployments/NAME?api-version=2024-10-21`; it follows the path of each request.

    Args:
        base_url: as a user typed it; without a scheme, http for this machine and https elsewhere.
    Returns:
        No trailing slash; scheme and host in lower case, default ports left out.
    Raises:
        FatalError: no address, another scheme, or a key, a user or a fragment inside it.
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
    names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    if parts.username is not None or parts.fragment or any(map(_KEY.fullmatch, names)):
        raise FatalError("base_url holds a user, a key or a fragment; give the key in the environment only", kind="config")
    scheme = parts.scheme.lower()
    name = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}[scheme]
    path = "/".join(part for part in parts.path.split("/") if part)
    path = f"/{path}" if path else ""
    for endpoint in ENDPOINTS:
        path = path.removesuffix(endpoint)
    query = f"?{quote(parts.query, safe=_IN_QUERY)}" if parts.query else ""
    made = f"{scheme}://{name}{'' if port in (None, default) else f':{port}'}{path or '/v1'}{query}"
    if secrets(made) and not may_carry_key(made):
        raise FatalError("base_url holds what may be a secret and is not https; use https", kind="config")
    return made


def secrets(url: str) -> tuple[str, ...]:
    """Values in the query of an address that may be secrets, as they stand there: `sig`, `code`, or what is as long as a key."""
    pairs = [pair.partition("=") for pair in urlsplit(url).query.split("&")]
    return tuple(value for name, _, value in pairs if value and _is_secret(unquote_plus(name), value))


def _is_secret(name: str, value: str) -> bool:
    return not _PLAIN.fullmatch(name) and (bool(_SECRET_NAME.search(name)) or len(value) >= _LONG)


def shown(url: str) -> str:
    """An address without what may be a secret in its query: for messages, logs and records."""
    address, mark, query = url.partition("?")
    pairs = [pair.partition("=") for pair in query.split("&")]
    return (
        address
        + mark
        + "&".join(f"{name}{is_}{HIDDEN if value and _is_secret(unquote_plus(name), value) else value}" for name, is_, value in pairs)
    )


def page(url: str, path: str = "", version: bool = True) -> str:
    """A page below an address, without its query; below the host rather than below /v1 where `version` is False."""
    address = url.partition("?")[0]
    return (address if version else address.removesuffix("/v1")) + path


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

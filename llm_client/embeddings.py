"""Vectors of texts, one call: what `/embeddings` is asked, and what its reply means.

A vector is kept as bytes, float32 in little-endian order, the form in which servers send it as base64: no array library is needed
here, and readers take it as it is.
"""

from __future__ import annotations

import base64
import binascii
import math
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from .client import CUT, BeforeSend, Client, Endpoint
from .cost import BYTES_A_TOKEN, Attempt, least_tokens
from .errors import CapabilityError, FatalError, ItemError, LLMError, RetryLater
from .neutralise import neutralise
from .replies import count_of, instead_of_json, read_body, shortened, sort_error
from .transport import RawReply

PATH = "/embeddings"
FLOAT_BYTES = 4
MOST_WIDTH = 65_536  # numbers of a vector


@dataclass(frozen=True)
class Embeddings:
    """A reply.

    Args:
        vectors: of the texts, in their order: float32, little-endian, all of one width.
        width: numbers of a vector.
        model: the name that the server gave.
        tokens_in: as the server counted them, None where it did not.
        cut: the server counted fewer tokens than the texts can have: it read only the beginning of one of them.
        attempts: all that was sent for it.
    """

    vectors: tuple[bytes, ...]
    width: int
    model: str
    tokens_in: int | None
    cut: bool = False
    attempts: tuple[Attempt, ...] = ()


class Unnumbered(LLMError):
    """The reply does not say which vector is of which text: ask for one at a time."""


def embed(client: Client, texts: Sequence[str], before_send: BeforeSend = None) -> Embeddings:
    """The vectors of a few texts, in one request, with the client's retries and limits.

    Args:
        texts: none of them blank.
        before_send: as `Client.complete` takes it.
    Raises:
        ItemError: the server takes one of them not, or not so many together; `kind` says why, such as `context`.
        Unnumbered: see there.
        FatalError: no further call can succeed.
        Stopped: the client was stopped before the call was sent.
    """
    attempts: list[Attempt] = []
    sent = {"model": client.model, "input": [neutralise(text) for text in texts]}
    try:
        with client.first_alone():
            found = _exchange(client, sent, attempts, before_send)
            client.pace.open()
        if len(found.vectors) != len(texts):
            raise Unnumbered(f"{len(texts):,} texts got {len(found.vectors):,} vectors", kind="unnumbered")
    except LLMError as error:
        error.attempts = tuple(attempts)
        raise
    least = sum(map(least_tokens, sent["input"]))
    cut = found.tokens_in is not None and found.tokens_in < CUT * least
    return Embeddings(found.vectors, found.width, found.model, found.tokens_in, cut, tuple(attempts))


def _exchange(client: Client, sent: dict, attempts: list[Attempt], before_send: BeforeSend) -> Embeddings:
    """Ask for base64, and for lists of numbers where the server rejects that."""
    if client.ability.base64:
        try:
            return client.exchange(sent | {"encoding_format": "base64"}, 0, "embeddings", attempts, before_send, ENDPOINT)
        except CapabilityError:
            client.learn(replace(client.ability, base64=False))
    try:
        return client.exchange(sent, 0, "embeddings", attempts, before_send, ENDPOINT)
    except CapabilityError as error:
        raise ItemError(f"rejected: {error}", kind="rejected", status=error.status) from None


def read_embeddings(raw: RawReply) -> Embeddings:
    """Read a reply of `/embeddings`, by the numbers that its entries carry and not by their order.

    Raises:
        RetryLater, CapabilityError, ItemError, FatalError, Unnumbered: whatever it is instead of vectors.
    """
    text, content = read_body(raw)
    if isinstance(content, list) and content:
        content = content[0]
    if raw.status != 200 or not isinstance(content, dict) or content.get("error") or "data" not in content:
        error = sort_error(raw, text, content)
        if error.kind == "address":
            said = f"the server answered {raw.status}: it has no {PATH} for this model"
            raise FatalError(f"{said}; name a server and a model that embeds", kind="address", status=raw.status)
        if raw.status == 200:
            what = instead_of_json(text)[0] if content is None else "no list of vectors"
            raise RetryLater(f"the reply is {what}: {shortened(text) or 'nothing'}", kind="bad reply", status=200)
        raise error
    data = content["data"] if isinstance(content["data"], list) else []
    entries = [entry for entry in data if isinstance(entry, dict)]
    places = [entry.get("index") for entry in entries]
    if len(entries) != 1 and sorted(place for place in places if type(place) is int) != list(range(len(data))):
        raise Unnumbered("the server does not number its vectors", kind="unnumbered")
    vectors = [_vector(entry.get("embedding"), text) for entry in sorted(entries, key=lambda entry: entry.get("index") or 0)]
    if not vectors or len({len(vector) for vector in vectors}) != 1:
        raise RetryLater(f"the reply has {'no vector' if not vectors else 'vectors of several widths'} in it", kind="bad reply", status=200)
    usage = content["usage"] if isinstance(content.get("usage"), dict) else {}
    model = content["model"] if isinstance(content.get("model"), str) else ""
    return Embeddings(tuple(vectors), len(vectors[0]) // FLOAT_BYTES, model, count_of(usage, "prompt_tokens", "input_tokens") or None)


def _vector(found: object, text: str) -> bytes:
    """A vector as bytes, from base64 or from a list of numbers.

    Raises:
        RetryLater: it is neither, or is no direction: a number is not finite, or all are 0.
    """
    try:
        if isinstance(found, str):
            numbers = array("f", base64.b64decode(found, validate=True))
            if sys.byteorder == "big":
                numbers.byteswap()
        else:
            numbers = array("f", cast(list, found))
        if 0 < len(numbers) <= MOST_WIDTH and all(map(math.isfinite, numbers)) and any(numbers):
            if sys.byteorder == "big":
                numbers.byteswap()
            return numbers.tobytes()
    except (TypeError, ValueError, OverflowError, binascii.Error):
        pass
    raise RetryLater(f"the reply holds no vector of finite numbers: {shortened(text)}", kind="bad reply", status=200)


def _counted(found: Embeddings, body: bytes) -> tuple[int, int, bool]:
    """Tokens of the texts, none of an answer, and whether they are our estimate."""
    return (len(body) // BYTES_A_TOKEN, 0, True) if found.tokens_in is None else (found.tokens_in, 0, False)


ENDPOINT = Endpoint(PATH, read_embeddings, _counted)

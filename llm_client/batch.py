"""The Batch file format of OpenAI: requests out, answers in, for half the price and a day's patience."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from .client import RAISE_CAP
from .cost import Attempt, Limits
from .errors import FatalError, ItemError, LLMError
from .parse_json import InvalidReply, Unfinished, is_loop, read_answer
from .replies import read_completion
from .request import Ability, Request, payload
from .store import Store
from .transport import RawReply

MAX_LINES = 50_000  # of a file, as OpenAI allows
MAX_BYTES = 200_000_000
ENDPOINT = "/v1/chat/completions"
RUNG = "batch"


@dataclass(frozen=True)
class BatchReport:
    """What came back.

    Args:
        done, failed: results taken over.
        known: lines whose result the store had already.
        missing: custom_ids that were asked for and have no line.
        unknown: custom_ids that belong to no request of this input.
    """

    done: int
    failed: int
    known: int
    missing: tuple[str, ...]
    unknown: tuple[str, ...]


def write_batch(
    requests: Iterable[Request],
    model: str,
    store: Store,
    folder: str | Path,
    ability: Ability | None = None,
    limits: Limits = Limits(),
    force: bool = False,
) -> list[Path]:
    """Write requests that the store has no result for; custom_id is the digest.

    Args:
        requests: the input; its items are noted as pending.
        folder: gets `batch_001.jsonl` and so on, each within the limits of a file.
        ability: what the server accepts; by default everything but a grammar, which no Batch service is known to take.
        limits: with max_tokens.
        force: replace the files that the folder has of an earlier batch.
    Raises:
        FatalError: it has some.
    Returns:
        The files, none when nothing is to be asked.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    before = sorted(folder.glob("batch_[0-9][0-9][0-9].jsonl"))
    if before and not force:
        raise FatalError(f"{before[0]} exists; give another folder, or overwrite the batch that it holds with --force", kind="batch")
    files: list[Path] = []
    lines, size = MAX_LINES, 0
    with store.writing() as run, ExitStack() as opened:
        for digest, request in _pending(requests, model, store, run):
            body = payload(request, model, ability or Ability(grammar=False), limits.cap(request.max_tokens))
            asked = {"custom_id": digest, "method": "POST", "url": ENDPOINT, "body": body}
            line = f"{json.dumps(asked, ensure_ascii=False)}\n".encode()
            if lines >= MAX_LINES or size + len(line) > MAX_BYTES:
                files.append(folder / f"batch_{len(files) + 1:03}.jsonl")
                opened.close()
                _part(files[-1]).unlink(missing_ok=True)  # of a process that was killed
                out, lines, size = opened.enter_context(_part(files[-1]).open("xb")), 0, 0
            out.write(line)
            lines, size = lines + 1, size + len(line)
    for path in before:
        path.unlink()
    for path in files:
        _part(path).replace(path)
    return files


def _part(path: Path) -> Path:
    """The file while it is being written."""
    return path.with_name(f".{path.name}.part")


def read_batch(
    paths: Iterable[str | Path], requests: Callable[[], Iterable[Request]], model: str, store: Store, limits: Limits
) -> BatchReport:
    """Take answers into the store, each validated like a live one.

    Args:
        paths: output and error files, in any order, lines in any order.
        requests: makes the input again: it has the schemas.
        limits: with the prices of a batch.
    Raises:
        FatalError: a line that is not one of a batch file.
    """
    asked = {request.digest(model): request.schema for request in requests()}
    done = failed = known = 0
    unknown, seen = [], set()
    with store.writing() as run:
        store.register(requests(), model, run)
        for name, content in _lines(paths):
            if name not in asked:
                unknown.append(name)
                continue
            seen.add(name)
            if store.status(name) != "pending":
                known += 1
                continue
            try:
                value, notes, attempt = _answer(content, asked[name], limits)
                store.finish(name, value, {"model": model, **notes}, [attempt])
                done += 1
            except LLMError as error:
                store.fail(name, error, {"model": model, "rung": RUNG})
                failed += 1
        missing = tuple(name for name in asked if name not in seen and store.status(name) == "pending")
    return BatchReport(done, failed, known, missing, tuple(unknown))


def _pending(requests: Iterable[Request], model: str, store: Store, run: int) -> Iterator[tuple[str, Request]]:
    written = set()
    for request in requests:
        digest = request.digest(model)
        store.register([request], model, run)
        if digest not in written and store.status(digest) == "pending":
            written.add(digest)
            yield digest, request


def _lines(paths: Iterable[str | Path]) -> Iterator[tuple[str, dict]]:
    for path in paths:
        with Path(path).open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                try:
                    content = json.loads(line)
                    name = str(content["custom_id"])
                except (ValueError, KeyError, TypeError, RecursionError):
                    raise FatalError(f"{path}:{number}: not a line of a batch file; download it again", kind="batch") from None
                yield name, content


def _answer(content: dict, schema: dict | None, limits: Limits) -> tuple[object, dict, Attempt]:
    """Value, provenance and ledger entry of a line.

    Raises:
        ItemError: whatever is wrong with it; nothing is asked again, `retry_failed` does that.
    """
    response = content.get("response")
    body, status = (response.get("body"), response.get("status_code")) if isinstance(response, dict) else (None, None)
    if content.get("error") or not isinstance(body, dict):
        raise ItemError(f"the batch has no answer: {str(content.get('error'))[:200]}", kind="batch")
    raw = RawReply(status if isinstance(status, int) else 0, {}, json.dumps(body).encode())
    try:
        completion = read_completion(raw)
    except ItemError:
        raise
    except LLMError as error:
        raise ItemError(str(error), kind=error.kind, status=error.status) from None
    tokens_in, tokens_out = completion.tokens_in or 0, completion.tokens_out or 0
    attempt = Attempt(time.time(), RUNG, raw.status, "ok", tokens_in, tokens_out, 0.0, limits.cost(tokens_in, tokens_out))
    try:
        value, repaired, place = read_answer(completion, schema)
    except InvalidReply as error:
        failure = ItemError(f"invalid: {error}", kind="invalid", status=200)
        if isinstance(error, Unfinished):
            loop = completion.finish == "length" and is_loop(completion.text or completion.reasoning)
            failure = ItemError(f"{error}; {RAISE_CAP}", kind="loop" if loop else error.kind, status=200)
        failure.attempts = (replace(attempt, outcome=failure.kind),)
        raise failure from None
    source = {"rung": RUNG, "answered_by": completion.model, "repaired": repaired, "place": place, "finish": completion.finish}
    return value, {**source, "attempts": 1}, attempt

"""What a run would do and cost, without sending anything."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from .cost import Limits, most_tokens
from .request import GRAMMAR, Ability, Request, payload
from .store import Store

BYTES_A_TOKEN = (5.0, 2.0)  # of ordinary text: English prose at best, dense or Chinese text at worst
LEAST_ANSWER = 0.1  # of max_tokens


@dataclass(frozen=True)
class Estimate:
    """A dry run.

    Args:
        items: of the input.
        hits: items whose result is in the store (failed ones included, unless they are to be asked again).
        repeated: items equal to another of this input: asked once.
        calls: requests that would be sent, without retries.
        tokens_in, tokens_out: least and most, all calls together.
        cost: least and most, by the prices of the limits.
        one: least and most that one call may cost.
        spent: so far on the store.
        max_cost: as the limits say.
        first: messages of the first call, as they would be sent; None when nothing would be.
    """

    items: int
    hits: int
    repeated: int
    calls: int
    tokens_in: tuple[int, int]
    tokens_out: tuple[int, int]
    cost: tuple[float, float]
    one: tuple[float, float]
    spent: float
    max_cost: float | None
    first: tuple[dict, ...] | None

    def __str__(self) -> str:
        lines = [
            f"{self.items:,} items: {self.hits:,} in the store, {self.repeated:,} equal to another, {self.calls:,} calls to make",
            f"tokens: {self.tokens_in[0]:,} to {self.tokens_in[1]:,} in, {self.tokens_out[0]:,} to {self.tokens_out[1]:,} out",
            f"cost: {self.cost[0]:.4f} to {self.cost[1]:.4f}" if self.cost[1] or not self.calls else "cost: not known without prices",
        ]
        if self.max_cost is not None and self.calls:
            lines += filter(None, [self._about_max_cost(self.max_cost)])
        for message in self.first or ():
            lines += [f"--- {message['role']}", message["content"]]
        return "\n".join(lines)

    def _about_max_cost(self, most: float) -> str:
        left = most - self.spent
        what = f"max_cost {most:g}, of which {self.spent:.6g} is spent," if self.spent else f"max_cost {most:g}"
        if self.one[1] > left:
            ends = "nothing would be sent" if self.one[0] > left else "the run would stop there"
            return f"{what} is too small for one call, which may cost {self.one[0]:.6g} to {self.one[1]:.6g}: {ends}; raise it"
        return f"{what} may not do for all calls: the run would stop there, and go on with a higher one" if self.cost[1] > left else ""


def estimate(requests: Iterable[Request], model: str, store: Store | None, limits: Limits, retry_failed: bool = False) -> Estimate:
    """Count what a run would send.

    Args:
        requests: the input.
        store: of earlier results, or None.
        limits: with the prices.
        retry_failed: ask again what failed.
    """
    answered = ("done",) if retry_failed else ("done", "failed")
    items = hits = repeated = size = answers = 0
    one: list[float] = []
    seen, first = set(), None
    for request in requests:
        items += 1
        digest = request.digest(model)
        if digest in seen:
            repeated += 1
        elif store is not None and store.status(digest) in answered:
            hits += 1
        else:
            seen.add(digest)
            cap = limits.cap(request.max_tokens)
            sent = payload(request, model, Ability(), cap)
            sent.pop(GRAMMAR, None)  # it steers the choice of tokens and is none
            body = json.dumps(sent, ensure_ascii=False, separators=(",", ":")).encode()
            size += len(body)
            answers += cap
            bound = limits.cost(most_tokens(body), cap)
            one = [min(bound, *one), max(bound, *one)] if one else [bound, bound]
            first = first or tuple(sent["messages"])
    spent = 0.0 if store is None else store.ledger()["cost"]
    tokens_in = int(size / BYTES_A_TOKEN[0]), int(size / BYTES_A_TOKEN[1])
    tokens_out = int(LEAST_ANSWER * answers), answers
    cost = limits.cost(tokens_in[0], tokens_out[0]), limits.cost(tokens_in[1], tokens_out[1])
    return Estimate(
        items,
        hits,
        repeated,
        len(seen),
        tokens_in,
        tokens_out,
        cost,
        (one[0], one[-1]) if one else (0.0, 0.0),
        spent,
        limits.max_cost,
        first,
    )

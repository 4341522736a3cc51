"""What a run would do and cost, without sending anything."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from .cost import Limits, most_tokens
from .request import Ability, Request, payload
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
        most: cost that the dearest call may have, and cost so far of the store.
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
    most: tuple[float, float]
    max_cost: float | None
    first: tuple[dict, ...] | None

    def __str__(self) -> str:
        lines = [
            f"{self.items:,} items: {self.hits:,} in the store, {self.repeated:,} equal to another, {self.calls:,} calls to make",
            f"tokens: {self.tokens_in[0]:,} to {self.tokens_in[1]:,} in, {self.tokens_out[0]:,} to {self.tokens_out[1]:,} out",
            f"cost: {self.cost[0]:.4f} to {self.cost[1]:.4f}" if self.cost[1] or not self.calls else "cost: not known without prices",
        ]
        dearest, spent = self.most
        if self.max_cost is not None and self.calls:
            left = f"{max(0.0, self.max_cost - spent):.6g} of max_cost {self.max_cost:g}" if spent else f"max_cost {self.max_cost:g}"
            if spent + dearest > self.max_cost:
                lines.append(
                    f"{left} is too small for one call, which may cost up to {dearest:.6g}: nothing of the kind would be sent; raise it"
                )
            elif spent + self.cost[1] > self.max_cost:
                lines.append(f"{left} may not do for all calls: the run then stops, and goes on with a higher one")
        for message in self.first or ():
            lines += [f"--- {message['role']}", message["content"]]
        return "\n".join(lines)


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
    dearest, spent = 0.0, 0.0 if store is None else store.ledger()["cost"]
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
            body = json.dumps(sent, ensure_ascii=False, separators=(",", ":")).encode()
            size += len(body)
            answers += cap
            dearest = max(dearest, limits.cost(most_tokens(body), cap))
            first = first or tuple(sent["messages"])
    tokens_in = int(size / BYTES_A_TOKEN[0]), int(size / BYTES_A_TOKEN[1])
    tokens_out = int(LEAST_ANSWER * answers), answers
    cost = limits.cost(tokens_in[0], tokens_out[0]), limits.cost(tokens_in[1], tokens_out[1])
    return Estimate(items, hits, repeated, len(seen), tokens_in, tokens_out, cost, (dearest, spent), limits.max_cost, first)

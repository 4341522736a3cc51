"""Transport to any OpenAI-compatible LLM server.

Imported as `minirank.llm_client`. Knows nothing of jobs or models, loads neither numpy nor numba.
In reading order: errors, address, key, deadline, transport, replies, retry, pace, ledger, schema, reading, text, ladder,
client, store, bulk, estimate, progress, batch, cassette, doctor.
"""

from .bulk import Bulk
from .client import Client, Reply
from .cost import Attempt, Limits
from .errors import CapabilityError, FatalError, ItemError, LLMError, RetryLater, Stopped
from .neutralise import neutralise
from .request import Ability, Request
from .schema import check_schema, validate
from .store import Counts, Item, Store

__all__ = [
    "Ability",
    "Attempt",
    "Bulk",
    "CapabilityError",
    "Client",
    "Counts",
    "FatalError",
    "Item",
    "ItemError",
    "LLMError",
    "Limits",
    "Reply",
    "Request",
    "RetryLater",
    "Stopped",
    "Store",
    "check_schema",
    "neutralise",
    "validate",
]  # fmt: skip

"""Transport to any OpenAI-compatible LLM server.

Imported as `minirank.llm_client`. Knows nothing of jobs or models, loads neither numpy nor numba.
In reading order:

    errors, address, key         what can go wrong; where the server is; the key, which is never shown
    deadline, transport          bytes to and from the server, in time
    schema, quotes, neutralise, request
                                 what is asked, and in which form
    replies, parse_json          what a reply means
    retry, pace, cost            when to send again, how many at a time, what it may cost
    client                       one call, from the request to a valid answer
    store, bulk                  many calls, each answered once and kept
    embeddings, embeddings_bulk  vectors of texts: one call, and many
    estimate, batch              what a run would cost; the files of a Batch service
    cassette, doctor             recordings of a server; what a server can do
"""

from .bulk import Bulk, Progress
from .cassette import Player, Recorder
from .client import Client, Notice, Reply
from .cost import Attempt, Limits
from .embeddings_bulk import EmbeddingStore
from .errors import CapabilityError, FatalError, ItemError, LLMError, RetryLater, Stopped
from .neutralise import neutralise
from .request import Ability, Request
from .schema import check_schema, validate
from .store import Counts, Item, Store

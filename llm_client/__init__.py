"""Transport to any OpenAI-compatible LLM server.

Imported as `minirank.llm_client`. Knows nothing of jobs or models, loads neither numpy nor numba.
"""

from .errors import CapabilityError, ItemError, LLMError, RetryLater, RunError

__all__ = ["CapabilityError", "ItemError", "LLMError", "RetryLater", "RunError"]

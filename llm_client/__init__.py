"""Transport to any OpenAI-compatible LLM server.

Imported as `minirank.llm_client`. Knows nothing of jobs or models, loads neither numpy nor numba.
"""

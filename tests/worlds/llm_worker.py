"""A run in a process of its own, to be killed or interrupted: python llm_worker.py URL STORE ITEMS CONCURRENCY [embed]."""

import sys

from llm_scripted import MODEL, SCHEMA

from minirank.llm_client import Bulk, Client, EmbeddingStore, FatalError, Limits, Store
from minirank.llm_client.request import Request


def requests(items: int):
    """Equal for every process that reads the same input."""
    for number in range(items):
        yield Request(f"doc{number:05}", ({"role": "user", "content": f"document {number}"},), SCHEMA, max_tokens=50)


def main() -> int:
    url, path, items, concurrency = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    client = Client(url, MODEL, "LLM_TEST_KEY", 10.0, Limits(concurrency=concurrency))
    with Store(path) as store:
        try:
            if sys.argv[5:] == ["embed"]:
                done = EmbeddingStore(client, store).fill(f"text {number}" for number in range(items))
                print(done.texts, done.held, done.failed)
                return 0
            counts = Bulk(client, store, lambda text: print(text, file=sys.stderr, flush=True)).run(lambda: requests(items))
        except KeyboardInterrupt:
            return 130
        except FatalError as error:
            print(error, file=sys.stderr)
            return 2
    print(counts.done, counts.failed, counts.pending)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

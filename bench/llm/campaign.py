"""10,000 documents, a server that fails 30 % of the requests in random ways, five kills: what is lost or paid twice?

    python bench/llm/campaign.py [--items 10000] [--kills 5] [--seed 7]

Every run is a process that is killed with SIGKILL at a random moment. The server's log says which document every
request was for; the store is read between the runs. Counted: documents that ended as done or failed, committed
calls that were made again, and calls that a kill repeated beside those that were under way.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.llm.client import server
from bench.tables import Report, arguments, machine, markdown, paragraphs
from minirank.llm_client import Store

WORKER = Path(__file__).parents[2] / "tests" / "worlds" / "llm_worker.py"
CONCURRENCY = 16


def start(url: str, path: Path, items: int) -> subprocess.Popen:
    command = [sys.executable, str(WORKER), url, str(path), str(items), str(CONCURRENCY)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def read_store(path: Path) -> tuple:
    """Counts, and the numbers of the documents that have ended."""
    with Store(path) as store:
        ended = {int(entry.key[3:]) for entry in store.items() if entry.status != "pending"}
        return store.counts(), ended, store.ledger()


def campaign(items: int, kills: int, seed: int) -> dict:
    """All figures of the table."""
    chance, killed = random.Random(seed), []
    with tempfile.TemporaryDirectory() as folder, server("failing", 0.3, seed) as url:
        path = Path(folder) / "store.sqlite"
        began = time.perf_counter()
        again = 0
        ended, sent = set(), 0
        for number in range(kills + 1):
            worker = start(url, path, items)
            if number < kills:
                # After a share of the input that the kills divide evenly, give or take.
                wanted = items * (number + 1) / (kills + 1) * chance.uniform(0.9, 1.1)
                while worker.poll() is None and _done(path) < wanted:
                    time.sleep(0.1)
                worker.kill()
            errors = worker.communicate()[1]
            assert number < kills or worker.returncode == 0, errors
            time.sleep(0.3)  # requests under way reach the log
            log = requests.get(f"{url}/count", timeout=30).json()["log"]
            asked = Counter(document for document, _ in log[sent:])
            again += len(ended & set(asked))  # documents with a committed result that were asked for again
            counts, now_ended, ledger = read_store(path)
            assert counts.input == items
            unfinished = set(asked) - now_ended  # asked for in this run, no result when it ended
            if number < kills:
                killed.append({"done": counts.done, "failed": counts.failed, "pending": counts.pending, "under_way": len(unfinished)})
            ended, sent = now_ended, len(log)
        faults = requests.get(f"{url}/count", timeout=30).json()
        found = {"items": items, "kills": kills, "seed": seed, "concurrency": CONCURRENCY}
        found |= {"done": counts.done, "failed": counts.failed, "pending": counts.pending}
        found |= {"requests": faults["requests"], "faults": faults["faults"], "in_ledger": ledger["attempts"]}
        found |= {"committed_asked_again": again, "runs": killed}
        found["most_repeated_by_a_kill"] = max((run["under_way"] for run in killed), default=0)
        return found | {"seconds": round(time.perf_counter() - began, 1), "machine": machine()}


def _done(path):
    if not path.exists():
        return 0
    with Store(path) as store:
        return store.counts().done


def table(found: dict) -> str:
    """Markdown."""
    faults = ", ".join(f"{name} {count:,}" for name, count in found["faults"].items())
    rows = []
    for name, run in [*((f"kill {number}", run) for number, run in enumerate(found["runs"], 1)), ("end", found)]:
        counts = [run[status] for status in ("done", "failed", "pending")]
        rows.append([name, *(f"{count:,}" for count in (*counts, sum(counts))), str(run.get("under_way", ""))])
    return paragraphs(
        f"After {found['kills']} kills {found['done'] + found['failed']:,} of {found['items']:,} documents have ended, and "
        f"{found['committed_asked_again']} committed ones were asked for again.",
        f"{found['items']:,} documents, {found['concurrency']} at a time, a server that fails 30 % of the requests, {found['kills']} kills "
        "(SIGKILL).",
        markdown(["when", "done", "failed", "pending", "sum", "calls under way, made again after it"], rows),
        f"Documents with a committed result that were asked for again: {found['committed_asked_again']}. Most calls that one kill "
        f"repeated: {found['most_repeated_by_a_kill']}, of {found['concurrency']} that may be under way.\n"
        f"{found['requests']:,} requests, {found['in_ledger']:,} of them in the ledger, in {found['seconds']:.0f} s; faults: {faults}.",
        found["machine"],
    )


REPORT = Report(__file__, table)


def main() -> None:
    options = arguments(__doc__, items=10_000, kills=5, seed=7)
    found = campaign(options.items, options.kills, options.seed)
    REPORT.publish(found)


if __name__ == "__main__":
    main()

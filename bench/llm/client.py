"""The client's own cost: throughput beside a bare `requests` loop, overhead beside the openai SDK, memory.

    python bench/llm/client.py [--rounds 5] [--openai PYTHON] [--items 100000] [--parts ...] [--delays 0.05 0.5]

`--openai` names a Python with the SDK (`python -m venv V && V/bin/pip install openai`); without it the comparison
is left out and the table says so. Each server is a process of its own on this machine; the rounds are interleaved.
A round at a delay of 0.5 s takes 52 s, one at 0.05 s takes 8 s; what a run that is cut off has measured is kept.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.tables import Report, machine, markdown, paragraphs, write_record
from minirank.llm_client import Ability, Bulk, Client, Limits, Request, Store
from minirank.llm_client.request import payload

HERE = Path(__file__).parent
THREADS = 64
REQUESTS = 3200  # of a measurement, 50 for each thread
SLOW = 0.25  # seconds: against a server that takes longer, half of the rounds will do
PARTS = ("throughput", "overhead", "memory")
TEXT = "A posting of ordinary length. " * 60
SCHEMA = {"type": "object", "additionalProperties": False, "required": ["n"], "properties": {"n": {"type": "integer", "minimum": 0}}}


@contextmanager
def server(*arguments) -> Iterator[str]:
    """A server of servers.py; gives its address."""
    process = subprocess.Popen([sys.executable, str(HERE / "servers.py"), *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.communicate()


def documents(count: int, salt: str = "") -> Iterator[Request]:
    """A stream of requests."""
    for number in range(count):
        yield Request(f"{salt}{number}", ({"role": "user", "content": f"document {number} {salt} {TEXT}"},), SCHEMA, max_tokens=64)


def bare(url: str, count: int) -> float:
    """Requests a second of the plainest loop: a session a thread, post, json; the body is one of ours."""
    body = payload(next(documents(1)), "m", Ability(), 64)
    numbers = iter(range(count))  # all threads take from it

    def work(_):
        session = requests.Session()
        for _ in numbers:
            session.post(f"{url}/v1/chat/completions", json=body, timeout=60).json()["choices"][0]["message"]["content"]

    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    return count / (time.perf_counter() - began)


def ours(url: str, count: int, salt: str) -> float:
    """Requests a second of a bulk run: registered, validated, every item committed to a store on disk."""
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "s.sqlite") as store:
        client = Client(url, "m", timeout=60, limits=Limits(concurrency=THREADS))
        client.complete(next(documents(1, "warm")))  # the rung is known, as from the second run on
        began = time.perf_counter()
        counts = Bulk(client, store).run(lambda: documents(count, salt))
        seconds = time.perf_counter() - began
        assert counts.done == count, counts
        return count / seconds


def throughput(delay: float, count: int, rounds: int) -> dict:
    """Medians over interleaved rounds, and what latency alone would allow."""
    with server("quick", delay) as url:
        bare(url, THREADS)
        pairs = [(bare(url, count), ours(url, count, f"r{number}")) for number in range(rounds)]
    ideal = THREADS / delay
    plain, own = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratios = [b / a for a, b in pairs]
    found = {"delay": delay, "requests": count, "rounds": rounds, "ideal": ideal, "bare": round(plain, 1), "ours": round(own, 1)}
    found |= {"of_bare": round(statistics.median(ratios), 3), "of_bare_range": [round(min(ratios), 3), round(max(ratios), 3)]}
    return found | {"of_ideal": round(own / ideal, 4)}


SINGLE = """
import sys, time, json
which, url, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
text = "document 0 " + "A posting of ordinary length. " * 60
schema = json.loads(sys.argv[4])
form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}
if which == "openai":
    import openai
    client = openai.OpenAI(base_url=url + "/v1", api_key="none")
    def ask():
        messages = [{"role": "user", "content": text}]
        reply = client.chat.completions.create(model="m", messages=messages, max_tokens=64, temperature=0, response_format=form)
        json.loads(reply.choices[0].message.content)
else:
    from minirank.llm_client import Client, Request
    client = Client(url, "m", "NO_SUCH_KEY")
    request = Request("k", ({"role": "user", "content": text},), schema, max_tokens=64)
    def ask():
        client.complete(request)
for _ in range(30):
    ask()
wall, cpu = time.perf_counter(), time.process_time()
for _ in range(count):
    ask()
print(json.dumps([1000 * (time.perf_counter() - wall) / count, 1000 * (time.process_time() - cpu) / count]))
"""


def overhead(other: str | None, rounds: int, count: int = 400) -> dict:
    """Milliseconds for a request, one at a time, against a server that answers at once: wall and processor time."""
    pythons = {"ours": sys.executable} | ({"openai": other} if other else {})
    found = {name: [] for name in pythons}
    with server("quick", 0) as url:
        for _ in range(rounds):
            for name, python in pythons.items():
                command = [python, "-c", SINGLE, name, url, str(count), json.dumps(SCHEMA)]
                found[name].append(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    result = {name: [round(statistics.median(column), 3) for column in zip(*rows, strict=True)] for name, rows in found.items()}
    if other:
        command = [other, "-c", "import openai; print(openai.__version__)"]
        result["version"] = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return result


MEMORY = """
import resource, sys, json
from minirank.llm_client import Bulk, Client, Limits, Request, Store
url, path, items, lines = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
schema = json.loads(sys.argv[5])
def stream():
    with open(lines) as file:
        for number, line in zip(range(items), file):
            yield Request(str(number), ({"role": "user", "content": line},), schema, max_tokens=64)
peaks = []
def note(done, total, failed):
    if done % (items // 10) == 0:
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
with Store(path) as store:
    counts = Bulk(Client(url, "m", limits=Limits(concurrency=16)), store).run(stream, note)
assert counts.done == items, counts
print(json.dumps(peaks))
"""


def memory(items: int) -> dict:
    """Peak MB after every tenth of a run whose documents are streamed from disk."""
    with tempfile.TemporaryDirectory() as folder, server("quick", 0) as url:
        lines = Path(folder) / "lines.txt"
        with lines.open("w") as file:
            file.writelines(f"document {number} {TEXT}\n" for number in range(items))
        command = [sys.executable, "-c", MEMORY, url, f"{folder}/s.sqlite", str(items), str(lines), json.dumps(SCHEMA)]
        began = time.perf_counter()
        peaks = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        return {"items": items, "peaks_mb": [round(peak, 1) for peak in peaks], "seconds": round(time.perf_counter() - began, 1)}


def table(results: dict) -> str:
    """Markdown."""
    throughputs, (single, memory) = results["throughput"], (results[part] for part in ("overhead", "memory"))
    shares = " and ".join(f"{row['of_bare']:.2f} (server answers in {1000 * row['delay']:.0f} ms)" for row in throughputs)
    rows = []
    for row in throughputs:
        share = f"{row['of_bare']:.2f} ({row['of_bare_range'][0]:.2f} to {row['of_bare_range'][1]:.2f})"
        speeds = (f"{row[name]:.0f}" for name in ("ideal", "bare", "ours"))
        rows.append([f"{1000 * row['delay']:.0f} ms", *speeds, share, f"{row['of_ideal']:.3f}"])
    names = {"ours": "ours"} | ({"openai": f"openai {single['version']}"} if "openai" in single else {})
    clients = [[label, *(f"{milliseconds:.2f}" for milliseconds in single[name])] for name, label in names.items()]
    clients += [] if "openai" in single else [["openai", "not measured: no Python with the SDK was given", ""]]
    beside = f", {single['ours'][0] / single['openai'][0]:.2f} of what it takes the openai SDK" if "openai" in single else ""
    first, last = memory["peaks_mb"][0], memory["peaks_mb"][-1]
    return paragraphs(
        f"While it validates and stores every answer, ours reaches this share of the throughput of a bare `requests` loop: {shares}.",
        f"{REQUESTS:,} requests, {THREADS} at a time, against a server in a process of its own, from the start of the threads to the "
        "end of the last one; ours also notes the whole input before, and parses, validates and commits each item to disk.",
        markdown(["server answers in", "ideal /s", "bare `requests` loop /s", "ours /s", "ours / bare (range)", "ours / ideal"], rows),
        f"A request alone takes {single['ours'][0]:.2f} ms{beside}.",
        "One request at a time, server answers at once:",
        markdown(["client", "ms a request", "of it processor time"], clients),
        f"Memory over {memory['items']:,} items streamed from disk: peak {first:.0f} MB after a tenth, {last:.0f} MB at the end "
        f"({memory['seconds']:.0f} s).",
        results["machine"],
    )


def publish(results: dict) -> None:
    """Write the record, and the table once every part has been measured."""
    results["machine"] = f"{machine('requests')}; load average of the machine at the end {os.getloadavg()[0]:.0f}"
    write_record(REPORT.record, results)
    if all(part in results for part in PARTS):
        REPORT.write_tables(results)


REPORT = Report(__file__, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--openai", metavar="PYTHON")
    parser.add_argument("--items", type=int, default=100_000)
    told = "seconds in which servers answer, for throughput"
    parser.add_argument("--delays", nargs="+", type=float, default=[0.05, 0.5], metavar="S", help=told)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="measure these anew, keep the record of the others")
    options = parser.parse_args()
    results = REPORT.read()
    if "throughput" in options.parts:
        rows = {row["delay"]: row for row in results.get("throughput", ())}
        for delay in options.delays:
            rows[delay] = throughput(delay, REQUESTS, options.rounds if delay < SLOW else max(1, options.rounds // 2))
            results["throughput"] = [rows[delay] for delay in sorted(rows)]
            publish(results)
    if "overhead" in options.parts:
        results["overhead"] = overhead(options.openai, options.rounds)
        publish(results)
    if "memory" in options.parts:
        results["memory"] = memory(options.items)
        publish(results)
    print(table(results))


if __name__ == "__main__":
    main()

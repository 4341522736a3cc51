"""What the tagger's scores rest on: trained anew without one kind of features at a time, on the postings of skillspan.py.

    python bench/extraction/ablation.py PATH --texts ESCO

PATH: folder with train.json and dev.json of SkillSpan; ESCO: folder with the CSVs whose descriptions teach word classes. The
tagger with everything is the one of the package, trained on the same files. About a minute of one core for each row.
"""

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.extraction.skillspan import LAYERS, SPAN_COLUMNS, evaluate, read_postings, read_texts, span_cells
from bench.extraction.tagger_training import train
from bench.tables import Report, machine, markdown, paragraphs
from minirank.extract.rules import spans
from minirank.extract.rules.tagger import tagger

EVERYTHING, NO_TEXTS = "everything", "texts of ESCO for the word classes"


def unmarked(text: str) -> tuple:
    """A document of which the rules say nothing."""
    return spans.propose(text)[0], {}


WITHOUT: dict[str, dict[str, Callable]] = {
    NO_TEXTS: {},
    "word classes": {"bench.extraction.tagger_training.word_classes": lambda annotated, texts: {}},
    "what the rules propose": dict.fromkeys((f"bench.extraction.{name}.propose" for name in ("tagger_training", "skillspan")), unmarked),
    "section, heading and line": {"minirank.extract.rules.tagger_features._line_features": lambda *arguments: []},
}


def measure(trained: list, dev: list, texts: list[str], name: str) -> dict:
    """Scores on dev without one kind of features, and seconds of training."""
    with ExitStack() as stack:
        for target, function in WITHOUT.get(name, {}).items():
            stack.enter_context(patch(target, function))
        began = time.process_time()
        made = tagger() if name == EVERYTHING else train(trained, [] if name == NO_TEXTS else texts)
        seconds = time.process_time() - began
        return evaluate(dev, [made] * len(dev))["tagger"] | {"features": len(made.hashes), "seconds": round(seconds)}


def table(results: dict) -> str:
    """Markdown of the scores, layer by layer."""
    rows, falls = [], {}
    for layer in LAYERS:
        for name, found in results["without"].items():
            label, own = "with everything" if name == EVERYTHING else f"without {name}", found[layer]
            rows.append([layer, label, f"{own['found']} / {own['gold']}", *span_cells(own), f"{found['features']:,}"])
            falls[layer, name] = results["without"][EVERYTHING][layer]["exact"]["f1"] - own["exact"]["f1"]
    worst = {layer: max(WITHOUT, key=lambda name, layer=layer: falls[layer, name]) for layer in LAYERS}
    told = ", ".join(f"for {layer} without {name}, by {falls[layer, name]:.3f}" for layer, name in worst.items())
    return paragraphs(
        f"Exact F1 falls most {told}.",
        "Trained on train, scored on dev of SkillSpan, one training a row.",
        markdown(["layer", "trained", "found / gold", *SPAN_COLUMNS, "features kept"], rows, left=2),
        results["machine"],
    )


REPORT = Report(__file__, table)


def main() -> None:
    """Train and score without each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", type=Path, help="folder with train.json and dev.json of SkillSpan")
    parser.add_argument("--texts", type=Path, required=True, help="folder with CSVs of ESCO")
    options = parser.parse_args()
    trained, dev = (list(read_postings(options.path / f"{name}.json")) for name in ("train", "dev"))
    texts, found = read_texts(options.texts), {}
    for name in (EVERYTHING, *WITHOUT):
        found[name] = measure(trained, dev, texts, name)
        print(name, found[name], flush=True)
    REPORT.publish({"without": found, "machine": machine("numpy", "scipy")})


if __name__ == "__main__":
    main()

"""Score rules and tagger against real postings whose skills and knowledge experts have marked (SkillSpan).

    python bench/extraction/skillspan.py PATH                                   PATH: folder with train.json and dev.json
    python bench/extraction/skillspan.py PATH --gazetteer skills_en_label.txt   also with labels of ESCO (plain list or CSV)
    python bench/extraction/skillspan.py PATH --texts ESCO --retrain            train anew and replace the weights of the package

Rules, features and settings were chosen on train.json; dev.json is for reporting alone. On train.json the tagger is
scored by cross-validation: every posting by weights that have not seen it (some minutes).
Source: Zhang, Jensen, Sonniks and Plank, "SkillSpan: Hard and Soft Skill Extraction from English Job
Postings", NAACL 2022 (MIT licence).
"""

import argparse
import csv
import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.extraction.tagger_training import train
from bench.tables import CHECKOUT, Report, machine, markdown, paragraphs
from minirank.extract import extract_job
from minirank.extract.rules.gazetteer import Gazetteer, read_gazetteer
from minirank.extract.rules.spans import propose, rule_spans
from minirank.extract.rules.tagger import WEIGHTS, Tagger, tagger

LAYERS = ("skill", "knowledge")
_FOLDS = 4
_PACKAGE = CHECKOUT / "minirank" / "extract" / "rules"
# Linear-chain CRF with word-shape features, trained on train.json, on dev.json: strict and overlapping F1.
_CRF = {"skill": (0.289, 0.566), "knowledge": (0.416, 0.615)}
# Where the values of `minirank extract` belong; each has a name, once a posting.
_VALUES = {"skill": ("soft_skills", "responsibilities"), "knowledge": ("must_have", "nice_to_have", "languages", "education")}
_LOOSE = re.compile(r" (?=[.;:!?)])|(?<=\() ")


def read_postings(path: Path) -> Iterator[tuple[str, dict]]:
    """Postings of a SkillSpan file: one text each, with gold spans as offsets into it.

    Lines with the same (source, idx) make one posting, in file order; tokens are joined with spaces, lines
    with line breaks.

    Args:
        path: train.json or dev.json.
    Yields: (text, {"skill": [(start, end)], "knowledge": [(start, end)]}).
    """
    postings = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = json.loads(line)
            postings.setdefault((line["source"], line["idx"]), []).append(line)
    for lines in postings.values():
        text, gold = "", {layer: [] for layer in LAYERS}
        for line in lines:
            offsets = []
            for token in line["tokens"]:
                offsets.append((len(text), len(text) + len(token)))
                text += token + " "
            text = text[:-1] + "\n"
            for layer in LAYERS:
                gold[layer] += [(offsets[a][0], offsets[b][1]) for a, b in read_tags(line[f"tags_{layer}"])]
        yield text, gold


def read_tags(tags: list[str]) -> list[list[int]]:
    """First and last token of every span of BIO tags."""
    spans = []
    for at, tag in enumerate(tags):
        if tag == "B":
            spans.append([at, at])
        elif tag == "I" and spans and spans[-1][1] == at - 1:
            spans[-1][1] = at
    return spans


def as_written(text: str, gold: dict) -> tuple[str, dict]:
    """A posting without the spaces that tokenising put around punctuation: (text, gold)."""
    kept = np.ones(len(text), bool)
    for m in _LOOSE.finditer(text):
        kept[m.start()] = False
    moved = np.concatenate(([0], np.cumsum(kept)))
    return "".join(np.array(list(text))[kept]), {layer: [(int(moved[a]), int(moved[b])) for a, b in spans] for layer, spans in gold.items()}


def in_lower_case(text: str, gold: dict) -> tuple[str, dict]:
    """A posting in lower case: (text, gold)."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text), gold


def score(pairs: list) -> dict:
    """Precision, recall and F1 over all postings, exact and overlapping.

    A span overlaps when it shares a character with a span of the other side.

    Args:
        pairs: list of (found, gold), lists of (start, end) a posting.
    """
    found_total, gold_total = sum(len(f) for f, _ in pairs), sum(len(g) for _, g in pairs)
    same = sum(len(set(f) & set(g)) for f, g in pairs)
    right = sum(any(a < d and c < b for c, d in g) for f, g in pairs for a, b in f)
    reached = sum(any(a < d and c < b for c, d in f) for f, g in pairs for a, b in g)
    exact = _measures(same / max(found_total, 1), same / max(gold_total, 1))
    overlapping = _measures(right / max(found_total, 1), reached / max(gold_total, 1))
    return {"found": found_total, "gold": gold_total, "exact": exact, "overlapping": overlapping}


def _measures(precision, recall):
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}


def evaluate(postings: list, taggers: list[Tagger], gazetteer: Gazetteer | None = None) -> dict:
    """Scores of all methods: {method: {layer: score, "milliseconds" a posting}}.

    Args:
        postings: list of (text, gold).
        taggers: a Tagger a posting.
        gazetteer: Gazetteer or None.
    """

    def tag(number, text):
        document, marks = propose(text)
        return tuple(map(document.source_spans, taggers[number].spans(document, marks)))

    def tag_with_gazetteer(number, text):
        document, marks = propose(text)
        found = taggers[number].spans(document, marks, gazetteer.spans(document.plain), gazetteer.bonus)
        return tuple(map(document.source_spans, found))

    methods = {"rules": lambda number, text: rule_spans(text), "tagger": tag}
    if gazetteer is not None:
        methods["tagger + gazetteer"] = tag_with_gazetteer
    return _scores(methods, postings)


def evaluate_extract(postings: list, gazetteer: Gazetteer | None = None) -> dict:
    """The same of the values that `minirank extract` writes, with the package's own tagger behind the gazetteer."""
    methods = {"`extract`": lambda number, text: value_spans(text)}
    if gazetteer is not None:
        methods["`extract --gazetteer`"] = lambda number, text: value_spans(text, gazetteer)
    return _scores(methods, postings)


def value_spans(text: str, gazetteer: Gazetteer | None = None) -> tuple[list, list]:
    """Spans of the values of a posting: (skills, knowledge)."""
    features = extract_job("", text, gazetteer)

    def spans(names):
        found = (getattr(features, name) or () for name in names)
        values = (value for item in found for value in (item if isinstance(item, tuple) else (item,)))
        return sorted({(v.start - 1, v.end - 1) for v in values})  # they count from the empty title's line break

    return tuple(spans(_VALUES[layer]) for layer in LAYERS)


def _scores(methods, postings):
    results = {}
    for name, method in methods.items():
        method(0, postings[0][0])
        begin = time.process_time()
        found = [method(number, text) for number, (text, _) in enumerate(postings)]
        spent = time.process_time() - begin
        results[name] = {"milliseconds": round(1000 * spent / len(postings), 2)}
        for at, layer in enumerate(LAYERS):
            results[name][layer] = score([(spans[at], gold[layer]) for spans, (_, gold) in zip(found, postings, strict=True)])
    return results


def cross_validate(postings: list, texts: list[str]) -> list[Tagger]:
    """A Tagger a posting that has not been trained on it."""
    fold = np.random.default_rng(0).permutation(len(postings)) % _FOLDS
    trained = [train([p for p, f in zip(postings, fold, strict=True) if f != k], texts) for k in range(_FOLDS)]
    return [trained[k] for k in fold]


def read_texts(folder: Path) -> list[str]:
    """Descriptions and alternative labels of every CSV of a folder, for the word classes."""
    texts = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                texts += [row.get(column) or "" for column in ("description", "altLabels")]
    return texts


SPAN_COLUMNS = ("exact P / R / F1", "overlapping P / R / F1")


def span_cells(found: dict) -> list[str]:
    """What `score` found, in two cells."""
    return [" / ".join(f"{found[kind][m]:.3f}" for m in ("precision", "recall", "f1")) for kind in ("exact", "overlapping")]


def table(results: dict) -> str:
    """Markdown of the scores."""
    rows = []
    for name, methods in results["files"].items():
        for layer in LAYERS:
            for method, result in methods.items():
                rows.append([name, layer, method, f"{result[layer]['found']} / {result[layer]['gold']}", *span_cells(result[layer])])
            if name == "dev":
                rows.append([name, layer, "CRF", "", *(f"- / - / {f1:.3f}" for f1 in _CRF[layer])])
    dev = results["files"]["dev"]
    reached = " and ".join(
        f"{dev['tagger'][layer]['overlapping']['f1']:.3f} for {layer} (rules {dev['rules'][layer]['overlapping']['f1']:.3f}, "
        f"CRF {_CRF[layer][1]:.3f})"
        for layer in LAYERS
    )
    times = ", ".join(f"{method} {result['milliseconds']:.1f}" for method, result in dev.items())
    return paragraphs(
        f"On unseen postings the tagger's overlapping F1 is {reached}.",
        "Real postings of SkillSpan (Zhang et al., NAACL 2022, MIT): spans against those of experts.\n"
        "Cues, features and settings were chosen on train; the tagger's scores there are cross-validated\n"
        f"({_FOLDS} folds over postings). dev is unseen. `as written`: no spaces around punctuation.\n"
        "CRF: trained on train with ordinary word-shape features. `extract`: the values that the command writes, each\n"
        "once a posting, under a name of the lexicon or the gazetteer or in words of its own; it leaves out what stands among\n"
        "benefits and the employer's own praise, and what was said before (`minirank.extract.skill_spans` marks all of it).",
        markdown(["postings", "layer", "method", "found / gold", *SPAN_COLUMNS], rows, left=3),
        f"Milliseconds of one core a posting of {results['characters']} characters: {times}. "
        f"Weights: {results['weights_bytes'] / 1000:.0f} kB.",
        results["machine"],
    )


REPORT = Report(__file__, table, ((_PACKAGE / "tagger_card.md", "figures", table),))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", type=Path, help="folder with train.json and dev.json of SkillSpan")
    parser.add_argument("--gazetteer", type=Path, help="labels, one a line, or a skills CSV of ESCO")
    parser.add_argument("--texts", type=Path, help="folder with CSVs of ESCO, whose descriptions teach word classes")
    parser.add_argument("--retrain", action="store_true", help="replace the weights of the package")
    options = parser.parse_args()
    for name in ("train.json", "dev.json"):
        if not (options.path / name).exists():
            parser.error(f"{options.path} holds no {name}: get SkillSpan from its authors' repository")
    trained, dev = (list(read_postings(options.path / f"{name}.json")) for name in ("train", "dev"))
    texts = read_texts(options.texts) if options.texts else []
    gazetteer = read_gazetteer(options.gazetteer) if options.gazetteer else None
    if options.retrain:
        train(trained, texts).save(_PACKAGE / WEIGHTS)
        tagger.cache_clear()
    shipped = [tagger()] * len(dev)
    results = {
        "files": {
            "train": evaluate(trained, cross_validate(trained, texts), gazetteer),
            "dev": evaluate(dev, shipped, gazetteer) | evaluate_extract(dev, gazetteer),
            "dev, as written": evaluate([as_written(*posting) for posting in dev], shipped),
            "dev, lower case": evaluate([in_lower_case(*posting) for posting in dev], shipped),
        },
        "characters": sum(len(text) for text, _ in dev) // len(dev),
        "weights_bytes": (_PACKAGE / WEIGHTS).stat().st_size,
        "machine": machine("numpy", "scipy"),
    }
    REPORT.publish(results)


if __name__ == "__main__":
    main()

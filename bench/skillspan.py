"""Score the rules against real postings whose skills and knowledge experts have marked (SkillSpan).

    python bench/skillspan.py PATH      PATH: folder with train.json and dev.json

Cues and verbs were chosen while looking at train.json; dev.json is for reporting alone.
Source: Zhang, Jensen, Sonniks and Plank, "SkillSpan: Hard and Soft Skill Extraction from English Job
Postings", NAACL 2022 (MIT licence).
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from tables import RECORDS, RESULTS, machine, replace_between

from minirank.extract import skill_spans

_LAYERS = ("skill", "knowledge")
# Linear-chain CRF with word-shape features, trained on train.json, on dev.json: strict and overlapping F1.
_CRF = {"skill": (0.289, 0.566), "knowledge": (0.416, 0.615)}


def read_postings(path):
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
        text, gold = "", {layer: [] for layer in _LAYERS}
        for line in lines:
            offsets = []
            for token in line["tokens"]:
                offsets.append((len(text), len(text) + len(token)))
                text += token + " "
            text = text[:-1] + "\n"
            for layer in _LAYERS:
                gold[layer] += [(offsets[a][0], offsets[b][1]) for a, b in read_tags(line[f"tags_{layer}"])]
        yield text, gold


def read_tags(tags):
    """First and last token of every span of BIO tags."""
    spans = []
    for at, tag in enumerate(tags):
        if tag == "B":
            spans.append([at, at])
        elif tag == "I" and spans and spans[-1][1] == at - 1:
            spans[-1][1] = at
    return spans


def score(pairs):
    """Precision, recall and F1 over all postings, exact and overlapping.

    A span overlaps when it shares a character with a span of the other side.

    Args:
        pairs: list of (found, gold), lists of (start, end) a posting.
    """
    found_total, gold_total = sum(len(f) for f, _ in pairs), sum(len(g) for _, g in pairs)
    same = sum(len(set(f) & set(g)) for f, g in pairs)
    right = sum(any(a < d and c < b for c, d in g) for f, g in pairs for a, b in f)
    reached = sum(any(a < d and c < b for c, d in f) for f, g in pairs for a, b in g)
    return {"found": found_total, "gold": gold_total,
            "exact": _measures(same / max(found_total, 1), same / max(gold_total, 1)),
            "overlapping": _measures(right / max(found_total, 1), reached / max(gold_total, 1))}


def _measures(precision, recall):
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}


def evaluate(path):
    """Scores of one file, a layer each, with its size and the time for a posting (milliseconds)."""
    postings = list(read_postings(path))
    skill_spans(postings[0][0])
    begin = time.perf_counter()
    found = [skill_spans(text) for text, _ in postings]
    spent = time.perf_counter() - begin
    result = {"postings": len(postings), "characters": sum(len(text) for text, _ in postings),
              "milliseconds": round(1000 * spent / len(postings), 2)}
    for at, layer in enumerate(_LAYERS):
        result[layer] = score([(spans[at], gold[layer]) for spans, (_, gold) in zip(found, postings, strict=True)])
    return result


def table(results):
    """Markdown of the scores."""
    lines = ["Real postings of SkillSpan (Zhang et al., NAACL 2022, MIT): spans of the rules against those of experts.",
             "Cues were chosen on train; dev is unseen. A trained CRF with word-shape features is beside it.", "",
             "| file | layer | found / gold | exact P / R / F1 | overlapping P / R / F1 | CRF exact / overlapping F1 |",
             "| --- | --- | --- | --- | --- | --- |"]
    for name, result in results["files"].items():
        for layer in _LAYERS:
            r = result[layer]
            cells = [" / ".join(f"{r[kind][m]:.3f}" for m in ("precision", "recall", "f1"))
                     for kind in ("exact", "overlapping")]
            crf = " / ".join(f"{v:.3f}" for v in _CRF[layer]) if name == "dev" else ""
            lines.append(f"| {name} ({result['postings']} postings) | {layer} | {r['found']} / {r['gold']} "
                         f"| {cells[0]} | {cells[1]} | {crf} |")
    lines += ["", results["machine"]]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", type=Path, help="folder with train.json and dev.json of SkillSpan")
    path = parser.parse_args().path
    files = [name for name in ("train", "dev") if (path / f"{name}.json").exists()]
    if not files:
        parser.error(f"{path} holds neither train.json nor dev.json: get SkillSpan from its authors' repository")
    results = {"files": {name: evaluate(path / f"{name}.json") for name in files}, "machine": machine()}
    RECORDS.mkdir(exist_ok=True)
    (RECORDS / "skillspan.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    replace_between(RESULTS, "skillspan", table(results))
    print(table(results))


if __name__ == "__main__":
    main()

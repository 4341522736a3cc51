"""Measure what is masked as personal data: false masks, missed ones, time, and what masking costs a model.

    python bench/extraction/personal.py FOLDER [--before CHECKOUT] [--worlds 2]      FOLDER: with SkillSpan's train.json and dev.json

The names, employers, places and addresses of SkillSpan's postings were replaced by marks (`<NAME>`). Here invented ones are put in
their places, so that every mask is known to be right or false; employers are such as bear names of people. A simulated resume
holds one person's name and e-mail address, wherever its layout puts them. CHECKOUT: of a commit that did not mask; models are
trained there and here on the same worlds.
"""

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.extraction.simulated import timed
from bench.extraction.skillspan import read_postings
from bench.tables import CHECKOUT, Report, machine, markdown, paragraphs
from minirank.extract.normal_form import normalise
from minirank.extract.personal import find_personal
from minirank.simulate import World, WorldConfig

_MARKS = re.compile(r"<(NAME|ORGANIZATION|ORG|LOCATION|CONTACT|ADDRESS|PROFESSION)(?::\w+)?>(?: <\1(?::\w+)?>)*")
_FILLED = {
    "NAME": ("Thilo Brandeis", "Maren Quistorff", "Aurelio Zamboni", "Ngozi Adeyemi-Clarke", "John Smith", "Yuki Tanaka",
        "Ilse van den Bosch"),
    "ORGANIZATION": (
        "Morgan Stanley", "Johns Hopkins University", "Ernst & Young", "Velden Capital", "Keller Group", "Baker McKenzie", "Wells Fargo",
        "Carl Zeiss AG", "Brightaisle", "Robert Bosch GmbH", "Hugo Boss", "Max Planck Institute", "Johnson & Johnson", "Marks & Spencer",
    ),
    "LOCATION": ("Berlin", "Copenhagen", "Aldenburg", "San Francisco", "Paris", "Hollin Bay", "St. Gallen", "Victoria"),
    "CONTACT": ("jobs@brightaisle.example.com", "+45 33 12 34 56", "www.velden.example.com"),
    "ADDRESS": ("12 Java Road", "Hauptstraße 5", "48 Oracle Avenue"),
    "PROFESSION": ("Engineer", "Nurse"),
}  # fmt: skip
_FILLED["ORG"] = _FILLED["ORGANIZATION"]
_PERSONAL = {"NAME", "CONTACT", "ADDRESS"}
# Run in a checkout: a world, its extraction, one model, and its figures on the test rows.
_TRAIN = """
import json, sys, tempfile
from dataclasses import replace
from pathlib import Path
from minirank.demo import FULL, make_market, train_model
from minirank.config.model import ModelConfig
from minirank.progress import Progress
from minirank.run.scoring import evaluate_run
seed, impressions = map(int, sys.argv[1:])
with tempfile.TemporaryDirectory() as out:
    folder, features, config, dataset = make_market(Path(out) / "data", seed, impressions, Progress())
    run = train_model(config, ModelConfig(gate=FULL), "model", Path(out), dataset, Progress())
    print("\\n" + json.dumps(evaluate_run(run, "test", dataset=dataset, bootstrap=0)["overall"]))
"""
_FIGURES = (("ctr", "auc"), ("cvr", "auc"), ("ctcvr", "auc"), ("ctr", "gauc"))


def filled(text: str) -> tuple[str, list[tuple[int, int, str]]]:
    """A posting with invented names for its marks: (text, (start, end, mark))."""
    parts, spans, position, length = [], [], 0, 0
    for number, m in enumerate(_MARKS.finditer(text)):
        word = _FILLED[m[1]][number % len(_FILLED[m[1]])]
        parts += (text[position : m.start()], word)
        length += m.start() - position
        spans.append((length, length + len(word), m[1]))
        length, position = length + len(word), m.end()
    return "".join((*parts, text[position:])), spans


def score_postings(folder: Path, person: bool) -> dict:
    """Words that are masked, rightly and falsely; pronouns and forms of address are what they are and counted apart."""
    counts: Counter[str] = Counter()
    false: list[str] = []
    for name in ("train.json", "dev.json"):
        for text, _ in read_postings(folder / name):
            text, spans = filled(text)
            counts["postings"] += 1
            counts["words"] += len(text.split())
            found = find_personal(text, person)
            for start, end, kind in found:
                words = len(text[start:end].split())
                inside = any(a < end and start < b for a, b, mark in spans if mark in _PERSONAL)
                group = "pronouns" if kind == "PRONOUN" else "right" if inside or kind in ("PHONE", "URL", "EMAIL") else "false"
                counts[group] += words
                if group == "false":
                    false.append(f"{kind}: {text[start:end]}")
            for a, b, mark in spans:
                if mark == "NAME":
                    counts["names"] += 1
                    counts["names found"] += any(start <= a and b <= end for start, end, _ in found)
    return dict(counts) | {"false masks": false}


def score_resumes(world: World) -> dict:
    """The same for simulated resumes, whose first words are the name."""
    counts: Counter[str] = Counter()
    false: list[str] = []
    for text, _ in world.resume_texts():
        name, address = re.match(r"(.+?)(?: \| |\n)(\S+)", text).groups()
        counts["resumes"] += 1
        counts["words"] += len(text.split())
        for start, end, kind in find_personal(text):
            words, quote = len(text[start:end].split()), text[start:end]
            group = "pronouns" if kind == "PRONOUN" else "right" if quote in (name, address) else "false"
            counts[group] += words
            counts["names found"] += quote == name
            if group == "false":
                false.append(f"{kind}: {quote}")
    return dict(counts) | {"false masks": false}


def train(checkout: Path, seed: int, impressions: int) -> dict:
    """Figures of a model that is trained in a checkout."""
    command = [sys.executable, "-c", _TRAIN, str(seed), str(impressions)]
    done = subprocess.run(command, cwd=checkout, env={"PYTHONPATH": str(checkout)}, capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout.strip().splitlines()[-1])
    return {f"{task} {metric}": figures["tasks"][task]["metrics"][metric]["value"] for task, metric in _FIGURES}


def table(results: dict) -> str:
    """What is masked rightly and falsely, and what that costs."""
    rows = []
    for title, key in (("postings, as postings", "job"), ("postings, read as resumes", "resume"), ("simulated resumes", "simulated")):
        r = results[key]
        right, false = r.get("right", 0), r.get("false", 0)
        cells = [
            f"{r.get('postings', r.get('resumes')):,}",
            f"{r['words']:,}",
            f"{right:,}",
            f"{false:,}",
            f"{false / (right + false):.2%}",
        ]
        rows.append([title, *cells, f"{r.get('pronouns', 0):,}", f"{r['names found'] / r.get('names', r.get('resumes', 1)):.1%}"])
    false_masks = [*results["job"]["false masks"], *results["resume"]["false masks"]]
    worst = max(float(row[5][:-1]) for row in rows)
    parts = [
        f"At most {worst:.2f} % of the masked words are masked falsely; a simulated resume takes {results['milliseconds_resume']:.2f} ms.",
        "Names of people, firms and places were put into SkillSpan's postings, where marks stood for the real ones. In a posting only\n"
        "names behind a label or a form of address are masked; in a text about a person any.",
        markdown(["texts", "texts", "words", "masked rightly", "falsely", "share false", "pronouns", "names found"], rows),
        f"False masks: {'; '.join(f'`{m}`' for m in dict.fromkeys(false_masks)) or 'none'}.",
        f"Milliseconds of one core: {results['milliseconds_resume']:.2f} a resume of {results['characters_resume']} characters, "
        f"{results['milliseconds_job']:.2f} a posting of {results['characters_job']}. {results['machine']}",
    ]  # fmt: skip
    if results.get("cost"):
        names = list(results["cost"][0]["before"])
        lines = []
        for world in results["cost"]:
            for when in ("before", "after"):
                lines.append([f"{world['seed']}", when, *(f"{world[when][name]:.4f}" for name in names)])
        mean = [np.mean([world["after"][name] - world["before"][name] for world in results["cost"]]) for name in names]
        lines.append(["mean", "difference", *(f"{value:+.4f}" for value in mean)])
        parts += [
            "What it costs: the same worlds and seeds, before anything was masked and at this commit (other changes between the two"
            " count too).",
            markdown(["world", "", *names], lines, left=2),
        ]
    return paragraphs(*parts)


REPORT = Report(__file__, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--before", type=Path, help="checkout of a commit that did not mask")
    parser.add_argument("--worlds", type=int, default=2)
    parser.add_argument("--impressions", type=int, default=50_000)
    options = parser.parse_args()
    world = World(WorldConfig(seed=0, impressions=20_000))
    resumes = [normalise(text).text for text, _ in world.resume_texts()]
    jobs = [normalise(f"{title}\n{text}").text for title, text, _ in world.job_texts()]
    results = REPORT.read() | {"machine": machine()}
    results |= {
        "job": score_postings(options.folder, False),
        "resume": score_postings(options.folder, True),
        "simulated": score_resumes(world),
    }
    for name, texts, person in (("resume", resumes[:500], True), ("job", jobs[:500], False)):
        results[f"milliseconds_{name}"] = timed(find_personal, [(text, person) for text in texts])
        results[f"characters_{name}"] = sum(map(len, texts)) // len(texts)
    if options.before is not None:
        results["cost"] = [
            {
                "seed": seed,
                "before": train(options.before.resolve(), seed, options.impressions),
                "after": train(CHECKOUT, seed, options.impressions),
            }
            for seed in range(options.worlds)
        ]
    REPORT.publish(results)


if __name__ == "__main__":
    main()

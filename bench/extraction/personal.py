"""Measure what is masked as personal data: false masks, missed ones, time, and what masking costs a model.

    python bench/extraction/personal.py FOLDER [--worlds 5]      FOLDER: with SkillSpan's train.json and dev.json

The names, employers, places and addresses of SkillSpan's postings were replaced by marks (`<NAME>`). Here invented ones are put in
their places, so that every mask is known to be right or false; employers are such as bear names of people. A simulated resume
holds one person's name and e-mail address, wherever its layout puts them. What masking costs: models trained on the same simulated
worlds with masks and without, three initialisations each.
"""

import argparse
import re
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
from scipy.stats import t as student

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.extraction.simulated import timed
from bench.extraction.skillspan import read_postings
from bench.tables import Report, machine, markdown, paragraphs
from minirank.config.model import ModelConfig
from minirank.demo import make_market, train_model
from minirank.extract.normal_form import normalise
from minirank.extract.personal import find_personal
from minirank.progress import Progress
from minirank.run.scoring import evaluate_run
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
_FIGURES = (("ctr", "auc"), ("cvr", "auc"), ("ctcvr", "auc"), ("ctr", "gauc"), ("ranking", "ndcg@10"), ("relevance", "concordance"))
_INITS = 3


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


def train(seed: int, masked: bool) -> dict[str, float]:
    """Figures on the test rows of a world, means over initialisations."""
    finder = find_personal if masked else lambda text, names=True: []
    with tempfile.TemporaryDirectory() as out, patch("minirank.extract.masked_text.find_personal", finder):
        *_, config, dataset = make_market(Path(out) / "data", seed, 50_000, Progress())
        found = []
        for init in range(_INITS):
            settings = replace(config, training=replace(config.training, seed=init))
            run = train_model(settings, ModelConfig(), f"model {init}", Path(out), dataset, Progress())
            tasks = evaluate_run(run, "test", dataset=dataset, bootstrap=0)["overall"]["tasks"]
            found.append([tasks[task]["metrics"][metric]["value"] for task, metric in _FIGURES])
    return {f"{task} {metric}": value for (task, metric), value in zip(_FIGURES, np.mean(found, axis=0).tolist(), strict=True)}


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
        names, worlds = list(results["cost"][0]["without"]), len(results["cost"])
        means = {kind: np.mean([list(world[kind].values()) for world in results["cost"]], axis=0) for kind in ("without", "with")}
        lines = [[kind, *(f"{value:.4f}" for value in values)] for kind, values in means.items()]
        lost = np.array([[world["with"][name] - world["without"][name] for name in names] for world in results["cost"]])
        spread = student.ppf(0.975, worlds - 1) * lost.std(axis=0, ddof=1) / worlds**0.5
        lines.append(["difference", *(f"{m:+.4f} ({m - s:+.4f} to {m + s:+.4f})" for m, s in zip(lost.mean(axis=0), spread, strict=True))])
        parts += [
            f"What it costs: the same {worlds} simulated worlds (seeds 1 to {worlds}), {_INITS} initialisations each, without masks and\n"
            "with them; the mean difference with its 95 % t interval over worlds.",
            markdown(["masks", *names], lines),
        ]
    return paragraphs(*parts)


REPORT = Report(__file__, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--worlds", type=int, default=0, help="worlds that tell what masking costs, at least 2; 0 keeps the record")
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
    if options.worlds:
        seeds = range(1, options.worlds + 1)
        results["cost"] = [{"seed": seed, "without": train(seed, False), "with": train(seed, True)} for seed in seeds]
    REPORT.publish(results)


if __name__ == "__main__":
    main()

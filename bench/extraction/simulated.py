"""Score the rules on a simulated world, apart for what its phrasebook says in known and in unknown words.

    python bench/extraction/simulated.py [--seed 0] [--impressions 20000]

A world plants every skill, and notes whether the words come from the half of the phrasebook that the lexicon
knows; for the skills of a job also whether the words around (`a plus`, `what sets you apart`) are known cues.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.tables import machine, publish
from minirank.extract import extract_job, extract_resume
from minirank.simulate import World, WorldConfig

_FACTS = {name: name for name in ("title", "seniority", "education", "remote")} | {"years": "min_years"}


class Tally:
    """Planted and found items of one row of the table."""

    def __init__(self):
        self.planted = self.found = self.misplaced = 0


def score_jobs(texts):
    """Recall of planted skills and facts; a skill in the other list counts as misplaced, not as found."""
    rows, precision = defaultdict(Tally), Counter()
    for title, description, mentions in texts:
        features = extract_job(title, description)
        lists = {"must": {v.value for v in features.must_have}, "nice": {v.value for v in features.nice_to_have}}
        planted = {kind: {m.value for m in mentions if m.kind == kind} for kind in lists}
        for m in mentions:
            if m.kind in lists:
                row = rows[m.kind, m.known, m.cue]
                other = lists["nice" if m.kind == "must" else "must"]
                row.planted += 1
                row.found += m.value in lists[m.kind]
                row.misplaced += m.value in other
            elif m.kind in _FACTS:
                value = getattr(features, _FACTS[m.kind])
                row = rows[m.kind, m.known, None]
                row.planted += 1
                row.found += value is not None and str(value.value) == m.value
                row.misplaced += value is not None and str(value.value) != m.value
        for kind, names in lists.items():
            precision[kind, "found"] += len(names)
            precision[kind, "right"] += len(names & planted[kind])
            precision[kind, "named"] += len(names & (planted["must"] | planted["nice"]))
    return rows, precision


def score_resumes(texts, times, years):
    """Recall of planted skills and facts of resumes; years count as found when they are off by one at most."""
    rows, precision = defaultdict(Tally), Counter()
    for (text, mentions), now, career in zip(texts, times, years, strict=True):
        features = extract_resume(text, int(now))
        row = rows["years", None, None]
        row.planted += 1
        if features.years is not None:
            close = abs(features.years.value - career) <= 1
            row.found += close
            row.misplaced += not close
        found = {v.value for v in features.skills}
        for m in mentions:
            row = rows[m.kind, m.known, None]
            if m.kind == "skill":
                row.planted += 1
                row.found += m.value in found
            elif m.kind in ("title", "seniority", "education"):
                value = getattr(features, m.kind)
                row.planted += 1
                row.found += value is not None and value.value == m.value
                row.misplaced += value is not None and value.value != m.value
        precision["skill", "found"] += len(found)
        precision["skill", "right"] += len(found & {m.value for m in mentions if m.kind == "skill"})
    return rows, precision


def summarise(rows, precision):
    """JSON-able lists of rows and precisions."""
    lines = [
        {
            "kind": kind,
            "phrase": _word(known),
            "cue": _word(cue),
            "planted": t.planted,
            "recall": round(t.found / t.planted, 4),
            "misplaced": round(t.misplaced / t.planted, 4),
        }
        for (kind, known, cue), t in sorted(rows.items(), key=str)
        if t.planted
    ]
    return {
        "rows": lines,
        "precision": {
            kind: round(precision[kind, "right"] / max(precision[kind, "found"], 1), 4) for kind in sorted({kind for kind, _ in precision})
        },
    }


def _word(flag):
    return None if flag is None else "known" if flag else "unknown"


def table(results):
    """Markdown of the recalls and precisions."""
    lines = [
        f"Simulated world, seed {results['seed']}: {results['jobs']} jobs, {results['resumes']} resumes. "
        "Half of the phrasebook is unknown to the rules on purpose.",
        "Misplaced: found with another value, or in the other of the two lists.",
        "",
        "| text | item | words | cue | planted | recall | misplaced |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for text in ("job", "resume"):
        lines += [
            f"| {text} | {r['kind']} | {r['phrase'] or ''} | {r['cue'] or ''} | {r['planted']} | {r['recall']:.3f} | {r['misplaced']:.3f} |"
            for r in results[text]["rows"]
        ]
    precisions = [f"{text} {kind} {value:.3f}" for text in ("job", "resume") for kind, value in results[text]["precision"].items()]
    speed = (
        f"{results['milliseconds_job']:.2f} ms a job ({results['characters_job']} characters), "
        f"{results['milliseconds_resume']:.2f} ms a resume ({results['characters_resume']} characters), one core"
    )
    return "\n".join([*lines, "", f"Precision of skill lists: {', '.join(precisions)}.", f"{speed}. {results['machine']}"])


def timed(extract, texts):
    """Milliseconds of processor time for a text, the least of seven passes."""
    passes = []
    for _ in range(7):
        begin = time.process_time()
        for text in texts:
            extract(*text)
        passes.append(1000 * (time.process_time() - begin) / len(texts))
    return round(min(passes), 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--impressions", type=int, default=20_000)
    options = parser.parse_args()
    world = World(WorldConfig(seed=options.seed, impressions=options.impressions))
    jobs, resumes = list(world.job_texts()), list(world.resume_texts())
    people = world.people
    some_jobs, some_resumes = [j[:2] for j in jobs[:500]], [r[:1] for r in resumes[:500]]
    results = {
        "seed": options.seed,
        "jobs": len(jobs),
        "resumes": len(resumes),
        "machine": machine(),
        "job": summarise(*score_jobs(jobs)),
        "resume": summarise(*score_resumes(resumes, people.updated_at, people.years)),
        "milliseconds_job": timed(extract_job, some_jobs),
        "milliseconds_resume": timed(extract_resume, some_resumes),
        "characters_job": sum(map(len, (d for _, d in some_jobs))) // len(some_jobs),
        "characters_resume": sum(map(len, (t for (t,) in some_resumes))) // len(some_resumes),
    }
    publish(__file__, results, table(results))


if __name__ == "__main__":
    main()

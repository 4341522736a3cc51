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

from bench.tables import Report, machine, markdown
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


def table(results: dict) -> str:
    """Markdown of the recalls and precisions."""
    rows = [(text, r) for text in ("job", "resume") for r in results[text]["rows"]]
    skills = [r for _, r in rows if r["kind"] in ("must", "nice", "skill")]
    recalls = [
        sum(r["recall"] * r["planted"] for r in skills if r["phrase"] == phrase)
        / sum(r["planted"] for r in skills if r["phrase"] == phrase)
        for phrase in ("known", "unknown")
    ]
    precisions = [f"{text} {kind} {value:.3f}" for text in ("job", "resume") for kind, value in results[text]["precision"].items()]
    speeds = [
        f"{results[f'milliseconds_{text}']:.2f} ms a {text} ({results[f'characters_{text}']} characters)" for text in ("job", "resume")
    ]
    return "\n\n".join(
        [
            f"Of the skills in words that the lexicon knows {recalls[0]:.1%} are found, in the right list, of those in other words "
            f"{recalls[1]:.1%}.",
            f"Simulated world, seed {results['seed']}: {results['jobs']} jobs, {results['resumes']} resumes. "
            "Half of the phrasebook is unknown to the rules on purpose.\n"
            "Misplaced: found with another value, or in the other of the two lists.",
            markdown(
                ["text", "item", "words", "cue", "planted", "recall", "misplaced"],
                [
                    [text, r["kind"], r["phrase"] or "", r["cue"] or "", str(r["planted"]), f"{r['recall']:.3f}", f"{r['misplaced']:.3f}"]
                    for text, r in rows
                ],
                left=4,
            ),
            f"Precision of skill lists: {', '.join(precisions)}.\n{', '.join(speeds)}, one core. {results['machine']}",
        ]
    )


REPORT = Report(__file__, table)


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
    REPORT.publish(results)


if __name__ == "__main__":
    main()

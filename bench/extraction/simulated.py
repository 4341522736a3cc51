"""Score the rules on a simulated world, apart for what its phrasebook says in known and in unknown words.

    python bench/extraction/simulated.py [--seed 0] [--impressions 20000]

A world plants every skill, and notes whether the words come from the half of the phrasebook that the lexicon
knows; for the skills of a job also whether the words around (`a plus`, `what sets you apart`) are known cues.
"""

import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.tables import Report, arguments, machine, markdown, paragraphs
from minirank.extract import extract_job, extract_resume
from minirank.simulate import World, WorldConfig
from minirank.simulate.phrasebook import DEPTHS
from minirank.simulate.population import DEPTH

_FACTS = {name: name for name in ("title", "seniority", "education", "remote")} | {"years": "min_years"}

_OFFER = re.compile(r"\d+k to (\d+)k a year")
_WEEKS = {"now": range(1), "soon": range(1, 7), "later": range(7, 60)}


def named(values: tuple) -> set[str]:
    """Names of the lexicon among values; open forms have none."""
    return {value.value for value in values if value.source != "tagger"}


def fact(value: object, planted: str) -> tuple[bool, bool]:
    """(found, misplaced) of a fact that was planted."""
    right = value is not None and str(value.value) == planted
    return right, value is not None and not right


def score_jobs(texts: list) -> dict:
    """Recall of planted skills and facts; a skill in the other list counts as misplaced, not as found."""
    rows, precision = defaultdict(list), defaultdict(lambda: (0, 0))
    for title, description, mentions in texts:
        features = extract_job(title, description)
        lists = {"must": named(features.must_have), "nice": named(features.nice_to_have)}
        for m in mentions:
            if m.kind in lists:
                other = lists["nice" if m.kind == "must" else "must"]
                rows[m.kind, m.known, m.cue].append((m.value in lists[m.kind], m.value in other))
            elif m.kind in _FACTS:
                rows[m.kind, m.known, None].append(fact(getattr(features, _FACTS[m.kind]), m.value))
        if pay := _OFFER.search(description):
            rows["salary", None, None].append(fact(features.salary, f"{pay[1]}000"))
        for kind, names in lists.items():
            add_precision(precision, kind, names, mentions)
    return summarise(rows, precision)


def score_resumes(world: World, texts: list) -> dict:
    """Recall of planted skills and facts of resumes; years count as found when they are off by one at most.

    Depth is that of skills which are found; where nothing is said of it, it is solid, as in the texts.
    """
    rows, precision, people = defaultdict(list), defaultdict(lambda: (0, 0)), world.people
    for row, (text, mentions) in enumerate(texts):
        features = extract_resume(text, int(people.updated_at[row]))
        close = features.years is not None and abs(features.years.value - people.years[row]) <= 1
        rows["years", None, None].append((close, features.years is not None and not close))
        rows["salary", None, None].append(fact(features.salary, str(round(people.salary[row]) * 1000)))
        leads = features.leadership is not None and features.leadership.value == "people"
        add_precision(precision, "leads", {"leads"} if leads else set(), mentions)
        for skill in features.skills:
            planted = people.skill[row, world.book.skills.index(skill.value)] if skill.value in world.book.skills else 0
            if planted:
                depth = DEPTHS[int(abs(DEPTH - planted).argmin())]
                rows[f"{depth} skill", None, None].append(((skill.depth or "solid") == depth, (skill.depth or depth) != depth))
        names = named(features.skills)
        for m in mentions:
            if m.kind == "skill":
                rows[m.kind, m.known, None].append((m.value in names, False))
            elif m.kind in ("title", "seniority", "education"):
                rows[m.kind, m.known, None].append(fact(getattr(features, m.kind), m.value))
            elif m.kind == "leads":
                rows[m.kind, m.known, None].append((leads, False))
            elif m.kind == "available":
                right = features.notice is not None and features.notice.value in _WEEKS[m.value]
                rows["notice", m.known, None].append((right, features.notice is not None and not right))
        add_precision(precision, "skill", names, mentions)
    return summarise(rows, precision)


def add_precision(precision: dict, kind: str, names: set[str], mentions: list) -> None:
    """Add to (found, right) of a kind of skills."""
    found, right = precision[kind]
    precision[kind] = found + len(names), right + len(names & {m.value for m in mentions if m.kind == kind})


def summarise(rows: dict, precision: dict) -> dict:
    """JSON-able lists of rows and precisions."""
    words = {None: None, True: "known", False: "unknown"}
    lines = []
    for (kind, known, cue), pairs in sorted(rows.items(), key=str):
        recall, misplaced = (round(sum(column) / len(pairs), 4) for column in zip(*pairs))
        line = {"kind": kind, "phrase": words[known], "cue": words[cue], "planted": len(pairs)}
        lines.append(line | {"recall": recall, "misplaced": misplaced})
    return {"rows": lines, "precision": {kind: round(right / max(found, 1), 4) for kind, (found, right) in sorted(precision.items())}}


def table(results: dict) -> str:
    """Markdown of the recalls and precisions."""
    rows = [(text, r) for text in ("job", "resume") for r in results[text]["rows"]]
    skills = [r for _, r in rows if r["kind"] in ("must", "nice", "skill")]
    by_phrase = [[r for r in skills if r["phrase"] == phrase] for phrase in ("known", "unknown")]
    recalls = [sum(r["recall"] * r["planted"] for r in some) / sum(r["planted"] for r in some) for some in by_phrase]
    precisions = [f"{text} {kind} {value:.3f}" for text in ("job", "resume") for kind, value in results[text]["precision"].items()]
    speeds = [f"{results[f'milliseconds_{t}']:.2f} ms a {t} ({results[f'characters_{t}']} characters)" for t in ("job", "resume")]
    cells = [[text, r["kind"], r["phrase"] or "", r["cue"] or "", str(r["planted"])] for text, r in rows]
    cells = [[*some, f"{r['recall']:.3f}", f"{r['misplaced']:.3f}"] for some, (_, r) in zip(cells, rows)]
    return paragraphs(
        f"Of the skills in words that the lexicon knows {recalls[0]:.1%} are found, in the right list, of those in other words "
        f"{recalls[1]:.1%}.",
        f"Simulated world, seed {results['seed']}: {results['jobs']} jobs, {results['resumes']} resumes. "
        "Half of the phrasebook is unknown to the rules on purpose.\n"
        "Misplaced: found with another value, or in the other of the two lists.",
        markdown(["text", "item", "words", "cue", "planted", "recall", "misplaced"], cells, left=4),
        f"Precision of skill lists: {', '.join(precisions)}.\n{', '.join(speeds)}, one core. {results['machine']}",
    )


REPORT = Report(__file__, table)


def timed(extract: Callable, texts: list[tuple]) -> float:
    """Milliseconds of processor time for a text, the least of seven passes."""
    passes = []
    for _ in range(7):
        begin = time.process_time()
        for text in texts:
            extract(*text)
        passes.append(1000 * (time.process_time() - begin) / len(texts))
    return round(min(passes), 3)


def main() -> None:
    options = arguments(__doc__, seed=0, impressions=20_000)
    world = World(WorldConfig(seed=options.seed, impressions=options.impressions))
    jobs, resumes = list(world.job_texts()), list(world.resume_texts())
    results = {"seed": options.seed, "jobs": len(jobs), "resumes": len(resumes), "machine": machine(), "job": score_jobs(jobs)}
    results["resume"] = score_resumes(world, resumes)
    timing = {"job": (extract_job, [j[:2] for j in jobs[:500]]), "resume": (extract_resume, [r[:1] for r in resumes[:500]])}
    for name, (extract, texts) in timing.items():
        results[f"milliseconds_{name}"] = timed(extract, texts)
        results[f"characters_{name}"] = sum(len(text[-1]) for text in texts) // len(texts)
    REPORT.publish(results)


if __name__ == "__main__":
    main()

"""What a ranker of the demonstration makes of real texts, whose words it never saw: resumes for jobs, and halves of postings.

    python bench/ranking/real_texts.py DATA --change "what changed since the last reading"    DATA: with talentclef2026_ro_en and skillspan

Jobs and resumes: TalentCLEF 2026, Task A, development set, in a machine translation into Romanian, with human judgements.
Halves: every second line of a posting of SkillSpan's dev.json must find the others of that posting among all. Whatever looks at
the judgements is a reading; the record keeps all readings with what was changed before, for choices must not be made on them.
"""

import argparse
import json
import math
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.extraction.skillspan import read_postings
from bench.tables import Report, machine, markdown, paragraphs
from minirank.demo import MODELS, make_market, train_model
from minirank.progress import Progress
from minirank.ranking import Ranker

WORLDS = (0, 1, 2)
MODEL = "MMoE, role in x and gates"
FIRST = 10
K1, B = 1.2, 0.75


def bm25(queries: Sequence[str], texts: Sequence[str]) -> np.ndarray:
    """(Q, N) scores: k1 1.2, b 0.75, words as \\w+ in lower case, each as often as the query says it, over the texts themselves."""
    counts = [Counter(re.findall(r"\w+", text.lower())) for text in texts]
    lengths = np.array([counted.total() for counted in counts])
    holders: dict[str, list[int]] = {}
    for row, counted in enumerate(counts):
        for word in counted:
            holders.setdefault(word, []).append(row)
    scores = np.zeros((len(queries), len(texts)))
    for place, query in enumerate(queries):
        for word, said in Counter(re.findall(r"\w+", query.lower())).items():
            if word not in holders:
                continue
            rows = np.array(holders[word])
            often = np.array([counts[row][word] for row in rows])
            idf = math.log(1 + (len(texts) - len(rows) + 0.5) / (len(rows) + 0.5))
            scores[place, rows] += said * idf * often * (K1 + 1) / (often + K1 * (1 - B + B * lengths[rows] / lengths.mean()))
    return scores


def by_ranker(ranker: Ranker, jobs: Sequence[dict], texts: Sequence[str], role: str | None) -> np.ndarray:
    """(Q, N) scores of a ranker that is given everything by hand."""
    resumes = [{"resume_id": f"{row:06d}", "text": text} for row, text in enumerate(texts)]
    scores = np.zeros((len(jobs), len(texts)))
    for place, found in enumerate(ranker.rank_jobs(jobs, resumes, role)):
        scores[place, [int(name) for name in found.resume_ids]] = found.scores
    return scores


def judged(scores: np.ndarray, relevant: np.ndarray) -> dict[str, float]:
    """NDCG@10 and MAP, means over the jobs; equal scores in the order of the rows.

    Args:
        scores: (Q, N). relevant: (Q, N) bool, with at least one in each row.
    """
    order = np.argsort(-scores, axis=1, kind="stable")
    hits = np.take_along_axis(relevant, order, axis=1).astype(float)
    discount = 1 / np.log2(np.arange(2, FIRST + 2))
    best = [discount[: min(FIRST, int(row.sum()))].sum() for row in relevant]
    precision = np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1)
    return {
        "ndcg": float(np.mean(hits[:, :FIRST] @ discount / best)),
        "map": float(np.mean((hits * precision).sum(axis=1) / relevant.sum(axis=1))),
    }


def found(scores: np.ndarray) -> dict[str, float]:
    """Share of queries whose own text comes first, and the mean reciprocal rank; of equal scores the own comes last.

    Args:
        scores: (Q, Q), own texts on the diagonal.
    """
    rank = (scores >= np.diag(scores)[:, None]).sum(axis=1)
    return {"hit": float(np.mean(rank == 1)), "mrr": float(np.mean(1 / rank))}


def read_talentclef(path: Path) -> tuple[list[dict], list[str], np.ndarray]:
    """Jobs, texts of the resumes, and (Q, N) bool which are relevant."""
    jobs, resumes = ([json.loads(line) for line in (path / name).open(encoding="utf-8")] for name in ("jobs.jsonl", "resumes.jsonl"))
    place = {resume["resume_id"]: row for row, resume in enumerate(resumes)}
    relevant = np.zeros((len(jobs), len(resumes)), bool)
    row_of = {job["job_id"]: row for row, job in enumerate(jobs)}
    for line in (path / "qrels.tsv").read_text(encoding="utf-8").splitlines():
        job, _, resume, grade = line.split()
        relevant[row_of[job], place[resume]] = int(grade) > 0
    return [{"title": job["title"], "description": job["description"]} for job in jobs], [resume["text"] for resume in resumes], relevant


def halves(path: Path) -> list[list[str]]:
    """The odd lines and the even lines of the postings that have at least eight lines."""
    texts = [text.split("\n") for text, _ in read_postings(path)]
    return [["\n".join(lines[first::2]) for lines in texts if len(lines) >= 8] for first in (0, 1)]


def as_job(text: str) -> dict:
    """A half of a posting as a job: its first line is the title."""
    title, _, description = text.partition("\n")
    return {"title": title, "description": description or title}


def measure(data: Path, worlds: Sequence[int]) -> dict:
    """Figures of BM25, and of the rankers of these simulated worlds."""
    jobs, texts, relevant = read_talentclef(data / "talentclef2026_ro_en")
    first, second = halves(data / "skillspan" / "dev.json")
    both = ((first, second), (second, first))
    plain = bm25([f"{job['title']}\n{job['description']}" for job in jobs], texts)
    results = {"bm25": {"judged": judged(plain, relevant), "halves": [found(bm25(*pair)) for pair in both]}, "rankers": []}
    for world in worlds:
        with tempfile.TemporaryDirectory() as path:
            *_, config, dataset = make_market(Path(path) / "data", world, 50_000, Progress())
            ranker = Ranker(train_model(config, MODELS[MODEL], MODEL, Path(path), dataset, Progress()))
        record = {"world": world, "judged": {}, "halves": []}
        for role in (None, *ranker.run.encoder.roles):
            record["judged"][role or "none"] = judged(by_ranker(ranker, jobs, texts, role), relevant)
        record["halves"] = [found(by_ranker(ranker, [as_job(text) for text in a], b, None)) for a, b in both]
        results["rankers"].append(record)
        print(json.dumps(record))
    return results | {"jobs": len(jobs), "resumes": len(texts), "postings": len(first)}


def table(results: dict) -> str:
    """Markdown of both tasks and of the readings."""
    roles = list(results["rankers"][0]["judged"])
    means = {role: {name: [r["judged"][role][name] for r in results["rankers"]] for name in ("ndcg", "map")} for role in roles}
    plain = results["bm25"]
    rows = [["BM25", f"{plain['judged']['ndcg']:.3f}", f"{plain['judged']['map']:.3f}"]]
    for role in roles:
        cells = [f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})" for values in means[role].values()]
        rows.append([f"ranker, {'no role' if role == 'none' else role}", *cells])
    names = ("odd lines find even ones", "even lines find odd ones")
    halves_rows = []
    for number, name in enumerate(names):
        for metric, title in (("hit", "first place"), ("mrr", "reciprocal rank")):
            values = [r["halves"][number][metric] for r in results["rankers"]]
            spread = f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"
            halves_rows.append([name, title, f"{plain['halves'][number][metric]:.3f}", spread])
    readings = [[r["date"], r["change"], r["figures"]] for r in results["readings"]]
    return paragraphs(
        f"Real resumes for real jobs, in a language that no rule knows: NDCG@{FIRST} {np.mean(means['none']['ndcg']):.3f} and MAP "
        f"{np.mean(means['none']['map']):.3f} without a role, where BM25 reaches {plain['judged']['ndcg']:.3f} and "
        f"{plain['judged']['map']:.3f}.",
        f"{results['jobs']} jobs, {results['resumes']} resumes (TalentCLEF 2026, Task A, development set, machine-translated into "
        f"Romanian); rankers of the demonstration, worlds {', '.join(str(r['world']) for r in results['rankers'])}: mean (lowest to "
        "highest).",
        markdown(["", f"NDCG@{FIRST}", "MAP"], rows),
        f"Halves of {results['postings']} English postings (SkillSpan, dev), the same rankers without a role:",
        markdown(["", "", "BM25", "ranker"], halves_rows, left=2),
        "Readings of the judgements so far:",
        markdown(["date", "changed before", f"NDCG@{FIRST} / MAP"], readings, left=3),
        results["machine"],
    )


REPORT = Report(__file__, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="folder with talentclef2026_ro_en and skillspan")
    parser.add_argument("--change", required=True, help="what was changed since the last reading")
    options = parser.parse_args()
    results = measure(options.data, WORLDS)
    none = [r["judged"]["none"] for r in results["rankers"]]
    figures = f"{np.mean([f['ndcg'] for f in none]):.3f} / {np.mean([f['map'] for f in none]):.3f}"
    reading = {"date": datetime.now(UTC).date().isoformat(), "change": options.change, "figures": figures}
    REPORT.publish(results | {"readings": [*REPORT.read().get("readings", []), reading], "machine": machine("numpy", "numba")})


if __name__ == "__main__":
    main()

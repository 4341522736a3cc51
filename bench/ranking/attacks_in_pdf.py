"""What resumes gain that hide a job's words in a PDF file, once `minirank ingest` has read them.

    python bench/ranking/attacks_in_pdf.py [--seed 0] [--impressions 20000] [--candidates 80]          needs the extra documents-test

The ranker, jobs and resumes are those of attacks.py. Each resume is written as a PDF file with the payload in front, in its middle or at
its end, in turns, hidden in one of several ways, and once without it.
"""

import io
import sys
import tempfile
import textwrap
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking.attacks import JOBS, sampled, scores, trained
from bench.tables import Report, arguments, machine, markdown, paragraphs
from minirank.data.documents.ingest import Ingested, find_files, ingest
from minirank.ranking import Ranker

WIDTH, HEIGHT, MARGIN = 612, 792, 60  # points
LEADING, SIZE = 13, 10
CHARACTERS = 95  # of a line
WAYS = (
    "white on white",
    "white across a thin line",
    "letters of half a point",
    "under a white shape",
    "outside the page",
    "invisible mode",
)
PAYLOADS = {"the job's description": lambda job: job["description"], "the job's skills": lambda job: ", ".join(job["must"])}


def pdf_of(lines: list[str], payload: str, at: int, way: str) -> bytes:
    """A resume as a PDF file, with the payload before its line number `at`, hidden in a way of `WAYS`; "" for none."""
    from reportlab.pdfgen.canvas import Canvas

    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(WIDTH, HEIGHT), invariant=True)
    y = HEIGHT - MARGIN
    for number, line in enumerate([*lines, ""]):
        if number == at:
            for part in textwrap.wrap(payload, CHARACTERS):
                _draw_hidden(canvas, part, y, way)
        for part in textwrap.wrap(line, CHARACTERS) or [""]:
            if y < MARGIN:
                canvas.showPage()
                y = HEIGHT - MARGIN
            canvas.setFont("Helvetica", SIZE)
            canvas.drawString(MARGIN, y, part)
            y -= LEADING
    canvas.save()
    return stream.getvalue()


def _draw_hidden(canvas, text: str, y: float, way: str) -> None:
    """In the gap above the line at y, which keeps its place, and reaching into it."""
    canvas.saveState()
    drawn = canvas.beginText(-9000 if way == "outside the page" else MARGIN, y + LEADING / 2)
    drawn.setFont("Helvetica", 0.5 if way == "letters of half a point" else 3)
    if way == "white across a thin line":
        canvas.rect(MARGIN, y + LEADING / 2 + 0.5, WIDTH - 2 * MARGIN, 0.3, stroke=0, fill=1)
    if way.startswith("white"):
        drawn.setFillColorRGB(1, 1, 1)
    if way == "invisible mode":
        drawn.setTextRenderMode(3)
    drawn.textLine(text)
    canvas.drawText(drawn)
    if way == "under a white shape":
        canvas.setFillColorRGB(1, 1, 1)
        canvas.rect(MARGIN - 5, y + LEADING / 2 - 1, WIDTH - 2 * MARGIN, 4, stroke=0, fill=1)
    canvas.restoreState()


def through_ingest(files: list[bytes]) -> Ingested:
    """What `minirank ingest` makes of PDF files, in their order."""
    with tempfile.TemporaryDirectory() as place:
        for number, content in enumerate(files):
            Path(place, f"{number:05}.pdf").write_bytes(content)
        made = ingest(Path(place), "resumes", find_files(Path(place), "resumes")["resumes"])
    assert len(made.records) == len(files), made.not_read[:1]
    return made


def measure(ranker: Ranker, jobs: list[dict], resumes: list[dict]) -> list[dict]:
    """One record for each payload and each way to hide it."""
    lines = [resume["text"].rstrip("\n").split("\n") for resume in resumes]
    clean = through_ingest([pdf_of(each, "", 0, "") for each in lines])
    read = [resume | {"text": record["text"]} for resume, record in zip(resumes, clean.records)]
    before = {job["job_id"]: scores(ranker, job["job_id"], read) for job in jobs}
    rows = []
    for name, wording in PAYLOADS.items():
        for way in WAYS:
            told, same, won = [], [], []
            for job in jobs:
                payload, old = " ".join(wording(job).split()), before[job["job_id"]]
                files = [pdf_of(each, payload, (0, len(each) // 2, len(each))[at % 3], way) for at, each in enumerate(lines)]
                made = through_ingest(files)
                told += [payload.split()[0] in " ".join(each["text"] for each in document["hidden"]) for document in made.documents]
                changed = [resume | {"text": record["text"]} for resume, record in zip(resumes, made.records)]
                ordered = np.sort(-np.array(list(old.values())))
                for key, score in scores(ranker, job["job_id"], changed).items():
                    same.append(score == old[key])
                    won.append(int(np.searchsorted(ordered, -old[key]) - np.searchsorted(ordered, -score)))
            places = [float(np.mean(won)), int(np.max(won))]
            rows.append({"payload": name, "way": way, "told": float(np.mean(told)), "same": float(np.mean(same)), "places": places})
    return rows


def table(results: dict) -> str:
    """Markdown of the ways to hide something."""
    rows = results["rows"]
    return paragraphs(
        f"Read by `ingest`, what is hidden in a PDF file wins at most {max(row['places'][1] for row in rows)} of {results['candidates']} "
        f"places; {sum(row['same'] == 1 for row in rows)} of {len(rows)} hidden payloads ({len(PAYLOADS)} texts, {len(WAYS)} ways each) "
        "leave every score as it was.",
        f"{results['candidates']} resumes, {JOBS} jobs, the ranker of the table above. Told apart: named as hidden in the report of "
        "`ingest`. Same score: to the last bit, as of the same PDF file without the payload. Places won: mean and most.",
        markdown(
            ["payload", "hidden as", "told apart", "same score", "places won"],
            [[r["payload"], r["way"], f"{r['told']:.3f}", f"{r['same']:.3f}", f"{r['places'][0]:+.1f}, {r['places'][1]:+d}"] for r in rows],
            left=2,
        ),
        results["machine"],
    )


REPORT = Report(__file__, table)


def main() -> None:
    options = arguments(__doc__, seed=0, impressions=20_000, candidates=80)
    with tempfile.TemporaryDirectory() as path:
        ranker = trained(options.seed, options.impressions, Path(path))
        jobs, resumes = sampled(ranker, options.candidates)
        results = {"candidates": len(resumes), "rows": measure(ranker, jobs, resumes), "machine": machine("pypdfium2", "reportlab")}
    REPORT.publish(results)


if __name__ == "__main__":
    main()

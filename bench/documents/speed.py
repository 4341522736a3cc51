"""How many documents a second and core `minirank ingest` reads: a thousand simulated resumes as PDF, Word, HTML and text files.

    python bench/documents/speed.py [--documents 1000]          needs pip install -e ".[documents-test]"

Counted is the time of the processor that the reading processes take, their start included: it does not depend on what else the machine
does.
"""

import io
import resource
import sys
import tempfile
import textwrap
import time
from collections import Counter
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.tables import Report, arguments, machine, markdown, paragraphs
from minirank.data.documents.ingest import find_files, ingest
from minirank.simulate import World, WorldConfig
from minirank.storage import parse_json

SHARES = {"PDF, one column": 3, "PDF, two columns": 2, "PDF, a picture": 1, "DOCX": 2, "HTML": 1, "TXT": 1}  # of ten


def one_column(lines: list[str], picture: bool = False) -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(612, 792), invariant=True)
    if picture:
        canvas.drawImage(_photograph(), 480, 650, 80, 100)
    canvas.linkURL("https://example.org", (60, 700, 200, 712))
    y = 732
    for line in lines:
        for part in textwrap.wrap(line, 80) or [""]:
            if y < 60:
                canvas.showPage()
                y = 732
            canvas.setFont("Helvetica", 10)
            canvas.drawString(60, y, part)
            y -= 13
    canvas.save()
    return stream.getvalue()


def _photograph():
    """A picture of 240 x 300 points of noise."""
    import numpy as np
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    return ImageReader(Image.fromarray(np.random.default_rng(0).integers(0, 255, (300, 240, 3), np.uint8)))


def two_columns(lines: list[str]) -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(612, 792), invariant=True)
    canvas.setFillColorRGB(0.9, 0.93, 0.97)
    canvas.rect(0, 0, 200, 792, stroke=0, fill=1)
    canvas.setFillColorRGB(0, 0, 0)
    for x, width, some in ((30, 30, lines[: len(lines) // 3]), (220, 70, lines[len(lines) // 3 :])):
        y = 740
        for part in (part for line in some for part in textwrap.wrap(line, width) or [""]):
            canvas.setFont("Times-Roman", 9)
            canvas.drawString(x, y, part)
            y -= 12 if y > 40 else 0
    canvas.save()
    return stream.getvalue()


def of_word(lines: list[str]) -> bytes:
    import docx

    document = docx.Document()
    document.add_heading(lines[0])
    for line in lines[1:-1]:
        document.add_paragraph(line)
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Summary", lines[-1]
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def of_html(lines: list[str]) -> bytes:
    return "".join(["<html><body>", *(f"<p>{escape(line)}</p>" for line in lines), "</body></html>"]).encode()


MAKERS = {
    "PDF, one column": (".pdf", one_column),
    "PDF, two columns": (".pdf", two_columns),
    "PDF, a picture": (".pdf", lambda lines: one_column(lines, picture=True)),
    "DOCX": (".docx", of_word),
    "HTML": (".html", of_html),
    "TXT": (".txt", lambda lines: "\n".join(lines).encode()),
}


def measure(documents: int) -> dict:
    """Documents of each kind, and all of them, through ingest."""
    rows = []
    with tempfile.TemporaryDirectory() as place:
        World(WorldConfig(impressions=2000)).write(Path(place) / "world")
        texts = [parse_json(line)["text"] for line in (Path(place) / "world" / "resumes.jsonl").read_text(encoding="utf-8").splitlines()]
        order = [kind for kind, share in SHARES.items() for _ in range(share)]
        counted: Counter = Counter()
        for number in range(documents):
            kind = order[number % len(order)]
            suffix, make = MAKERS[kind]
            folder = Path(place) / kind
            folder.mkdir(exist_ok=True)
            (folder / f"{number}{suffix}").write_bytes(make(texts[number % len(texts)].split("\n")))
            counted[kind] += 1
        for kind in SHARES:
            files = find_files(Path(place) / kind, "resumes")["resumes"]
            before, start = _processor(), time.perf_counter()
            made = ingest(Path(place) / kind, "resumes", files)
            assert len(made.records) == len(files), made.not_read[:1]
            seconds = _processor() - before
            rows.append({"kind": kind, "documents": len(files), "seconds": seconds, "wall": time.perf_counter() - start})
    return {"rows": rows, "machine": machine("pypdfium2", "justhtml")}


def _processor() -> float:
    """Seconds of the processor that the processes took which have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(results: dict) -> str:
    """Markdown of the speeds."""
    rows = results["rows"]
    documents, seconds = (sum(row[key] for row in rows) for key in ("documents", "seconds"))
    slowest = min(rows, key=lambda row: row["documents"] / row["seconds"])
    return paragraphs(
        f"{documents / seconds:.0f} documents a second and core, {slowest['documents'] / slowest['seconds']:.0f} of the slowest kind "
        f"({slowest['kind']}).",
        f"{documents:,} simulated resumes; of the processor's time, starts of the reading processes included.",
        markdown(
            ["documents", "number", "a second and core"],
            [[row["kind"], f"{row['documents']:,}", f"{row['documents'] / row['seconds']:.0f}"] for row in rows],
        ),
        results["machine"],
    )


REPORT = Report(__file__, table)


if __name__ == "__main__":
    REPORT.publish(measure(arguments(__doc__, documents=1000).documents))

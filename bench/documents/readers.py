"""Packages that read PDF files, on the cases of the tests: which of them read what a person reads.

    python bench/documents/readers.py          needs pip install -e ".[documents-test,test]" pdfminer.six pymupdf "markitdown[pdf]"

Right: the text is there in reading order, no hidden text is in it, and what cannot be read is an error or nothing.
"""

import io
import sys
import time
import unicodedata
import warnings
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout
sys.path.insert(1, str(Path(__file__).resolve().parents[2] / "tests" / "worlds"))  # the tests' cases

from bench.tables import CHECKOUT, Report, arguments, machine, markdown, paragraphs

PAGE = CHECKOUT / "minirank" / "data" / "documents" / "READERS.md"
PAGES = 500  # of the case with the most


def by_ours(content: bytes) -> str:
    from minirank.data.documents.readers import read_document

    return "\n".join(document.text for document in read_document(content, "resume.pdf"))


def by_pypdf(content: bytes) -> str:
    import pypdf

    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def by_pdfminer(content: bytes) -> str:
    from pdfminer.high_level import extract_text

    return extract_text(io.BytesIO(content))


def by_pypdfium2(content: bytes) -> str:
    import pypdfium2

    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(content))


def by_pymupdf(content: bytes) -> str:
    import pymupdf

    return "\n".join(page.get_text() for page in pymupdf.open(stream=content, filetype="pdf"))


def by_markitdown(content: bytes) -> str:
    from markitdown import MarkItDown

    return MarkItDown().convert_stream(io.BytesIO(content), file_extension=".pdf").markdown


# Name -> (its function, distribution, licence).
READERS: dict[str, tuple[Callable[[bytes], str], str, str]] = {
    "minirank": (by_ours, "minirank", "Apache-2.0"),
    "pypdfium2": (by_pypdfium2, "pypdfium2", "Apache-2.0 or BSD-3"),
    "pypdf": (by_pypdf, "pypdf", "BSD-3"),
    "pdfminer.six": (by_pdfminer, "pdfminer.six", "MIT"),
    "PyMuPDF": (by_pymupdf, "pymupdf", "AGPL-3.0"),
    "markitdown": (by_markitdown, "markitdown", "MIT"),
}


def verdict(case, read: Callable[[bytes], str], content: bytes) -> str:
    """`right`, or what went otherwise."""
    from document_cases import one_blank

    try:
        text = one_blank(unicodedata.normalize("NFKC", read(content)))  # a ligature is two letters, too
    except Exception as error:  # whatever a library raises
        return "right" if case.problem is not None or not case.shown else f"refused ({type(error).__name__})"
    if case.problem is not None:
        return "right" if not text else "read"
    if any(one_blank(words) in text for words, _ in case.hidden):
        return "hidden text read"
    at = 0
    for part in map(one_blank, case.shown):
        found = text.find(part, at)
        if found < 0:
            if part.replace(" ", "") in text.replace(" ", ""):
                return "blanks within words"
            return "in another order" if all(word in text for word in part.split()) else "text is missing"
        at = found + len(part)
    return "right"


def measure() -> dict:
    """A row for each case, and the time of 500 pages."""
    import pdf_cases

    warnings.simplefilter("ignore")
    rows, seconds = [], {}
    for case in pdf_cases.CASES:
        content = case.make()
        row: dict = {"trouble": case.trouble, "hidden": bool(case.hidden)}
        for name, (read, _, _) in READERS.items():
            start = time.process_time()
            row[name] = verdict(case, read, content)
            if case.trouble == f"{PAGES} pages":
                seconds[name] = time.process_time() - start
        rows.append(row)
    return {
        "rows": rows,
        "versions": {name: metadata.version(package) for name, (_, package, _) in READERS.items() if name != "minirank"},
        "milliseconds": {name: 1000 * value / PAGES for name, value in seconds.items()},
        "machine": machine(),
    }


def counts(results: dict) -> str:
    """Markdown of one row for each package."""
    rows, lines = results["rows"], []
    for name, (_, _, licence) in READERS.items():
        hidden = [row for row in rows if row["hidden"]]
        told = sum(row[name] != "hidden text read" for row in hidden)
        right = sum(row[name] == "right" for row in rows)
        version = results["versions"].get(name, "")
        lines.append(
            [name, version, licence, f"{right} of {len(rows)}", f"{told} of {len(hidden)}", f"{results['milliseconds'][name]:.1f}"]
        )
    return markdown(["package", "version", "licence", "right", "hidden text left out", "ms a page"], lines, left=3)


def table(results: dict) -> str:
    """Markdown of all cases."""
    rows = results["rows"]
    most = max((name for name in READERS if name != "minirank"), key=lambda name: sum(row[name] == "right" for row in rows))
    return paragraphs(
        f"Of {len(rows)} PDF files with a trouble minirank reads {sum(row['minirank'] == 'right' for row in rows)} as a person does, the "
        f"best other package ({most}) {sum(row[most] == 'right' for row in rows)}.",
        "Text as each package gives it by default; the cases were written together with minirank's reader, so that its figure says no more "
        "than that they all pass. Right: the text in reading order, nothing hidden, and an error or no text where there is none. CPU "
        "milliseconds a page of the file with 500 pages; minirank draws each page twice to see what is seen.",
        counts(results),
        markdown(["trouble", *READERS], [[row["trouble"], *(row[name] for name in READERS)] for row in rows], left=1 + len(READERS)),
        results["machine"],
    )


REPORT = Report(__file__, table, ((PAGE, "readers", counts),))


if __name__ == "__main__":
    arguments(__doc__)
    REPORT.publish(measure())

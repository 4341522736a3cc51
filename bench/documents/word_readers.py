"""Packages that read files of Word, on the cases of the tests: which of them read what a person reads.

    python bench/documents/word_readers.py          needs pip install -e ".[documents-test]" docx2python mammoth "markitdown[docx]"

Right: all of the text is there in order, no hidden text is in it, and what cannot be read is an error or nothing. Signs do not count.
"""

import io
import re
import sys
import warnings
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout
sys.path.insert(1, str(Path(__file__).resolve().parents[2] / "tests" / "worlds"))  # the tests' cases

from bench.tables import CHECKOUT, Report, arguments, machine, markdown, paragraphs

PAGE = CHECKOUT / "minirank" / "data" / "documents" / "READERS.md"


def by_ours(content: bytes) -> str:
    from minirank.data.documents.readers import read_document

    return "\n".join(document.text for document in read_document(content, "resume.docx"))


def by_python_docx(content: bytes) -> str:
    import docx

    document, parts = docx.Document(io.BytesIO(content)), []
    for block in document.iter_inner_content():
        rows = block.rows if hasattr(block, "rows") else ()
        parts += [cell.text for row in rows for cell in row.cells] if rows else [getattr(block, "text", "")]
    return "\n".join(parts)


def by_docx2python(content: bytes) -> str:
    from docx2python import docx2python

    with docx2python(io.BytesIO(content)) as document:
        return document.text


def by_mammoth(content: bytes) -> str:
    import mammoth

    return mammoth.extract_raw_text(io.BytesIO(content)).value


def by_markitdown(content: bytes) -> str:
    from markitdown import MarkItDown

    return MarkItDown().convert_stream(io.BytesIO(content), file_extension=".docx").markdown


# Name -> (its function, licence).
READERS: dict[str, tuple[Callable[[bytes], str], str]] = {
    "minirank": (by_ours, "Apache-2.0"),
    "markitdown": (by_markitdown, "MIT"),
    "mammoth": (by_mammoth, "BSD-2"),
    "docx2python": (by_docx2python, "MIT"),
    "python-docx": (by_python_docx, "MIT"),
}


def words(text: str) -> str:
    """The words of a text, without the signs that each package sets in its own way."""
    return " ".join(re.findall(r"\w+", text))


def verdict(case, read: Callable[[bytes], str], content: bytes) -> str:
    """`right`, or what went otherwise."""
    try:
        text = words(read(content))
    except Exception as error:  # whatever a library raises
        return "right" if case.problem is not None else f"refused ({type(error).__name__})"
    if case.problem is not None:
        return "right" if not text else "read"
    if any(words(each) in text for each, _ in case.hidden):
        return "hidden text read"
    shown = words(" ".join(case.shown))
    if text == shown:
        return "right"
    return "text is missing" if len(text) < len(shown) else "more than is shown" if shown.split()[0] in text else "text is missing"


def measure() -> dict:
    """A row for each case."""
    import docx_cases

    warnings.simplefilter("ignore")
    rows = []
    for case in docx_cases.CASES:
        content = case.make()
        row = {"trouble": case.trouble, "hidden": bool(case.hidden)}
        rows.append(row | {name: verdict(case, read, content) for name, (read, _) in READERS.items()})
    versions = {name: metadata.version(name) for name in READERS if name != "minirank"}
    return {"rows": rows, "versions": versions, "machine": machine()}


def counts(results: dict) -> str:
    """Markdown of one row for each package."""
    rows, lines = results["rows"], []
    hidden = [row for row in rows if row["hidden"]]
    for name, (_, licence) in READERS.items():
        right, told = (sum(row[name] == "right" for row in each) for each in (rows, hidden))
        lines.append([name, results["versions"].get(name, ""), licence, f"{right} of {len(rows)}", f"{told} of {len(hidden)}"])
    return markdown(["package", "version", "licence", "right", "right where text is hidden"], lines, left=3)


def table(results: dict) -> str:
    """Markdown of all cases."""
    rows = results["rows"]
    most = max((name for name in READERS if name != "minirank"), key=lambda name: sum(row[name] == "right" for row in rows))
    return paragraphs(
        f"Of {len(rows)} files of Word with a trouble minirank reads {sum(row['minirank'] == 'right' for row in rows)} as Word shows them, "
        f"the best other package ({most}) {sum(row[most] == 'right' for row in rows)}.",
        "Text as each package gives it by default; the cases were written together with minirank's reader, so that its figure says no more "
        "than that they all pass.",
        counts(results),
        markdown(["trouble", *READERS], [[row["trouble"], *(row[name] for name in READERS)] for row in rows], left=1 + len(READERS)),
        results["machine"],
    )


REPORT = Report(__file__, table, ((PAGE, "word_readers", counts),))


if __name__ == "__main__":
    arguments(__doc__)
    REPORT.publish(measure())

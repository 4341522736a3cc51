"""What becomes of documents with troubles: every case of the tests, read once more.

python bench/documents/cases.py          needs pip install -e ".[documents-test,test]"
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout
sys.path.insert(1, str(Path(__file__).resolve().parents[2] / "tests" / "worlds"))  # the tests' cases

from bench.tables import Report, arguments, machine, markdown, paragraphs


def outcome(case) -> str:
    """What the reader must do, in words."""
    if case.problem is not None:
        return f"refused: {case.problem}"
    parts = ["read"] if case.shown else []
    parts += [f"told apart: {why}" for why in dict.fromkeys(why for _, why in case.hidden)]
    parts += [f"note: {part}" for part in case.notes]
    parts += [f"{name}: {value}" for name, value in case.fields.items()]
    return "; ".join(parts)


def measure() -> dict:
    """A row for each case."""
    import office_cases
    import pdf_cases
    from document_cases import wrong_in

    rows = [
        {"format": case.format, "trouble": case.trouble, "outcome": outcome(case), "hidden": bool(case.hidden), "wrong": wrong_in(case)}
        for case in (*pdf_cases.CASES, *office_cases.CASES)
    ]
    return {"rows": rows, "machine": machine("pypdfium2", "reportlab")}


def table(results: dict) -> str:
    """Markdown of the cases, format by format."""
    rows = results["rows"]
    formats = dict.fromkeys(row["format"] for row in rows)
    right = sum(not row["wrong"] for row in rows)
    hidden = sum(row["hidden"] for row in rows)
    by_format = ", ".join(f"{name} {sum(row['format'] == name for row in rows)}" for name in formats)
    return paragraphs(
        f"{right} of {len(rows)} documents with a trouble are read as a person reads them, or refused in one line; in {hidden} of them "
        "hidden text is told apart.",
        "Made by scripts ([PDF](../../tests/worlds/pdf_cases.py), [the rest](../../tests/worlds/office_cases.py)), none copied; the tests "
        f"read each of them. By format: {by_format}.",
        markdown(
            ["format", "trouble", "what becomes of it", ""],
            [[row["format"], row["trouble"], _cell(row["outcome"]), "wrong" if row["wrong"] else "right"] for row in rows],
            left=4,
        ),
        results["machine"],
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


REPORT = Report(__file__, table)


if __name__ == "__main__":
    arguments(__doc__)
    REPORT.publish(measure())

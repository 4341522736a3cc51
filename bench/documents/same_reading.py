"""Whether one resume reads alike in every format: simulated resumes in each layout, and what the rules find in them.

    python bench/documents/same_reading.py          needs pip install -e ".[documents-test]"

Equal: the skills, the years and the level of education that the rules find in a file are those that they find in the text that the file
was made of. What is not equal is text out of order, lines torn apart, or words that were lost.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout
sys.path.insert(1, str(Path(__file__).resolve().parents[2] / "tests" / "worlds"))  # what makes files of Word

from bench.documents.layouts import LAYOUTS
from bench.tables import Report, arguments, machine, markdown, paragraphs

RESUMES = 200
SEED = 11


def facts(text: str) -> tuple[frozenset[str], object, object]:
    """(skills, years, education) that the rules find."""
    from minirank.extract import extract_resume

    found = extract_resume(text)
    return frozenset(skill.value for skill in found.skills), found.years and found.years.value, found.education and found.education.value


def compare(texts: list[str], expected: list[tuple], suffix: str, make) -> dict:
    """Shares of resumes that read alike, and how long reading took."""
    from minirank.data.documents.readers import read_document

    files = [make(text) for text in texts]
    read_document(files[0], f"a{suffix}")  # imports
    start = time.process_time()
    documents = [read_document(file, f"a{suffix}") for file in files]
    seconds = time.process_time() - start
    read = ["\n\n".join(document.text for document in each) for each in documents]
    hidden = sum(len(document.hidden) for each in documents for document in each)
    found = list(map(facts, read))
    common = sum(len(ours[0] & theirs[0]) for ours, theirs in zip(found, expected))
    every = sum(len(ours[0] | theirs[0]) for ours, theirs in zip(found, expected))
    alike = [sum(ours[part] == theirs[part] for ours, theirs in zip(found, expected)) / len(texts) for part in range(3)]
    return {
        "skills": common / every, "all_skills": alike[0], "years": alike[1], "education": alike[2], "hidden": hidden,
        "milliseconds": 1000 * seconds / len(texts),
    }  # fmt: skip


def measure() -> dict:
    """A row for each layout."""
    from minirank.simulate import World, WorldConfig

    texts = [text for text, _ in World(WorldConfig(seed=SEED, impressions=2_000)).resume_texts()][:RESUMES]
    expected = list(map(facts, texts))
    rows = []
    for suffix, layouts in LAYOUTS.items():
        for layout, make in layouts.items():
            rows.append({"format": suffix[1:].upper(), "layout": layout} | compare(texts, expected, suffix, make))
            print(rows[-1], file=sys.stderr)
    return {"rows": rows, "resumes": len(texts), "machine": machine("pypdfium2", "justhtml", "python-docx", "reportlab")}


def table(results: dict) -> str:
    """Markdown of a row for each layout."""
    rows = results["rows"]
    least = min(rows, key=lambda row: row["skills"])
    return paragraphs(
        f"{results['resumes']} simulated resumes, each laid out in {len(rows)} ways: the share of equal skills is "
        f"{least['skills']:.1%} at least ({least['format']}, {least['layout']}).",
        "Skills: of all that were found in the file or in the text the share that was found in both. All skills, years, education: share "
        "of resumes in which they are the same. JSON Resume has dates in another form and headings of its own. CPU milliseconds a file.",
        markdown(
            ["format", "layout", "skills", "all skills", "years", "education", "hidden texts", "ms a file"],
            [
                [row["format"], row["layout"], *(f"{row[name]:.1%}" for name in ("skills", "all_skills", "years", "education")),
                 str(row["hidden"]), f"{row['milliseconds']:.1f}"]
                for row in rows
            ],
            left=2,
        ),
        results["machine"],
    )  # fmt: skip


REPORT = Report(__file__, table)


if __name__ == "__main__":
    arguments(__doc__)
    REPORT.publish(measure())

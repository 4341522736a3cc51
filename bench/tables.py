"""Shared by the benchmarks: records, tables between markers of Markdown pages, and one line about the machine.

    python bench/tables.py          writes every page anew from the records, and RESULTS.md, without measuring anything

A script FOLDER/NAME.py keeps what it measured in FOLDER/results/NAME.json, and its tables in FOLDER/RESULTS.md.
"""

import argparse
import importlib
import json
import os
import platform
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
SCRIPTS = {
    "speed": (
        "steps",
        "bfloat16",
        "kernels",
        "ceilings",
        "scaling",
        "ranks",
        "weighing",
        "evaluation",
        "starts",
        "architectures",
        "folders",
        "streams",
        "stream_tables",
        "searches",
        "tables_race",
    ),
    "gpu": ("measure",),
    "ranking": (
        "parts",
        "batches",
        "census",
        "lambdarank",
        "attacks",
        "attacks_in_pdf",
        "real_texts",
        "reading",
        "lost",
        "links",
        "precision",
        "embeddings",
        "gates",
        "architectures",
        "grades",
        "delayed",
        "parity",
        "synthetic",
        "ab_coverage",
        "collapse",
        "roles",
    ),
    "extraction": ("skillspan", "ablation", "simulated", "llm_skillspan", "llm_sentences", "personal"),
    "documents": ("cases", "readers", "word_readers", "speed", "same_reading"),
    "llm": ("client", "campaign", "trial"),
    "fuzz": ("campaign",),
}


@dataclass(frozen=True)
class Report:
    """What a script leaves behind: its record, and the tables that follow from it.

    Args:
        script: its `__file__`.
        table: record -> Markdown, whose first line says what the table shows.
        also: (page, name of the markers, record -> Markdown) of tables that lie elsewhere.
    """

    script: str
    table: Callable[[dict], str]
    also: tuple[tuple[Path, str, Callable[[dict], str]], ...] = ()

    @property
    def record(self) -> Path:
        """Where it keeps what it measured."""
        path = Path(self.script).resolve()
        return path.parent / "results" / f"{path.stem}.json"

    def read(self) -> dict:
        """The record, empty where there is none."""
        return json.loads(self.record.read_text(encoding="utf-8")) if self.record.exists() else {}

    def texts(self, results: dict) -> list[tuple[Path, str, str]]:
        """(page, name of the markers, Markdown) of every table."""
        page = self.record.parents[1] / "RESULTS.md", self.record.stem, self.table
        return [(path, name, make(results)) for path, name, make in (page, *self.also)]

    def write_tables(self, results: dict) -> None:
        """Put them between their markers."""
        for path, name, text in self.texts(results):
            replace_between(path, name, text)

    def publish(self, results: dict) -> None:
        """Write the record and the tables, and print the tables."""
        write_record(self.record, results)
        self.write_tables(results)
        print(self.table(results))


def write_record(path: Path, results: dict) -> None:
    """Write JSON that a reader can compare line by line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1, default=float) + "\n", encoding="utf-8")


def replace_between(path: Path, name: str, text: str) -> None:
    """Put a text between `<!-- name:begin -->` and `<!-- name:end -->`; both are appended where they lack.

    Args:
        path: Markdown file, made when it does not exist.
        name: of the markers.
        text: Markdown, replaces what stood between.
    """
    path = Path(path)
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    page = path.read_text(encoding="utf-8") if path.exists() else "# Results\n"
    if begin not in page or end not in page:
        page = f"{page.rstrip()}\n\n{begin}\n{end}\n"
    head, _, rest = page.partition(begin)
    tail = rest.partition(end)[2]
    path.write_text(f"{head}{begin}\n{text.strip()}\n{end}{tail}", encoding="utf-8")


def paragraphs(*parts: str) -> str:
    """Markdown of several parts."""
    return "\n\n".join(parts)


def markdown(head: list[str], rows: Iterable[list[str]], left: int = 1) -> str:
    """A Markdown table; all columns but the first `left` ones are aligned to the right."""
    lines = [head, ["---" if i < left else "---:" for i in range(len(head))], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def arguments(doc: str, **defaults: int) -> argparse.Namespace:
    """The numbers that a script was given: an option for each keyword.

    Args:
        doc: of the script; its first line describes it.
    """
    parser = argparse.ArgumentParser(description=doc.partition("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    for name, default in defaults.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default, help="number")
    return parser.parse_args()


def machine(*packages: str) -> str:
    """Processor, cores and versions in one line, without the name of the host.

    Args:
        packages: distributions whose versions are told, beside Python's.
    """
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in packages)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    python = f"Python {platform.python_version()}"
    return f"{_processor()}, {cores} cores; {python}{', ' + versions if versions else ''}"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def reports() -> dict[str, list[Report]]:
    """Those of all scripts, by folder."""
    return {folder: [importlib.import_module(f"bench.{folder}.{name}").REPORT for name in names] for folder, names in SCRIPTS.items()}


def contents() -> str:
    """Markdown of RESULTS.md: of every page its sections, what the first table of each shows, and the command that writes it."""
    parts = [
        "# Results",
        "Every table is written by a script, from a record that lies beside it; `python bench/tables.py` writes this page.",
    ]
    for folder in SCRIPTS:
        page = (CHECKOUT / "bench" / folder / "RESULTS.md").read_text(encoding="utf-8")
        parts.append(f"## [{page.partition(chr(10))[0].removeprefix('# ')}]({folder}/RESULTS.md)")
        lines = []
        for section in re.split(r"(?m)^## ", page)[1:]:
            title, _, rest = section.partition("\n")
            command, shown = re.search(r"`(python bench/.*?)`", rest)[1], re.search(r"(?s):begin -->\n(.*?)\n\n", rest)[1]
            lines.append([title, " ".join(shown.split()), f"`{command}`"])
        parts.append(markdown(["section", "result", "command"], lines, left=3))
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Write all pages."""
    for report in (report for some in reports().values() for report in some):
        report.write_tables(report.read())
    (CHECKOUT / "bench" / "RESULTS.md").write_text(contents(), encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(CHECKOUT))
    main()

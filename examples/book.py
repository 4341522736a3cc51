"""The book of the course: runs every lesson and puts what it prints and draws into its page and its notebook.

    python examples/book.py                   all lessons and failures
    python examples/book.py 03 dead_expert    those whose names begin so

A page (`book/NAME.md`) is written by hand, but for the text between its markers `<!-- NAME:begin -->` and `<!-- NAME:end -->`
and its picture. A picture carries the numbers that it shows in its metadata, so that the tests can compare it with what
the lesson draws today. Notebooks need the extra `lessons`; without it they are left as they are.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import runpy
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent
BOOK, NOTEBOOKS = EXAMPLES / "book", EXAMPLES / "notebooks"
INSTALL = '# Once, where minirank is not installed yet.\n%pip install --quiet -e "../..[lessons]"'
MEASURED = "measured"  # what depends on the machine: lines that begin with it, artists of this gid
POINTS = 25  # of a curve, or a side of an image, that a picture's numbers keep


@dataclass(frozen=True)
class Chapter:
    """A lesson, or a failure of the gallery."""

    path: Path

    @property
    def name(self) -> str:
        """The file's name, without its ending."""
        return self.path.stem

    @property
    def page(self) -> Path:
        """Where its text stands: a lesson has a page, all failures share one."""
        return BOOK / (f"{self.name}.md" if self.path.parent == EXAMPLES else "failures.md")

    @property
    def picture(self) -> Path:
        """What it draws."""
        return BOOK / f"{self.name}.png"

    @property
    def exercises(self) -> Path:
        """What it ends with; a failure has none."""
        return EXAMPLES / "exercises" / self.path.name

    @property
    def notebook(self) -> Path:
        """Its cells and its exercises, without outputs."""
        return NOTEBOOKS / f"{self.name}.ipynb"

    @property
    def title(self) -> str:
        """The first line of its docstring."""
        return self.path.read_text(encoding="utf-8").partition('"""')[2].partition("\n")[0]


def chapters() -> list[Chapter]:
    """The lessons in their order, then the failures."""
    found = [Chapter(path) for path in (*sorted(EXAMPLES.glob("[0-9][0-9]_*.py")), *sorted((EXAMPLES / "failures").glob("*.py")))]
    return [chapter for chapter in found if chapter.page.exists()]


def run(chapter: Chapter, folder: Path) -> str:
    """Run a lesson in a process of its own, in `folder`, where its picture is left; returns what it prints.

    Raises:
        RuntimeError: it fails, warns, or leaves no picture of its name.
    """
    root = EXAMPLES.parent
    environment = os.environ | {"MPLBACKEND": "agg", "PYTHONPATH": os.pathsep.join((str(root), os.environ.get("PYTHONPATH", "")))}
    command = [sys.executable, "-W", "error", str(Path(__file__).resolve()), "--inside", str(chapter.path)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=600)
    if done.returncode != 0:
        raise RuntimeError(f"{chapter.path.name} failed:\n{done.stderr}")
    if not (folder / chapter.picture.name).exists():
        raise RuntimeError(f"{chapter.path.name} leaves no {chapter.picture.name}")
    return done.stdout


def inside(path: Path) -> None:
    """Run one lesson here, and save its picture again with its numbers."""
    runpy.run_path(str(path), run_name="__main__")
    import matplotlib.pyplot as plt

    figure = plt.gcf()
    figure.savefig(f"{path.stem}.png", metadata={"Description": json.dumps(numbers(figure))})


def numbers(figure) -> list[dict]:
    """What each axes of a figure shows: its texts, and the numbers of its lines, bars, points and images, thinned out."""
    return [
        {
            "texts": [axes.get_title(), axes.get_xlabel(), axes.get_ylabel(), *(text.get_text() for text in axes.texts)],
            "lines": [thin(line.get_xydata()) for line in axes.lines if line.get_gid() != MEASURED],
            "bars": [thin([*bar.get_xy(), bar.get_width(), bar.get_height()]) for bar in axes.patches if bar.get_gid() != MEASURED],
            "points": [thin(points.get_offsets()) for points in axes.collections if points.get_gid() != MEASURED],
            "images": [thin(image.get_array()) for image in axes.images if image.get_gid() != MEASURED],
        }
        for axes in figure.axes
    ]


def thin(values) -> list:
    """At most POINTS x POINTS of an array's numbers, NaN as None."""
    import numpy as np

    array = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)
    for axis, length in enumerate(array.shape):
        array = array.take(np.unique(np.linspace(0, length - 1, min(length, POINTS)).astype(int)) if length else [], axis=axis)
    return np.where(np.isfinite(array), array, None).tolist()


def read_numbers(picture: Path) -> list[dict]:
    """The numbers that a picture carries."""
    from PIL import Image

    with Image.open(picture) as image:
        return json.loads(image.text["Description"])


def between(page: str, name: str, text: str) -> str:
    """A page with a text between its markers of a name.

    Raises:
        ValueError: the page has no such markers.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    if begin not in page or end not in page:
        raise ValueError(f"the page needs the markers {begin} and {end}")
    return f"{page.partition(begin)[0]}{begin}\n{text}\n{end}{page.partition(end)[2]}"


def rewrite(page: Path, name: str, text: str) -> None:
    """`between`, in place."""
    page.write_text(between(page.read_text(encoding="utf-8"), name, text), encoding="utf-8")


def links(chapter: Chapter) -> str:
    """What belongs to a lesson, and its neighbours."""
    lessons = [chapter for chapter in chapters() if chapter.path.parent == EXAMPLES]
    at = lessons.index(chapter)
    found = [("script", f"../{chapter.path.name}"), ("notebook", f"../notebooks/{chapter.notebook.name}")]
    found += [("exercises", f"../exercises/{chapter.path.name}"), ("contents", "../README.md")]
    found += [("before", lessons[at - 1].page.name)] if at else []
    found += [("next", lessons[at + 1].page.name)] if at + 1 < len(lessons) else []
    return " · ".join(f"[{name}]({target})" for name, target in found)


def printed_in(page: str, name: str) -> str:
    """What a page says that a lesson prints."""
    return re.search(rf"<!-- {name}:begin -->\n```text\n(.*?)\n```\n<!-- {name}:end -->", page, re.S)[1]


def notebook(chapter: Chapter) -> str:
    """The chapter's cells, then its exercises', as the JSON of a notebook without outputs."""
    import jupytext
    import nbformat

    book = nbformat.v4.new_notebook(metadata={"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}})
    sources = [chapter.path, *([chapter.exercises] if chapter.exercises.exists() else [])]
    cells = [nbformat.v4.new_code_cell(INSTALL, metadata={"tags": ["install"]})]
    for path in sources:
        found = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent").cells
        cells += [cell for cell in found if not (cell.cell_type == "code" and cell.source.startswith('"""'))]  # a module's docstring
    for i, cell in enumerate(cells):
        cell.id = f"cell-{i:02d}"
    book.cells = cells
    return nbformat.writes(book) + "\n"


def contents() -> str:
    """The lessons as a table of links, with what each is about."""
    rows = [
        f"| {int(chapter.name[:2])} | [{chapter.title.partition(': ')[2].rstrip('.')}](book/{chapter.page.name})"
        f" | [script]({chapter.path.name}) · [notebook](notebooks/{chapter.notebook.name}) · [exercises](exercises/{chapter.path.name}) |"
        for chapter in chapters()
        if chapter.path.parent == EXAMPLES
    ]
    return "\n".join(["| | lesson | |", "| ---: | --- | --- |", *rows])


def main() -> int:
    """Write pages, pictures and notebooks."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="the beginnings of the chapters' names (default: all)")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        inside(options.inside)
        return 0
    chosen = [chapter for chapter in chapters() if not options.names or chapter.name.startswith(tuple(options.names))]
    if not chosen:
        parser.error(f"no chapter begins with {' or '.join(options.names)}")
    with_notebooks = importlib.util.find_spec("jupytext") is not None
    if not with_notebooks:
        print('notebooks are left as they are; they need: pip install -e ".[lessons]"', file=sys.stderr)
    for chapter in chosen:
        with tempfile.TemporaryDirectory() as folder:
            printed = run(chapter, Path(folder))
            chapter.picture.write_bytes((Path(folder) / chapter.picture.name).read_bytes())
        rewrite(chapter.page, chapter.name, f"```text\n{printed.rstrip()}\n```")
        if with_notebooks:
            NOTEBOOKS.mkdir(exist_ok=True)
            chapter.notebook.write_text(notebook(chapter), encoding="utf-8")
        print(chapter.name)
    for chapter in chapters():
        if chapter.path.parent == EXAMPLES:
            rewrite(chapter.page, "links", links(chapter))
    rewrite(EXAMPLES / "README.md", "contents", contents())
    return 0


if __name__ == "__main__":
    sys.exit(main())

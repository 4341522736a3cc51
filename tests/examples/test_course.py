"""Every chapter of the course runs, prints and draws what its page shows, and its exercises know a right answer from a wrong one."""

import ast
import importlib.util
import os
import re
import runpy
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from checkout import ROOT, python

from minirank.kernels.cpu.bfloat16 import why_not

EXAMPLES, SOLUTIONS = ROOT / "examples", ROOT / "tests" / "examples" / "solutions"
spec = importlib.util.spec_from_file_location("book", EXAMPLES / "book.py")
book = sys.modules["book"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(book)
CHAPTERS = book.chapters()
LESSONS = [chapter for chapter in CHAPTERS if chapter.path.parent == EXAMPLES]
FAILURES = [chapter for chapter in CHAPTERS if chapter.path.parent != EXAMPLES]
SIMULATOR = "NUMBA_ENABLE_CUDASIM"
NUMBER = re.compile(r"[-+]?\d[\d,]*\.?\d*(?:e[-+]?\d+)?")


def name(chapter):
    return chapter.name


def alike(one, other):
    """Whether two printed texts say the same; numbers may differ by a hundredth, or both be rounding errors, or be measured."""
    one, other = one.split(), other.split()
    if [NUMBER.sub("#", word) for word in one] != [NUMBER.sub("#", word) for word in other]:
        return False
    numbers = [[float(found.replace(",", "")) for word in words for found in NUMBER.findall(word)] for words in (one, other)]
    return np.allclose(*numbers, rtol=0.01, atol=1e-6)


def same_numbers(one, other):
    """Whether two pictures' numbers are the same to a hundredth of their range."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same_numbers(one[key], other[key]) for key in one)
    if isinstance(one, list) and one and isinstance(one[0], dict | list | str):
        return len(one) == len(other) and all(map(same_numbers, one, other))
    if isinstance(one, list):
        one, other = (np.array([np.nan if value is None else value for value in values], float) for values in (one, other))
        largest = np.nanmax(np.abs(one), initial=1e-6) if len(one) else 1
        return one.shape == other.shape and np.allclose(one, other, rtol=0.01, atol=0.01 * largest, equal_nan=True)
    return alike(str(one), str(other))


@pytest.fixture(scope="module")
def started(request, tmp_path_factory):
    """Name of a chapter -> its folder, and what it prints, once it is done; two run at a time, of those that are asked for."""
    asked = [item.callspec.params["chapter"] for item in request.session.items if "started" in getattr(item, "fixturenames", ())]
    with ThreadPoolExecutor(2) as pool:
        folders = {chapter: tmp_path_factory.mktemp(chapter.name) for chapter in asked}
        yield {chapter.name: (folder, pool.submit(book.run, chapter, folder)) for chapter, folder in folders.items()}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=name)
def test_it_prints_and_draws_what_its_page_shows(chapter, started):
    folder, running = started[chapter.name]
    printed = running.result()
    page = chapter.page.read_text(encoding="utf-8")
    lines, shown = printed.rstrip().split("\n"), book.printed_in(page, chapter.name).split("\n")
    if why_not():
        shown = [line for line in shown if not line.startswith(f"{book.MEASURED}: bfloat16")]  # on a processor without matrix tiles
    assert len(lines) == len(shown), "run python examples/book.py"
    for line, written in zip(lines, shown):
        if line.startswith(book.MEASURED):
            line, written = NUMBER.sub("#", line), NUMBER.sub("#", written)
        assert alike(line, written), f"prints {line!r}, its page says {written!r}: run python examples/book.py"
    drawn, committed = (book.read_numbers(path) for path in (folder / chapter.picture.name, chapter.picture))
    assert same_numbers(drawn, committed), f"{chapter.picture.name} shows other numbers: run python examples/book.py"
    assert re.search(rf"!\[[^\]]{{20,}}\]\({chapter.picture.name}\)", page), "the page shows its picture, with a text alternative"


def test_links_and_contents_are_todays():
    for chapter in LESSONS:
        page = chapter.page.read_text(encoding="utf-8")
        assert page == book.between(page, "links", book.links(chapter)), "run python examples/book.py"
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert page == book.between(page, "contents", book.contents()), "run python examples/book.py"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=name)
def test_it_is_short_and_says_what_it_is_about(chapter):
    source = chapter.path.read_text(encoding="utf-8")
    assert source.count("\n") <= (100 if chapter in LESSONS else 59)
    first = ast.get_docstring(ast.parse(source))
    assert first.startswith(f"Lesson {int(chapter.name[:2])}: " if chapter in LESSONS else "Failure: ")


@pytest.mark.parametrize("chapter", LESSONS, ids=name)
def test_it_needs_little_of_the_package(chapter):
    """At most two imports from inside the package."""
    source = ast.parse(chapter.path.read_text(encoding="utf-8"))
    found = [
        getattr(node, "module", None) or node.names[0].name for node in ast.walk(source) if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    ours = [module for module in found if module.startswith("minirank")]
    assert 1 <= len(ours) <= 2


@pytest.mark.parametrize("chapter", LESSONS, ids=name)
def test_exercises_tell_right_from_wrong(chapter):
    if SIMULATOR in chapter.exercises.read_text(encoding="utf-8") and SIMULATOR not in os.environ:
        test = f"{__file__}::test_exercises_tell_right_from_wrong[{chapter.name}]"  # Numba asks for it when it is imported
        done = python("-m", "pytest", test, **{SIMULATOR: "1"})
        assert done.returncode == 0, done.stdout
        return
    exercises = runpy.run_path(str(chapter.exercises))
    checks = {key: value for key, value in exercises.items() if key.startswith("check_")}
    solutions = runpy.run_path(str(SOLUTIONS / chapter.exercises.name))
    assert 2 <= len(checks) <= 3
    for check in checks.values():
        with pytest.raises(NotImplementedError):
            check()
        wanted = check.__name__.removeprefix("check_")
        check.__globals__[wanted] = solutions[wanted]
        check()
        wrong = solutions[f"wrong_{wanted}"]
        check.__globals__[wanted] = wrong
        with pytest.raises(AssertionError):
            check()


@pytest.mark.parametrize("page", sorted(book.BOOK.glob("*.md")), ids=lambda page: page.stem)
def test_formulas_survive_markdown(page):
    """GitHub reads a page as Markdown first: a backslash before a sign is lost (of two, one), an underscore may begin an emphasis."""
    formulas = re.findall(r"\$\$.*?\$\$|\$[^$\n]+\$", page.read_text(encoding="utf-8"), re.S)
    lost = [formula for formula in formulas if re.search(r"\\[^A-Za-z\s]|[^\w\s]_|\*|<\S", formula)]
    assert not lost, f"write \\cr for a new line, \\lbrace for a brace, \\lt for <, no thin spaces: {lost}"


def test_a_page_without_markers_is_refused():
    with pytest.raises(ValueError, match="needs the markers"):
        book.between("nothing", "01_run_a_layer", "text")


def test_numbers_are_compared():
    assert alike("error 1e-12 of 3.10", "error 4e-11 of 3.11")
    assert not alike("error 1e-12 of 3.10", "error 1e-12 of 3.2")
    assert not alike("three of 3", "four of 3")
    assert same_numbers([{"texts": ["a"], "lines": [[[0, 1.0]]]}], [{"texts": ["a"], "lines": [[[0, 1.001]]]}])
    assert not same_numbers([{"texts": ["a"], "lines": [[[0, 1.0]]]}], [{"texts": ["a"], "lines": [[[0, 1.1]]]}])


@pytest.mark.parametrize("chapter", CHAPTERS, ids=name)
def test_the_notebook_holds_the_lesson(chapter):
    pytest.importorskip("jupytext", reason='pip install -e ".[lessons]" compares the notebooks')
    assert chapter.notebook.read_text(encoding="utf-8") == book.notebook(chapter), "run python examples/book.py"

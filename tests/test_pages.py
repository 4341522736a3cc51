"""What the pages and docstrings name is there: links, files, the reading order, and the answers of README's table."""

import ast
import io
import re
import tokenize

import pytest
from checkout import ROOT
from import_graph import sources

from bench import reading_order

PAGES = sorted(
    path for folder in ("", "bench/", "bench/*/", "examples/", "examples/*/", "minirank/**/") for path in ROOT.glob(f"{folder}*.md")
)
FILE = re.compile(r"(?<![\w/.*{<-])(?:[\w-]+/)*[\w-]+\.py\b")  # with or without its folder
IMAGINED = {"ops/scale.py", "ops/X.py", "cuda/X.py", "kernels/ops/X.py", "kernels/cuda/X.py", "FOLDER/NAME.py", "NN_verb_noun.py"}


def exists(name, place):
    """Whether a file is found from the root, from the folder that names it, from those above, or in a subfolder of it."""
    folders = [place, *(folder for folder in place.parents if folder.is_relative_to(ROOT))]
    return any((folder / name).exists() for folder in folders) or any(place.glob(f"*/{name}"))


def prose():
    """(path, text) of every page, docstring and comment."""
    for page in PAGES:
        yield page, page.read_text(encoding="utf-8")
    for folder in ("kernels", "llm_client", "minirank", "examples", "bench", "tests"):
        for path in sources(folder):
            text = path.read_text(encoding="utf-8")
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                    yield path, ast.get_docstring(node) or ""
            for token in tokenize.generate_tokens(io.StringIO(text).readline):
                if token.type == tokenize.COMMENT:
                    yield path, token.string


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not missing, f"{page}: {missing}"


def test_files_that_pages_docstrings_and_comments_name_exist():
    named = [(path, name) for path, text in prose() for name in FILE.findall(text) if name not in IMAGINED]
    assert len(named) > 100
    missing = [f"{path.relative_to(ROOT)}: {name}" for path, name in named if not exists(name, path.parent)]
    assert not missing, "\n".join(missing)


def test_the_reading_order_has_todays_lengths():
    assert reading_order.README.read_text(encoding="utf-8") == reading_order.page(), "run python bench/reading_order.py"


def test_the_reading_order_stops_at_numba(tmp_path, monkeypatch):
    monkeypatch.setattr(reading_order, "CHECKOUT", tmp_path)
    (tmp_path / "all.py").write_text("a\nb\n\n\nc\n")
    (tmp_path / "half.py").write_text("a\nb\n\n\n# --- Numba, one tile of rows ---\n\nc\n")
    assert reading_order.lines_of("all.py") == 5 and reading_order.lines_of("half.py") == 2


def test_every_operation_is_in_the_reading_order():
    operations = {f"kernels/ops/{path.name}" for path in (ROOT / "kernels" / "ops").glob("*.py")} - {"kernels/ops/__init__.py"}
    assert operations <= {*reading_order.METHOD, *reading_order.OPTIONS}


def test_what_readers_look_for_is_there():
    rows = re.findall(r"(?m)^\| [^|]+ \| \[([\w/.]+)\]\(\1\) \| `([\w.]+)` \|$", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(rows) >= 6
    for file, name in rows:
        inside = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
        for part in name.split("."):
            found = [node for node in inside if part in defined(node)]
            assert found, f"README.md: {file} has no {name}"
            inside = getattr(found[0], "body", [])


def defined(node):
    """The names that a statement defines."""
    targets = getattr(node, "targets", [getattr(node, "target", None)])
    return {getattr(node, "name", None), *(getattr(target, "id", None) for target in targets)} - {None}

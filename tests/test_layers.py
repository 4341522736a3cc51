"""Who may import whom, what an import costs, and that the two mapped folders are found under one name only."""

import ast
import sys

import pytest
from checkout import ROOT, python

RUNTIME = {"numpy", "numba", "scipy", "yaml", "requests", "minirank"}
ALLOWED = {"kernels": {"numpy", "numba", "llvmlite"}, "llm_client": {"requests"}, "minirank": RUNTIME}
CUDA = {"llvmlite", "cuda"}  # kernels/cuda: numba's compiler and, once there is a GPU, NVIDIA's bindings


def imported_names(path):
    """(top-level package or relative module path) of every import of a file, lazy ones included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""


def sources(folder):
    return sorted(
        path
        for path in (ROOT / folder).rglob("*.py")
        if not any(parent.is_symlink() for parent in path.parents if parent != ROOT and ROOT in parent.parents)
    )


@pytest.mark.parametrize("folder", ALLOWED)
def test_imports_stay_within_their_layer(folder):
    assert sources(folder)
    for path in sources(folder):
        for level, name in imported_names(path):
            if level == 0:
                top = name.split(".")[0]
                allowed = ALLOWED[folder] | (CUDA if path.parent.name == "cuda" else set())
                assert top in sys.stdlib_module_names or top in allowed, f"{path.relative_to(ROOT)} imports {name}"
            elif folder != "minirank":
                depth = len(path.relative_to(ROOT / folder).parts)
                assert level <= depth, f"{path.relative_to(ROOT)} reaches out of {folder}"


def test_llm_client_loads_no_array_library():
    code = "import sys, minirank.llm_client; sys.exit(bool({'numpy', 'numba', 'scipy'} & set(sys.modules)))"
    assert python("-c", code).returncode == 0


def test_mapped_folders_are_links_into_the_checkout():
    for name in ("kernels", "llm_client"):
        link = ROOT / "minirank" / name
        assert link.is_symlink() and link.resolve() == ROOT / name


def test_bare_names_are_not_installed():
    """Outside the checkout neither `kernels` nor `llm_client` exists as a package of ours."""
    code = (
        "import importlib.util as u, minirank.kernels, minirank.llm_client, sys;"
        "sys.exit(any('minirank' in str(getattr(u.find_spec(n), 'origin', '')) for n in ('kernels', 'llm_client')))"
    )
    assert python("-I", "-c", code, cwd=ROOT.parent).returncode == 0


@pytest.mark.parametrize("folder", ("kernels", "llm_client", "minirank", "examples", "bench", "tests"))
def test_no_file_is_longer_than_a_sitting(folder):
    for path in sources(folder):
        lines = path.read_text().count("\n")
        assert lines <= 400, f"{path.relative_to(ROOT)} has {lines} lines; split it along its own seams"

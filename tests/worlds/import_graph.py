"""Which module imports which, as the sources say."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from checkout import ROOT

PACKAGES = {"kernels": "minirank.kernels", "llm_client": "minirank.llm_client", "minirank": "minirank", "bench": "bench"}


@dataclass(frozen=True)
class Import:
    """An import: by a module of ours, of a module of ours or of another package.

    Lazy is what stands in a function, or is for type checkers alone.
    """

    module: str
    target: str
    lazy: bool


def sources(folder: str) -> list[Path]:
    """The Python files of a folder of the checkout; links are not followed."""
    found = [
        path for path in (ROOT / folder).rglob("*.py") if not any((ROOT / part).is_symlink() for part in path.relative_to(ROOT).parents)
    ]
    assert found, f"no Python file in {folder}"
    return sorted(found)


@cache
def modules() -> dict[str, Path]:
    """Files by the name of their module."""
    found = {}
    for folder, package in PACKAGES.items():
        for path in sources(folder):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            found[".".join((package, *parts[: -1 if parts[-1] == "__init__" else None]))] = path
    return found


def _lazy(tree: ast.Module) -> set[ast.AST]:
    """The nodes that run when a function is called, or never."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)]
    for_checkers = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)]
    return {inner for node in (*functions, *for_checkers) for inner in ast.walk(node)}


def _targets(module: str, node: ast.Import | ast.ImportFrom) -> list[str]:
    """The full names that an import asks for: modules where they are ours, else as far as the statement says."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    package = module.split(".") if modules()[module].name == "__init__.py" else module.split(".")[:-1]
    package = package[: len(package) + 1 - node.level] if node.level else []
    base = ".".join([*package, *([node.module] if node.module else [])])
    return [full if (full := f"{base}.{alias.name}") in modules() else base for alias in node.names]


@cache
def imports() -> frozenset[Import]:
    """Every import of our modules."""
    found = set()
    for module, path in modules().items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        lazy = _lazy(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                found |= {Import(module, target, node in lazy) for target in _targets(module, node)}
    return frozenset(found)


def circle(graph: dict[str, set[str]]) -> list[str] | None:
    """A way through the graph that ends where it begins."""
    finished, path = set(), []

    def visit(module):
        if module in path:
            return [*path[path.index(module) :], module]
        if module not in finished:
            path.append(module)
            found = next(filter(None, map(visit, sorted(graph.get(module, ())))), None)
            if found:
                return found
            finished.add(path.pop())
        return None

    return next(filter(None, map(visit, sorted(graph))), None)

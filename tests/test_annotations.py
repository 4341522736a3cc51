"""Public functions say what they take and what they give; those that Numba compiles, and kinds of operations, have no types to say."""

import ast

from checkout import ROOT
from import_graph import sources


def public(body):
    """The public functions and methods among these statements."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public(node.body)
        elif isinstance(node, ast.FunctionDef) and (not node.name.startswith("_") or node.name == "__init__"):
            yield node


def is_compiled(function):
    """Whether Numba compiles it."""
    calls = [getattr(decorator, "func", decorator) for decorator in function.decorator_list]
    return any(getattr(call, "id", getattr(call, "attr", None)) in ("kernel", "driver", "njit", "_exact") for call in calls)


def lacking(function):
    """The names of its arguments without a type, and `return`."""
    given = function.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
    if arguments and arguments[0].arg in ("self", "cls"):
        del arguments[0]
    found = [argument.arg for argument in arguments if argument.annotation is None]
    return found + ["return"] * (function.returns is None and function.name != "__init__")


def test_public_functions_are_annotated():
    files = [*sources("minirank"), *sources("llm_client"), *(ROOT / "kernels").glob("*.py")]
    found = [(path, function) for path in files for function in public(ast.parse(path.read_text(encoding="utf-8")).body)]
    missing = [
        f"{path.relative_to(ROOT)}:{function.lineno}: {function.name}: {', '.join(lacking(function))}"
        for path, function in found
        if not is_compiled(function) and lacking(function)
    ]
    assert len(found) > 500 and not missing, "\n".join(missing)


def test_what_lacks_a_type_is_found():
    source = "class A:\n    def b(self, c: int, *d, e): ...\n    def _f(self, g): ...\n@kernel\ndef h(i): ...\n@driver(1)\ndef j(k): ...\n"
    found = list(public(ast.parse(source).body))
    assert [function.name for function in found] == ["b", "h", "j"]
    assert [lacking(function) for function in found] == [["e", "d", "return"], ["i", "return"], ["k", "return"]]
    assert [is_compiled(function) for function in found] == [False, True, True]

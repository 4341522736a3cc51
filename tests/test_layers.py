"""Who may import whom, what an import costs, and that the two linked folders are found under one name only."""

import sys

import pytest
from checkout import ROOT, python
from import_graph import circle, imports, modules, sources

RUNTIME = {"numpy", "numba", "scipy", "yaml", "requests", "minirank"}
# Our packages by what they may import of other people's; kernels/cuda also NVIDIA's bindings, once there is a GPU.
FOREIGN = {
    "minirank.kernels": {"numpy", "numba", "llvmlite"},
    "minirank.kernels.cuda": {"numpy", "numba", "llvmlite", "cuda"},
    "minirank.llm_client": {"requests"},
    "minirank.parallel": {"minirank", "mpi4py", "numpy"},
    "minirank.data.documents": {"minirank", "justhtml", "numpy", "pypdfium2"},  # in a process of its own, which starts in an instant
    "minirank": RUNTIME,
}
# From the bottom to the top: a package imports those before it. Those that a + joins may import each other.
LAYERS = (
    "terminal errors kernels parallel llm_client progress npz storage locking config data evaluation extract+features simulate "
    "model run ab training tuning ranking report demo_method demo commands cli __main__"
).split()
# The parts of kernels: (their modules, what these may import besides).
BLOCKS = (
    "cpu.cache",
    "cpu.cache_folders",
    "cpu.jit",
    "cpu.vector",
    "cpu.address",
    "cpu.tile",
    "cpu.bfloat16",
    "cpu.matmul",
    "cpu.layout",
    "cpu.work",
)
PLAN = ("plan", "parameters", "checks", "objective", "split")
RUN = ("adam", "batch", "ops", "executor", *PLAN)  # what every backend needs
KERNELS = (
    (("batch",), ()),
    (("forks",), ()),
    (("gradcheck",), ()),
    (BLOCKS, ()),
    (("adam",), BLOCKS),
    (("ops",), BLOCKS),
    (PLAN, ("batch", "ops")),
    (("executor",), (*RUN, "cuda.probe")),  # of cuda, whether there is a GPU
    (("parts",), ("batch", *PLAN, *BLOCKS)),
    (("ranked",), BLOCKS),
    (("task_gradients",), RUN),
    (("task_rules",), ()),
    (("reference",), RUN),
    (("cpu",), (*RUN, *BLOCKS, "forks")),
    (("cuda.probe",), ()),
    (("cuda",), (*RUN, "cuda.probe")),
)


def within(module, names):
    """Whether a module is one of those named, or lies in one of them."""
    return any(f"{module}.".startswith(f"{name}.") for name in names)


def most_specific(module, names):
    """The longest name that a module lies in."""
    return max((name for name in names if within(module, [name])), key=len, default=None)


def layer_of(module):
    """The number of a module's layer in LAYERS; the package itself, which is almost empty, is below all."""
    parts = module.split(".")
    return -1 if module == "minirank" else next(number for number, names in enumerate(LAYERS) if parts[1] in names.split("+"))


def test_no_import_goes_in_a_circle():
    """What runs when a module is imported, the packages around what it asks for included."""
    graph = {module: set() for module in modules()}
    for found in imports():
        if not found.lazy:
            parts = found.target.split(".")
            around = {".".join(parts[:length]) for length in range(1, len(parts))}
            # The packages around a module are there before it, as far as they have come.
            graph[found.module] |= {found.target} | {package for package in around if not within(found.module, [package])}
    assert circle(graph) is None


def test_a_circle_is_found():
    assert circle({"a": {"b"}, "b": {"c", "d"}, "c": set(), "d": {"b"}}) == ["b", "d", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) is None and circle({"a": {"a"}}) == ["a", "a"]


@pytest.mark.parametrize("package", FOREIGN)
def test_what_a_package_takes_from_others(package):
    own = "minirank" if "minirank" in FOREIGN[package] else "minirank." + package.split(".")[1]
    for found in imports():
        if most_specific(found.module, FOREIGN) == package:
            top = found.target.split(".")[0]
            assert within(found.target, [own]) or top in FOREIGN[package] - {"minirank"} or top in sys.stdlib_module_names, found


def test_packages_import_those_below_them():
    for found in imports():
        if within(found.module, ["minirank"]) and found.module != "minirank" and within(found.target, ["minirank"]):
            assert layer_of(found.target) <= layer_of(found.module), found


def test_parts_of_the_kernels_import_what_they_may():
    root, parts = "minirank.kernels.", dict(KERNELS)
    named = {name: group for group in parts for name in group}
    for found in imports():
        if found.module.startswith(root) and found.target.startswith(root):
            module, target = found.module.removeprefix(root), found.target.removeprefix(root)
            own = named[most_specific(module, named)]
            assert most_specific(target, named) in (*own, *parts[own]), found


def test_a_backend_is_imported_when_it_is_asked_for():
    assert {"minirank.kernels.executor", "minirank.kernels.cuda.executor"} <= modules().keys()
    for found in imports():
        if found.module == "minirank.kernels.executor":
            assert found.lazy or not within(found.target, [f"minirank.kernels.{name}" for name in ("reference", "cpu", "cuda")]), found
        if within(found.module, ["minirank"]) and not within(found.module, ["minirank.kernels.cuda"]):
            assert found.lazy or not within(found.target, ["minirank.kernels.cuda"]), found


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

"""Every notebook of the course runs in a real kernel, as it lies there, and shows its picture."""

import asyncio
import importlib.util
import os

import pytest
from checkout import ROOT

REQUIRED = os.environ.get("MINIRANK_NOTEBOOKS_GATE") == "1"  # set by .ci/run: there nothing is skipped
LACKING = [package for package in ("nbclient", "ipykernel") if importlib.util.find_spec(package) is None]
pytestmark = pytest.mark.skipif(bool(LACKING) and not REQUIRED, reason='pip install -e ".[lessons]" runs the notebooks')

EXAMPLES = ROOT / "examples"
NOTEBOOKS = sorted((EXAMPLES / "notebooks").glob("*.ipynb"))
NAMES = [path.stem for path in NOTEBOOKS]
KERNELS = 2  # at a time
FORGET = "import matplotlib.pyplot\nmatplotlib.pyplot.close('all')\n%reset -f"


def groups():
    """Notebooks that run in one kernel, one after the other: a kernel of its own for each that sets the environment before it imports."""
    alone = [path for path in NOTEBOOKS if "os.environ[" in path.read_text(encoding="utf-8")]
    shared = [path for path in NOTEBOOKS if path not in alone]
    return [*(shared[first::KERNELS] for first in range(KERNELS)), *([path] for path in alone)]


async def execute(paths, folder, turn):
    """Name -> cells with their outputs, run in a folder, without those that install; between two notebooks all names are forgotten."""
    from nbclient import NotebookClient
    from nbformat import read
    from nbformat.v4 import new_code_cell, new_notebook

    found, book = {}, new_notebook()
    for path in paths:
        cells = [cell for cell in read(path, as_version=4).cells if "install" not in cell.metadata.get("tags", ())]
        found[path.stem] = cells
        book.cells += [*cells, new_code_cell(FORGET)]
    for number, cell in enumerate(book.cells):
        cell.id = f"cell-{number}"
    async with turn:
        client = NotebookClient(book, timeout=300, allow_errors=True, resources={"metadata": {"path": str(folder)}})
        await client.async_execute(env=os.environ | {"PYTHONPATH": str(ROOT)})
    return found


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Name -> cells with their outputs. Notebooks see examples/ around them, and leave their files elsewhere."""
    examples = tmp_path_factory.mktemp("course") / "examples"
    (examples / "notebooks").mkdir(parents=True)
    for path in EXAMPLES.iterdir():
        if path.name != "notebooks":
            (examples / path.name).symlink_to(path)

    async def every():
        turn = asyncio.Semaphore(KERNELS)
        return await asyncio.gather(*(execute(paths, examples / "notebooks", turn) for paths in groups()))

    return {name: cells for found in asyncio.run(every()) for name, cells in found.items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_and_shows_its_picture(name, executed):
    code = [cell for cell in executed[name] if cell.cell_type == "code"]
    for cell in code:
        failed = ["\n".join(output.traceback) for output in cell.outputs if output.output_type == "error"]
        assert not failed, f"{cell.source}\n\n{failed[0]}"
    assert any("image/png" in output.get("data", {}) for cell in code for output in cell.outputs)

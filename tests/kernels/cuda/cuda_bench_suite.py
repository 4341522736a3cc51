"""What test_cuda.py runs in numba's simulator: the ladder, and the script for a machine with a GPU.

NUMBA_ENABLE_CUDASIM=1 python -m pytest tests/kernels/cuda/cuda_bench_suite.py
"""

import dataclasses
import importlib
import json

import cuda_simulator  # noqa: F401  strict from here on
import numpy as np
import pytest

from bench.gpu import measure, tables, work
from bench.gpu.ladder import rungs
from bench.speed import workloads
from minirank.kernels.cuda.sizes import SMALL

pytestmark = pytest.mark.filterwarnings("ignore:Simulator timings are bogus")


@pytest.mark.parametrize("name", sorted(path.stem for path in measure.LADDER.glob("[0-9]*.py")))
def test_every_rung_of_the_ladder(name):
    """Before it is ever timed: both ways run, and what comes out is right."""
    if SMALL and "tf32" in name:
        pytest.skip("a rung of tensor cores; test_products_with_the_tiles_of_a_gpu checks its kernels, MINIRANK_CUDA_TILES=full runs it")
    rung = importlib.import_module(f"bench.gpu.ladder.{name}").rung(rungs.TINY)
    for _ in range(2):
        rung.before()
        rung.after()
    assert rung.error() < (2e-3 if "tf32" in name else 1e-5) and rung.predicted > 1 and rung.title


def read(folder):
    return json.loads((folder / "results" / "measure.json").read_text(encoding="utf-8"))


def peer(folder, prints):
    """A program in the place of PyTorch's Python."""
    path = folder / "torch"
    path.write_text(f"#!/bin/sh\necho of no interest >&2\n{prints}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_the_script_for_a_gpu_runs_here_too(tmp_path):
    """All of it that needs neither nvidia-smi nor PyTorch, on tiny shapes: whoever has a GPU shall not meet a typing error."""
    assert measure.main(["--dry", str(tmp_path), "--rows", "6"]) == 0
    found, text = read(tmp_path), (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert found["correctness"].keys() == {"5", "same bytes"} and found["correctness"]["5"] < 1e-5
    steps = found["steps"]["6"]
    assert steps.keys() == {*measure.DRY.variants, "cpu"} and all("ms" in each for each in steps.values())
    names = {name: [each["kernel"] for each in steps[name]["kernels"]] for name in ("replayed, atomic", "replayed, deterministic")}
    assert names["replayed, atomic"][-3:] == ["scatter_rows", "adam_dense", "adam_touched_rows"]
    assert names["replayed, deterministic"][-4:] == ["sort_uses", "sum_pieces", "adam_dense", "adam_runs"]
    assert "| 01_naive |" in text and "| walk_rows |" in text and "compute-sanitizer: skipped" in text and "(ratio)" not in text
    again = {"ms": [1.0, 2.0, 3.0], "loss": steps["replayed, atomic"]["loss"], "torch": "2", "cuda": "13"}
    python = peer(tmp_path, f"echo '{json.dumps(again)}'")
    assert measure.main(["--dry", str(tmp_path), "--rows", "6", "--parts", "torch", "--torch", python]) == 0
    later = read(tmp_path)
    assert later["steps"] == found["steps"], "an earlier part is kept"
    assert later["torch"]["6"]["loop, eager, float32"]["ms"] == 2
    text = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert "PyTorch loop, eager, float32 (ratio)" in text and "another loss" not in text


def test_a_part_that_fails_does_not_end_the_others(tmp_path, monkeypatch, capsys):
    def broken(setup):
        raise MemoryError("no room\nat all")

    monkeypatch.setattr(measure, "copied", broken)
    monkeypatch.setattr(measure, "step", broken)
    parts = ("--parts", "ceilings", "steps", "torch", "--torch", peer(tmp_path, "exit 3"))
    assert measure.main(["--dry", str(tmp_path), "--rows", "6", *parts]) == 1
    found, text = read(tmp_path), (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert found["ceilings"]["copy GB/s"] == {"failed": "MemoryError: no room at all"}
    assert "ms" in found["steps"]["6"]["cpu"]
    assert found["torch"]["6"]["loop, eager, tf32"]["failed"] == "RuntimeError: exit status 3: of no interest"
    assert "copy GB/s: failed: MemoryError" in text and "| 6 | failed | failed |" in text
    capsys.readouterr()


def test_tables_of_parts_that_are_missing():
    held = {"device": {"name": "a GPU"}, "machine": {"failed": "x"}, "steps": {"6": {"replayed, atomic": {"failed": "y"}}}}
    text = tables.tables(held)
    assert "Ceilings: not measured" in text and "| 6 | failed | not measured |" in text
    assert "another loss" in tables._peer({"ms": 1.0, "loss": 2.0}, {"ms": 2.0, "loss": 1.0})


def test_work_by_hand():
    """Two experts 12 -> 8 -> 8, gates 12 -> 2 of three tasks with a matrix a role, towers 8 -> 4 -> 1, at 6 rows."""
    plan = workloads.plan_of(measure.TINY, "full")
    todo = work.work(plan, workloads.random_batch(measure.TINY, 6, 0), slices=2)
    layers = 2 * (12 * 8 + 8 * 8) + 2 * 12 * 6 + 3 * (8 * 4 + 4)
    assert todo["weight_gradients"] == [{"flop": 2 * 6 * layers}] == todo["weight_gradients_tf32"]
    assert todo["adam_dense"] == [{"bytes": 4 * plan.size(table=False) * 10}]
    ids = workloads.random_batch(measure.TINY, 6, 0).ids
    touched = 4 * (len(np.unique(ids[:, 0])) + len(np.unique(ids[:, 1])))
    assert todo["adam_runs"] == [{"bytes": 4 * (7 * touched + 12)}] and todo["scatter_rows"] == [{"bytes": 4 * (2 * 6 * 8 + 12)}]


def test_without_a_gpu_nothing_is_claimed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(measure, "REPORT", dataclasses.replace(measure.REPORT, script=str(tmp_path / "measure.py")))
    assert measure.main(["--rows", "6"]) == 1
    assert "numba's simulator gives no figures" in capsys.readouterr().out
    assert "Not yet measured" in (tmp_path / "RESULTS.md").read_text(encoding="utf-8")

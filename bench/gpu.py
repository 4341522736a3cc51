"""Everything that needs a GPU, in one command: is it right, what is the ceiling, how fast, and beside whom.

    pip install -e ".[cuda]" && python bench/gpu.py [--torch PYTHON] [--rows 1024 4096 16384 65536]

PYTHON is that of an environment with PyTorch, whose CUDA pins and ours exclude each other; without it the peers are left
out. The parts, in order: probe; correctness twice on fresh inputs, and the same bytes twice; compute-sanitizer on small
shapes, where it is installed; the ladder; ceilings of copies and products; the step with and without graph replay, its
kernels one by one, and the CPU backend on all cores; PyTorch. A part that fails is told and does not end the others.
Writes bench/results/gpu.json and the tables of bench/RESULTS.md; without a GPU the tables say that nothing is measured.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import numpy as np
import workloads
from gpu_tables import write_tables
from tables import RECORDS, machine

from minirank.kernels.adam import Adam
from minirank.kernels.backends import make_executor, resident
from minirank.kernels.cuda.probe import why_not
from minirank.kernels.parameters import TrainState

HERE = Path(__file__).parent
BASE = workloads.WORKLOADS["base"]
GATE = "full"
REPEATS, WARM_UP = 30, 5
RUNGS = sorted((HERE / "cuda_ladder").glob("[0-9]*.py"))
PEERS = [(form, mode, precision) for precision in ("float32",) for form, mode in (("loop", "eager"), ("bmm", "eager"), ("wide", "compiled"), ("wide", "graphs"))]


def main() -> int:
    """Run all parts."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--torch", metavar="PYTHON", help="a Python that has PyTorch with CUDA")
    options.add_argument("--rows", type=int, nargs="+", default=[1024, 4096, 16_384, 65_536])
    options.add_argument("--small", action="store_true", help="one correctness check on small shapes, for compute-sanitizer")
    given = options.parse_args()
    reason = why_not()
    if given.small and reason is None:
        return int(max(correctness(200, seed) for seed in (0, 1)) > 1e-5)
    if reason is not None:
        print(f"not measured: {reason}")
        write_tables(None)
        return 1
    found = {"machine": machine("numpy", "numba", "numba-cuda"), "device": device()}
    parts = {
        "correctness": lambda: {str(rows): [correctness(rows, seed) for seed in (0, 1)] for rows in (1, 777, 4096)},
        "same_bytes": same_bytes,
        "sanitizer": sanitizer,
        "ladder": ladder,
        "ceilings": lambda: ceilings(given.torch),
        "steps": lambda: {str(rows): steps(rows) for rows in given.rows},
        "torch": lambda: torch_steps(given.torch, given.rows),
    }
    for name, part in parts.items():
        print(f"{name} ...", flush=True)
        try:
            found[name] = part()
        except Exception as error:  # noqa: BLE001  an hour on a GPU is not thrown away for one part
            traceback.print_exc()
            found[name] = {"failed": f"{type(error).__name__}: {error}"}
        (RECORDS / "gpu.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    write_tables(found)
    return int(any(isinstance(part, dict) and "failed" in part for part in found.values()))


def device() -> dict:
    """Name, driver and limits of the GPU."""
    from numba import cuda

    gpu = cuda.get_current_device()
    asked = "name,driver_version,clocks.max.sm,clocks.max.mem,power.limit"
    said = subprocess.run(["nvidia-smi", f"--query-gpu={asked}", "--format=csv,noheader"], capture_output=True, text=True, check=False)
    return {"name": gpu.name.decode(), "capability": list(gpu.compute_capability), "nvidia-smi": said.stdout.strip()}


def small_workload() -> workloads.Workload:
    """Base with small tables, so that a reference in float64 takes seconds."""
    return dataclasses.replace(BASE, vocabulary=min(BASE.vocabulary, 500))


def correctness(rows: int, seed: int) -> float:
    """The largest of the relative errors of loss, dense gradient and table gradients, against the float64 reference."""
    workload = small_workload()
    plan = workloads.plan_of(workload, GATE)
    values, batch = workloads.parameters(plan), workloads.random_batch(workload, rows, seed)
    expected = make_executor("reference", plan, np.float64).gradients(values.copy(np.float64), batch)
    found = make_executor("cuda", plan).gradients(values, batch)
    errors = [abs(found.total / expected.total - 1), distance(found.dense, expected.dense)]
    for name, (ids, gradients) in expected.tables.items():
        if not np.array_equal(ids, found.tables[name][0]):
            raise AssertionError(f"table {name}: other rows than the reference")
        errors.append(distance(found.tables[name][1], gradients))
    return max(errors)


def distance(found: np.ndarray, expected: np.ndarray) -> float:
    """Norm of the difference, divided by that of what is expected."""
    return float(np.linalg.norm(found - expected) / max(np.linalg.norm(expected), 1e-12))


def train(executor, plan, batches) -> TrainState:
    """A state after a step on each batch."""
    state = TrainState(workloads.parameters(plan))
    with resident(executor, state):
        for batch in batches:
            executor.step(state, batch, Adam())
    return state


def same_bytes(rows: int = 1024) -> bool:
    """Whether six steps of `rows` rows give the same bytes twice, with graph replay and without."""
    from minirank.kernels.cuda.executor import CudaExecutor

    workload = small_workload()
    plan = workloads.plan_of(workload, GATE)
    batches = [workloads.random_batch(workload, rows, seed) for seed in range(6)]
    ends = {train(CudaExecutor(plan, graph=graph), plan, batches).values.dense.tobytes() for graph in (True, True, False)}
    if len(ends) > 1:
        raise AssertionError("the deterministic mode gave different bytes")
    return True


def sanitizer() -> dict:
    """Exit status and last line of each tool of compute-sanitizer, on small shapes."""
    program = shutil.which("compute-sanitizer")
    if program is None:
        return {"skipped": "compute-sanitizer is not installed"}
    said = {}
    for tool in ("memcheck", "racecheck", "synccheck", "initcheck"):
        command = [program, "--tool", tool, "--error-exitcode", "9", sys.executable, __file__, "--small"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        said[tool] = {"status": done.returncode, "says": (done.stdout.strip().splitlines() or [""])[-1]}
    return said


def timed(run, stream=0) -> dict:
    """Median and quartiles of the milliseconds of `run` between two events."""
    from numba import cuda

    for _ in range(WARM_UP):
        run()
    cuda.synchronize()
    taken = []
    for _ in range(REPEATS):
        begin, end = cuda.event(), cuda.event()
        begin.record(stream)
        run()
        end.record(stream)
        end.synchronize()
        taken.append(begin.elapsed_time(end))
    return spread(taken)


def spread(milliseconds: list[float]) -> dict:
    """Median, and first and third quartile."""
    low, median, high = statistics.quantiles(milliseconds, n=4)
    return {"ms": median, "low": low, "high": high}


def ladder() -> dict:
    """Each rung: right first, then both ways timed in turns."""
    import importlib

    sys.path.insert(0, str(HERE / "cuda_ladder"))
    rungs = importlib.import_module("rungs")
    found = {}
    for path in RUNGS:
        rung = importlib.import_module(path.stem).rung(rungs.Sizes())
        rung.before()
        rung.after()
        error = rung.error()
        if not error < (2e-3 if "tf32" in path.stem else 1e-5):
            raise AssertionError(f"{path.stem}: error {error}")
        before, after = timed_step(rung.before), timed_step(rung.after)
        found[path.stem] = {"title": rung.title, "predicted": rung.predicted, "before": before, "after": after, "error": error, "flop": rung.flop}
    return found


def timed_step(run) -> dict:
    """Median and quartiles of wall milliseconds until the GPU is done, for what works on the host too."""
    from numba import cuda

    for _ in range(WARM_UP):
        run()
    taken = []
    for _ in range(REPEATS):
        cuda.synchronize()
        begin = time.perf_counter()
        run()
        cuda.synchronize()
        taken.append(1000 * (time.perf_counter() - begin))
    return spread(taken)


def ceilings(python: str | None, elements: int = 1 << 28) -> dict:
    """GB/s of a copy on the GPU (read and written), and TFLOP/s of PyTorch's product where there is a PyTorch."""
    from numba import cuda

    source, target = cuda.device_array(elements, np.float32), cuda.device_array(elements, np.float32)
    copy = timed(lambda: target.copy_to_device(source))
    found = {"copy_gb_s": 2 * 4 * elements / max(copy["ms"], 1e-6) / 1e6}
    if python is not None:
        code = (
            "import torch, statistics as s; torch.backends.cuda.matmul.allow_tf32 = {tf32}; a = torch.randn(8192, 8192, device='cuda'); t = []\n"
            "for i in range(30):\n b, e = (torch.cuda.Event(enable_timing=True) for _ in 'ab'); b.record(); a @ a; e.record(); e.synchronize(); t.append(b.elapsed_time(e))\n"
            "print(2 * 8192**3 / s.median(t) / 1e9)"
        )
        for name, tf32 in (("float32_tflop_s", False), ("tf32_tflop_s", True)):
            done = subprocess.run([python, "-c", code.format(tf32=tf32)], capture_output=True, text=True, check=True)
            found[name] = float(done.stdout)
    return found


def steps(rows: int) -> dict:
    """The step's launches with and without replay, each kernel's share of them, whole steps, and the CPU backend's."""
    from minirank.kernels.cuda.executor import CudaExecutor

    plan = workloads.plan_of(BASE, GATE)
    batches = [workloads.random_batch(BASE, rows, seed) for seed in range(3)]
    found = {"flop": workloads.step_flop(dataclasses.replace(BASE, rows=rows), GATE)}
    for name, settings in {
        "replayed, atomic": {"deterministic": False}, "launched, atomic": {"deterministic": False, "graph": False},
        "replayed, deterministic": {}, "launched, deterministic": {"graph": False},
    }.items():  # fmt: skip
        executor = CudaExecutor(plan, **settings)
        with resident(executor, TrainState(workloads.parameters(plan))):
            found[f"{name}, with the host's part"] = timed_step(stepper(executor, batches))
            found[name] = timed(executor.repeat, stream=executor.stream)
            if name == "launched, atomic":
                found["kernels"] = kernels(executor)
    cpu, state = make_executor("cpu", plan), TrainState(workloads.parameters(plan))
    found["cpu"] = spread([wall(lambda: cpu.step(state, batches[0], Adam())) for _ in range(8)][2:])
    return found


def stepper(executor, batches):
    """A function that takes a step of the state that is resident, on one batch after the other."""
    numbers = itertools.cycle(range(len(batches)))
    return lambda: executor.step(executor.held, batches[next(numbers)], Adam())


def wall(run) -> float:
    """Milliseconds."""
    begin = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - begin)


def kernels(executor) -> list:
    """[kernel, median milliseconds] of every launch of a step, in order."""
    taken = [launch_times(executor) for _ in range(10)]
    return [[name, statistics.median(each)] for (name, _), each in zip(executor.launched, zip(*taken))]


def launch_times(executor) -> list[float]:
    """Milliseconds of every launch of one step, between events."""
    from numba import cuda

    marks = []

    def mark() -> None:
        event = cuda.event()
        event.record(executor.stream)
        marks.append(event)

    mark()
    executor.repeat(after_launch=mark)
    marks[-1].synchronize()
    return [a.elapsed_time(b) for a, b in itertools.pairwise(marks)]


def torch_steps(python: str | None, sizes: list[int]) -> dict:
    """rows -> form, mode, precision -> median milliseconds, in PyTorch's own environment."""
    if python is None:
        return {"skipped": "give --torch PYTHON"}
    found = {}
    for rows in sizes:
        found[str(rows)] = {}
        with tempfile.TemporaryDirectory() as folder:
            workloads.write(Path(folder), dataclasses.replace(BASE, rows=rows), GATE, [("train", seed) for seed in range(3)])
            for peer in PEERS:
                command = [python, str(HERE / "gpu_torch.py"), folder, *peer, str(REPEATS)]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                said = {"failed": done.stderr.strip().splitlines()[-1:]} if done.returncode else json.loads(done.stdout.splitlines()[-1])
                found[str(rows)][", ".join(peer)] = said if "failed" in said else spread(said.pop("ms")) | said
    return found


if __name__ == "__main__":
    sys.exit(main())

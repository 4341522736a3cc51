"""Everything that needs a GPU, in one command: is it right, what is the ceiling, how fast, and beside whom.

    pip install -e ".[cuda]" && python bench/gpu/measure.py [--torch PYTHON] [--rows 1024 4096 16384 65536] [--parts NAME ...]

PYTHON is that of an environment with PyTorch, whose CUDA pins and ours exclude each other; without it the peers are left
out. The parts, in order: correctness on fresh inputs, and the same bytes twice; compute-sanitizer on small shapes, where it
is installed; ceilings of copies and products; the ladder; steps with and without graph replay, their kernels one by one,
and the CPU backend on all cores; PyTorch. What fails is told and does not end the rest; every figure is written at once, beside
those of earlier runs on the same device, so parts can be run one by one. Writes results/measure.json and the tables of
RESULTS.md; without a GPU the tables say that nothing is measured. NUMBA_ENABLE_CUDASIM=1 and --dry FOLDER run
all of it on tiny shapes in numba's simulator and write to FOLDER: figures without meaning, but no typing error is left.
"""

import argparse
import dataclasses
import importlib
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.gpu.checks import GATE, checked, ran, same_bytes, sanitized
from bench.gpu.tables import tables
from bench.gpu.work import work
from bench.speed import workloads
from bench.tables import Report, machine, write_record
from minirank.kernels.adam import Adam
from minirank.kernels.cuda.executor import CudaExecutor
from minirank.kernels.cuda.probe import device_name, simulated, why_not
from minirank.kernels.executor import make_executor
from minirank.kernels.parameters import TrainState

HERE = Path(__file__).resolve().parent
LADDER = HERE / "ladder"
VARIANTS = {
    "replayed, atomic": {"deterministic": False},
    "launched, atomic": {"deterministic": False, "graph": False},
    "replayed, deterministic": {},
    "launched, deterministic": {"graph": False},
    "replayed, atomic, tf32": {"deterministic": False, "tf32": True},
    "replayed, deterministic, tf32": {"tf32": True},
}
BY_KERNEL = ("replayed, atomic", "replayed, deterministic", "replayed, atomic, tf32")  # also timed launch by launch
BASE = workloads.WORKLOADS["base"]
SMALL_TABLES = dataclasses.replace(BASE, vocabulary=500)  # a reference takes seconds
FORMS = (("loop", "eager"), ("bmm", "eager"), ("wide", "compiled"), ("wide", "graphs"))  # of the experts, and how PyTorch runs
PEERS = [(*form, precision) for precision in ("float32", "tf32") for form in FORMS]
REPORT = Report(__file__, tables)
TOOLS = ("memcheck", "racecheck", "synccheck", "initcheck")


@dataclasses.dataclass(frozen=True)
class Setup:
    """How much is measured: a GPU's sizes, or those of a dry run."""

    base: workloads.Workload = BASE
    small: workloads.Workload = SMALL_TABLES
    check_rows: tuple[int, ...] = (1, 7, 33, 777, 4096)
    bytes_rows: int = 1024
    elements: int = 1 << 28
    repeats: int = 30
    warm_up: int = 5
    rungs: str = "[0-9]*.py"
    variants: tuple[str, ...] = tuple(VARIANTS)
    tiny: bool = False


TINY = workloads.Workload("tiny", 2, 4, 30, 4, 2, 8, 8, 4, 6, 1, 2, 8)
DRY = Setup(TINY, TINY, (5,), 4, 64, 2, 1, "0[134]*.py", tuple(name for name in VARIANTS if "tf32" not in name), True)


def main(words: list[str] | None = None) -> int:
    """Run the parts; the exit status is 1 where one failed."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--torch", metavar="PYTHON", help="a Python that has PyTorch with CUDA")
    options.add_argument("--rows", type=int, nargs="+", default=[1024, 4096, 16_384, 65_536])
    options.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    options.add_argument("--sanitized", action="store_true", help="some steps on small shapes and nothing else, for compute-sanitizer")
    options.add_argument("--dry", metavar="FOLDER", type=Path, help="tiny shapes, in numba's simulator; results go to FOLDER")
    given = options.parse_args(words)
    setup = DRY if given.dry else Setup()
    report = dataclasses.replace(REPORT, script=str(given.dry / "measure.py")) if given.dry else REPORT
    reason = "numba's simulator gives no figures; use --dry FOLDER" if simulated() and not given.dry else why_not()
    if reason is not None:
        print(f"not measured: {reason}")
        if not report.record.exists():
            report.write_tables({})
        return 1
    if given.sanitized:
        return sanitized(setup.small)
    found = {"device": device(), "machine": attempt("machine", lambda: machine("numpy", "numba", *([] if given.dry else ["numba-cuda"])))}
    found = known(report, found["device"]) | found
    for name in given.parts:
        for path, part in PARTS[name](setup, given):
            place = found
            for step in path[:-1]:
                place = place.setdefault(step, {})
            place[path[-1]] = attempt(", ".join(path), part)
            write_record(report.record, found)
    written = attempt("tables", lambda: report.write_tables(found))
    return int(any(_failed(each) for each in (found, written)))


def _failed(found) -> bool:
    return isinstance(found, dict) and ("failed" in found or any(map(_failed, found.values())))


def attempt(what: str, part: Callable) -> object:
    """What a part gives, or {"failed": why}: an hour on a GPU is not thrown away for one part."""
    print(f"{what} ...", flush=True)
    try:
        return part()
    except Exception as error:
        traceback.print_exc()
        return {"failed": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"}


def known(report: Report, on: dict) -> dict:
    """What earlier runs found on the same device."""
    try:
        held = report.read()
    except ValueError:
        return {}
    return held if held.get("device") == on else {}


def device() -> dict:
    """Name, driver and limits of the GPU."""
    if simulated():
        return {"name": "numba's simulator"}
    from numba import cuda

    gpu = cuda.get_current_device()
    asked = "driver_version,memory.total,clocks.max.sm,clocks.max.mem,power.limit"
    try:
        command = ["nvidia-smi", f"--id={gpu.id}", f"--query-gpu={asked}", "--format=csv,noheader"]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()
    except (OSError, subprocess.SubprocessError) as error:
        said = f"nvidia-smi says nothing: {error}"
    return {"name": device_name(gpu), "capability": list(gpu.compute_capability), asked: said}


def correctness(setup: Setup, given: argparse.Namespace) -> Iterator:
    """Errors at each number of rows, and the same bytes twice."""
    for rows in setup.check_rows:
        yield ("correctness", str(rows)), lambda rows=rows: checked(setup.small, rows, {})
    if not setup.tiny:
        yield ("correctness", f"{setup.check_rows[-1]}, tf32"), lambda: checked(setup.small, setup.check_rows[-1], {"tf32": True})
    yield ("correctness", "same bytes"), lambda: same_bytes(setup.small, setup.bytes_rows)


def sanitizer(setup: Setup, given: argparse.Namespace) -> Iterator:
    """Exit status and last line of each tool of compute-sanitizer, on small shapes."""
    places = [os.path.join(folder, "bin") for folder in (os.environ.get("CUDA_HOME", ""), "/usr/local/cuda") if folder]
    program = shutil.which("compute-sanitizer") or shutil.which("compute-sanitizer", path=os.pathsep.join(places))
    if program is None or setup.tiny:
        yield ("sanitizer",), lambda: {"skipped": "compute-sanitizer is not installed"}
        return
    for tool in TOOLS:
        command = [program, "--tool", tool, "--error-exitcode", "9", sys.executable, __file__, "--sanitized"]
        yield ("sanitizer", tool), lambda command=command: ran(command)


def timed(setup: Setup, run: Callable, stream: object = 0, busy: bool = False) -> dict:
    """Median and quartiles of the milliseconds of `run` between two events.

    Args:
        busy: give the GPU something to do before, so that it never waits for the host, and only its own time counts.
    """
    from numba import cuda

    before = backlog(setup) if busy else None

    def sample() -> float:
        begin, end = cuda.event(), cuda.event()
        if before:
            before(stream)
        begin.record(stream)
        run()
        end.record(stream)
        end.synchronize()
        return begin.elapsed_time(end)

    return spread([sample() for _ in range(setup.warm_up + setup.repeats)][setup.warm_up :])


def backlog(setup: Setup) -> Callable:
    """A function that keeps a stream's GPU busy for some milliseconds, and the host not at all."""
    from numba import cuda

    source, target = (cuda.device_array(setup.elements, np.float32) for _ in range(2))

    def copy(stream) -> None:
        for _ in range(4):
            target.copy_to_device(source, stream=stream)

    return copy


def wall(run: Callable, repeats: int, warm_up: int, synchronize: Callable = lambda: None) -> dict:
    """Median and quartiles of wall milliseconds until the GPU is done, for what works on the host too."""

    def sample() -> float:
        synchronize()
        begin = time.perf_counter()
        run()
        synchronize()
        return 1000 * (time.perf_counter() - begin)

    return spread([sample() for _ in range(warm_up + repeats)][warm_up:])


def spread(milliseconds: list[float]) -> dict:
    """Median, and first and third quartile."""
    low, median, high = statistics.quantiles(milliseconds, n=4)
    return {"ms": median, "low": low, "high": high}


def ladder(setup: Setup, given: argparse.Namespace) -> Iterator:
    """Each rung: right first, then both ways timed."""
    for path in sorted(LADDER.glob(setup.rungs)):
        yield ("ladder", path.stem), lambda path=path: climbed(setup, path.stem)


def climbed(setup: Setup, name: str) -> dict:
    """A rung's times.

    Raises:
        AssertionError: it is wrong.
    """
    rung = importlib.import_module(f"bench.gpu.ladder.{name}").rung(setup.base)
    rung.before()
    rung.after()
    error, allowed = rung.error(), 2e-3 if "tf32" in name else 5e-3 if rung.executors else 1e-5
    if not error < allowed:
        raise AssertionError(f"error {error:.1e}, {allowed:.0e} is allowed")
    streams = [executor.stream for executor in rung.executors] or [0, 0]
    before, after = (timed(setup, run, stream, busy=not rung.by_host) for run, stream in zip((rung.before, rung.after), streams))
    return {"title": rung.title, "predicted": rung.predicted, "before": before, "after": after, "error": error, "flop": rung.flop}


def ceilings(setup: Setup, given: argparse.Namespace) -> Iterator:
    """GB/s of a copy on the GPU (read and written), and TFLOP/s of PyTorch's products, large ones and the experts', if it is there."""
    yield ("ceilings", "copy GB/s"), lambda: copied(setup)
    if given.torch is not None:
        for precision in ("float32", "tf32"):
            for shape in ((1, 8192, 8192, 8192), *((setup.base.experts, rows, setup.base.inputs, setup.base.h1) for rows in given.rows)):
                name = f"PyTorch {precision} {' x '.join(map(str, shape))} TFLOP/s"
                command = [given.torch, str(HERE / "torch_steps.py"), "product", precision, *map(str, shape)]
                yield ("ceilings", name), lambda command=command: float(ran(command))


def copied(setup: Setup) -> float:
    """GB/s."""
    from numba import cuda

    source, target = (cuda.device_array(setup.elements, np.float32) for _ in range(2))
    copy = timed(setup, lambda: target.copy_to_device(source))
    return 2 * 4 * setup.elements / max(copy["ms"], 1e-6) / 1e6


def steps(setup: Setup, given: argparse.Namespace) -> Iterator:
    """At each number of rows: the step's launches with and without replay, with the host's part too, each kernel; the CPU's step."""
    for rows in given.rows:
        for name in setup.variants:
            yield ("steps", str(rows), name), lambda rows=rows, name=name: step(setup, rows, name)
        yield ("steps", str(rows), "cpu"), lambda rows=rows: cpu_step(setup, rows)


def step(setup: Setup, rows: int, name: str) -> dict:
    """A variant's step."""
    from numba import cuda

    compiled = workloads.plan_of(setup.base, GATE)
    batches = [workloads.random_batch(setup.base, rows, seed) for seed in range(3)]
    executor, state = make_executor("cuda", compiled, **VARIANTS[name]), TrainState(workloads.parameters(compiled))
    with executor.resident(state):
        loss = executor.step(state, batches[0], Adam())[0]
        following = itertools.cycle(batches[1:] + batches[:1])
        found = {"flop": workloads.step_flop(dataclasses.replace(setup.base, rows=rows), GATE), "loss": loss}
        found["with_host"] = wall(lambda: executor.step(state, next(following), Adam()), setup.repeats, setup.warm_up, cuda.synchronize)
        found |= timed(setup, executor.repeat, executor.stream)
        if name in BY_KERNEL:
            found["kernels"] = kernels(setup, executor, work(compiled, batches[0], executor.slices_of(rows)))
    return found


def cpu_step(setup: Setup, rows: int) -> dict:
    """The CPU backend's, on all its cores."""
    compiled = workloads.plan_of(setup.base, GATE)
    cpu, state = make_executor("reference" if setup.tiny else "cpu", compiled), TrainState(workloads.parameters(compiled))
    batch = workloads.random_batch(setup.base, rows, 0)
    return wall(lambda: cpu.step(state, batch, Adam()), repeats=6, warm_up=2)


def kernels(setup: Setup, executor: CudaExecutor, todo: dict[str, list[dict]]) -> list[dict]:
    """Kernel, median milliseconds, and what it had to do, of every launch of a step, in order."""
    before = backlog(setup)
    taken = [launch_times(executor, before) for _ in range(max(setup.repeats // 3, 2))]
    left, medians = {name: iter(each) for name, each in todo.items()}, map(statistics.median, zip(*taken))
    return [{"kernel": name, "ms": ms} | next(left.get(name, iter(())), {}) for (name, _), ms in zip(executor.launched, medians)]


def launch_times(executor: CudaExecutor, before: Callable) -> list[float]:
    """Milliseconds of every launch of one step, between events, on a GPU that never waits for the host."""
    from numba import cuda

    marks = []

    def mark() -> None:
        event = cuda.event()
        event.record(executor.stream)
        marks.append(event)

    before(executor.stream)
    mark()
    executor.repeat(after_launch=mark)
    marks[-1].synchronize()
    return [a.elapsed_time(b) for a, b in itertools.pairwise(marks)]


def torch_steps(setup: Setup, given: argparse.Namespace) -> Iterator:
    """rows -> form, mode, precision -> milliseconds, in PyTorch's own environment, on the same rows and parameters."""
    if given.torch is None:
        yield ("torch",), lambda: {"skipped": "give --torch PYTHON"}
        return
    for rows in given.rows:
        with tempfile.TemporaryDirectory() as folder:
            workloads.write(Path(folder), dataclasses.replace(setup.base, rows=rows), GATE, [("train", seed) for seed in range(3)])
            for peer in PEERS:
                command = [given.torch, str(HERE / "torch_steps.py"), "steps", folder, *peer, str(setup.repeats)]
                yield ("torch", str(rows), ", ".join(peer)), lambda command=command: (said := json.loads(ran(command))) | spread(said["ms"])


PARTS = {"correctness": correctness, "sanitizer": sanitizer, "ceilings": ceilings, "ladder": ladder, "steps": steps, "torch": torch_steps}


if __name__ == "__main__":
    sys.exit(main())

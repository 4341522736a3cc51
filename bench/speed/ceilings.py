"""What the machine can do at most: multiply-adds a second, and bytes a second from each level of memory.

    python bench/speed/ceilings.py

FMA peak: vectors that stay in registers are multiplied and added, as many chains of them as the micro-kernel of a product
has accumulators. Bandwidth: an array is read, written, or copied to another one, again and again, in sizes that fit into
ever more distant caches; a copy counts what it reads and what it writes, and a written line that the processor reads first
counts once. Random lines: reads of 64 bytes at random places of the largest size, as of the rows of a table.

Processors are shared and clocks change, so a figure is compared with a ceiling that was measured alternately with it: a
`Probe` measures at each `round`, for a millisecond at a time, and `ceilings` takes the mean of the fastest quarter: what
other programs took away is in the others. The rates of threads that run side by side are added.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numba.core import types
from numba.extending import intrinsic

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.tables import Report, machine, markdown, paragraphs
from minirank.kernels.cpu import atomics, vector
from minirank.kernels.cpu.jit import driver
from minirank.kernels.cpu.tile import ROWS, WIDE
from minirank.kernels.cpu.workers import available_threads
from minirank.kernels.parameters import aligned

CHAINS = ROWS * WIDE
LOOPS = 400_000
REPEAT = 5  # times in a round, but for what takes longer
SIZES = (2**14, 2**18, 2**22, 2**24, 2**27)  # bytes of a thread; the last one is shared out among the threads
BYTES_AT_ONCE = (2**26, 2**26, 2**25, 2**25, 2**27)
LINES = 2**19
LANES = 16
APART = 512  # numbers: a load waits for a store whose address ends in the same 12 bits


@dataclass(frozen=True)
class Level:
    """Bytes a second of all threads together, each with `size` bytes of its own."""

    name: str
    size: int
    read: float
    write: float
    copy: float


@dataclass(frozen=True)
class Ceilings:
    """What all threads reach together, in the fastest quarter of the measurements.

    Attributes:
        threads: that ran side by side. fma: float32 operations a second. fma_median, fma_best: of all measurements.
        levels: from the nearest cache to the memory. lines: bytes a second of random 64-byte lines.
    """

    threads: int
    fma: float
    fma_median: float
    fma_best: float
    levels: tuple[Level, ...]
    lines: float

    @classmethod
    def of(cls, record: dict) -> Ceilings:
        """From JSON."""
        return cls(**record | {"levels": tuple(Level(**level) for level in record["levels"])})

    def level(self, size: float) -> Level:
        """The nearest level that holds `size` bytes of each thread."""
        return next((level for level in self.levels if level.size >= size), self.levels[-1])


@intrinsic
def multiply_adds(typing, p, a, b, times):
    """CHAINS vectors from p on: v = v a + b, `times` times, in registers."""
    sig = types.void(p, p.dtype, p.dtype, types.intp)

    def codegen(context, builder, sig, args):
        kind = context.get_value_type(vector.VectorType(p.dtype))
        places = [builder.gep(args[0], [vector.INT(i * kind.count)]) for i in range(CHAINS)]
        first = [vector.emit_load(builder, place, kind) for place in places]
        factor, term = (vector.emit_splat(builder, x, kind) for x in args[1:3])
        before, loop, after = builder.block, builder.append_basic_block("loop"), builder.append_basic_block("after")
        builder.branch(loop)
        builder.position_at_end(loop)
        count, chains = builder.phi(vector.INT), [builder.phi(kind) for _ in places]
        following = [vector.emit_call(builder, "fma", kind, [chain, factor, term]) for chain in chains]
        for phi, start, step in zip([count, *chains], [vector.INT(0), *first], [builder.add(count, vector.INT(1)), *following]):
            phi.add_incoming(start, before)
            phi.add_incoming(step, loop)
        builder.cbranch(builder.icmp_signed("<", count, builder.sub(args[3], vector.INT(1))), loop, after)
        builder.position_at_end(after)
        for place, value in zip(places, following):
            vector.emit_store(builder, value, place)
        return context.get_dummy_value()

    return sig, codegen


@driver
def run_multiply_adds(chains, times):
    """2 operations for each of CHAINS vectors' numbers, `times` times."""
    p = vector.pointer(chains)
    multiply_adds(p, vector.number(p, 0.5), vector.number(p, 0.5), times)


@driver
def run_read(source, target, passes):
    """Sum of an array, in four chains so that the additions do not wait for each other."""
    p = vector.pointer(source)
    n = vector.lanes(p)
    a = b = c = d = vector.splat(vector.number(p, 0))
    for _ in range(passes):
        for i in range(0, len(source), 4 * n):
            a = a + vector.load(p, i)
            b = b + vector.load(p, i + n)
            c = c + vector.load(p, i + 2 * n)
            d = d + vector.load(p, i + 3 * n)
    return vector.reduce_sum((a + b) + (c + d))


@driver
def run_write(source, target, passes):
    """target = the number of the pass."""
    p = vector.pointer(target)
    n, value = vector.lanes(p), vector.number(p, 0)
    for _ in range(passes):
        value += vector.number(p, 1)
        for i in range(0, len(target), n):
            vector.store(p, i, vector.splat(value))


@driver
def run_copy(source, target, passes):
    """target = source."""
    p, q = vector.pointer(source), vector.pointer(target)
    for _ in range(passes):
        for i in range(0, len(source), vector.lanes(p)):
            vector.store(q, i, vector.load(p, i))


@driver
def run_lines(source, places):
    """Sum of the vectors that start at `places`."""
    p = vector.pointer(source)
    a = b = vector.splat(vector.number(p, 0))
    for i in range(0, len(places), 2):
        a = a + vector.load(p, places[i])
        b = b + vector.load(p, places[i + 1])
    return vector.reduce_sum(a + b)


@driver
def clock():
    """The clock that `Work.ticks` are read from."""
    return atomics.ticks()


def ticks_a_second(seconds: float = 0.05) -> float:
    """Ticks of `clock` in a second."""
    clock()
    began, first = time.perf_counter(), clock()
    time.sleep(seconds)
    last, ended = clock(), time.perf_counter()
    return (last - first) / (ended - began)


class Probe:
    """Measures the ceilings of `threads` cores, once a `round`; what it needs lies ready in between."""

    def __init__(self, threads: int = 1) -> None:
        self.threads, self._pool = threads, ThreadPoolExecutor(threads)
        self._chains = [aligned(CHAINS * LANES, np.float32) for _ in range(threads)]
        self._sizes = (*SIZES[:-1], SIZES[-1] // threads)
        size = self._sizes[-1] // 4
        self._arrays = [(aligned(size, np.float32), aligned(size + APART, np.float32)[APART:]) for _ in range(threads)]
        for array in (array for pair in self._arrays for array in pair):
            array[:] = 1  # memory that was never written is one page
        random = np.random.default_rng(0)
        self._places = [LANES * random.integers(0, self._sizes[-1] // 64, LINES) for _ in range(threads)]
        self._rates: dict[str, list[float]] = {}
        self.round()
        self._rates.clear()

    def _measure(self, name, amount, function, arguments):
        """Keep the rate at which all threads together do `amount` each."""
        futures = [self._pool.submit(seconds_of, function, each) for each in arguments]
        self._rates.setdefault(name, []).append(sum(amount / future.result() for future in futures))

    def round(self) -> None:
        """Measure everything, in about a fifth of a second."""
        for _ in range(REPEAT):
            self._measure("fma", 2 * CHAINS * LANES * LOOPS, run_multiply_adds, [(chains, LOOPS) for chains in self._chains])
        for size, amount in zip(self._sizes, BYTES_AT_ONCE):
            passes = max(amount // size, 1)
            for _ in range(REPEAT if size < amount else 1):
                for name, function, arrays in (("read", run_read, 1), ("write", run_write, 1), ("copy", run_copy, 2)):
                    parts = [[array[: size // 4 // arrays] for array in pair] for pair in self._arrays]
                    self._measure(f"{name} {size}", size * passes, function, [(*pair, passes) for pair in parts])
        self._measure("lines", 64 * LINES, run_lines, [(pair[0], places) for pair, places in zip(self._arrays, self._places)])

    def ceilings(self) -> Ceilings:
        """Of all rounds."""
        levels = []
        for size in self._sizes:
            name = "memory" if size == self._sizes[-1] else size_text(size)
            levels.append(Level(name, size, *(fast(self._rates[f"{kind} {size}"]) for kind in ("read", "write", "copy"))))
        rates = self._rates["fma"]
        return Ceilings(self.threads, fast(rates), statistics.median(rates), max(rates), tuple(levels), fast(self._rates["lines"]))

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()


def seconds_of(function: Callable, arguments: tuple) -> float:
    """Of one call."""
    began = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - began


def fast(rates: list[float]) -> float:
    """Mean of the highest quarter."""
    return statistics.mean(sorted(rates)[-max(len(rates) // 4, 1) :])


def table(results: dict) -> str:
    """Markdown: a row for each ceiling, a column for each number of threads."""
    found = [Ceilings.of(one) for one in results["ceilings"]]
    first = found[0]
    peaks = [[f"{rate / 1e9:.0f}" for rate in (one.fma, one.fma_median, one.fma_best)] for one in found]
    rows = [["FMA peak, float32, GFLOP/s (median, best)", *(f"{peak} ({median}, {best})" for peak, median, best in peaks)]]
    for i, level in enumerate(first.levels):
        for name in ("read", "write", "copy"):
            rows.append([f"{name}, {level.name}, GB/s", *(f"{getattr(one.levels[i], name) / 1e9:.1f}" for one in found)])
    rows.append(["random lines of 64 bytes, GB/s", *(f"{one.lines / 1e9:.1f}" for one in found)])
    near, far = (first.levels[i].copy / 1e9 for i in (0, -1))
    threads = f"{first.threads} thread{'s' * (first.threads > 1)}"
    return paragraphs(
        f"With {threads} the machine computes {first.fma / 1e9:.0f} GFLOP/s and copies {near:.0f} GB/s within the nearest cache, "
        f"{far:.0f} GB/s in memory.",
        markdown(["", *(f"{one.threads} thread{'s' * (one.threads > 1)}" for one in found)], rows),
        f"The fastest quarter of {results['rounds']} rounds. A copy counts what it reads and what it writes. {results['machine']}",
    )


REPORT = Report(__file__, table)


def size_text(size: int) -> str:
    """`256 KB`."""
    return f"{size / 2**20:.0f} MB" if size >= 2**20 else f"{size / 2**10:.0f} KB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", nargs="+", type=int, default=sorted({1, available_threads()}))
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    probes = [Probe(threads) for threads in options.threads]
    for _ in range(options.rounds):
        for probe in probes:
            probe.round()
    found = [probe.ceilings() for probe in probes]
    line = machine("minirank", "numpy", "numba")
    REPORT.publish({"machine": line, "rounds": options.rounds, "ceilings": [asdict(one) for one in found]})


if __name__ == "__main__":
    main()

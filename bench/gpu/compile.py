"""Compile every CUDA kernel for sm_80 and sm_90 without a GPU, and keep what ptxas says in a table.

    python bench/gpu/compile.py            compares with bench/gpu/results/cuda_kernels.json; exit status 1 where a kernel got worse
    python bench/gpu/compile.py --write    writes the table anew

It needs the extra `cuda`, no driver. A kernel gets worse when it takes more registers or shared memory than the table
says, spills or keeps arrays in local memory at all, loses an instruction that it must have, or computes in float64. The
products, in float32 and in TF32, may take 128 registers, so that two blocks of 256 threads fit on a multiprocessor.
"""

import argparse
import importlib
import json
import re
import subprocess
import sys
import sysconfig
import tempfile
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

ARCHITECTURES = (80, 90)
HERE = Path(__file__).resolve().parent
TABLE = HERE / "results" / "cuda_kernels.json"
PTXAS = Path(sysconfig.get_path("purelib")) / "nvidia" / "cu13" / "bin" / "ptxas"
MOST_REGISTERS = 128
WIDE_LOADS = ("ld.global.v4.f32", "ld.shared.v4.f32")  # LDG.E.128 and LDS.128
TENSOR = ("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32", "cvt.rna.tf32.f32", "ld.global.v4.f32")
PRODUCTS = {
    "product_forward": (*WIDE_LOADS, "st.global.v4.f32", "st.shared.v4.f32", "fma.rn.f32"),
    "product_backward": (*WIDE_LOADS, "st.global.v4.f32", "fma.rn.f32"),
    "weight_gradients": (*WIDE_LOADS, "st.global.v4.f32", "st.shared.v4.f32", "fma.rn.f32"),
    "product_forward_tf32": (*TENSOR, "st.shared.v4.f32"),
    "product_backward_tf32": TENSOR,
    "weight_gradients_tf32": (*TENSOR, "st.shared.v4.f32"),
}
REQUIRED = PRODUCTS | {
    "walk_rows": ("bar.sync",),
    "sums": ("bar.sync", "ld.shared.f32"),
    "sort_uses": ("bar.sync",),
    "scatter_rows": ("atom.global.add.f32",),
    "adam_touched_rows": ("atom.global.exch.b32",),
}


def kernels() -> dict:
    """name -> kernel, of the backend and of the ladder."""
    from minirank.kernels.cuda import executor  # noqa: F401  declares those of the backend
    from minirank.kernels.cuda.jit import KERNELS

    for path in sorted((HERE / "ladder").glob("[0-9]*.py")):
        importlib.import_module(f"bench.gpu.ladder.{path.stem}")

    return dict(KERNELS)


def compile_kernel(kernel: SimpleNamespace, architecture: int) -> dict:
    """What ptxas says of one kernel, and how often each instruction stands in its PTX.

    Args:
        kernel: as `jit.kernel` declares it: function, signature and launch bounds.
    Returns:
        registers; bytes of spills, stack and shared memory; instructions: name -> count in PTX.
    Raises:
        RuntimeError: it does not compile.
    """
    from numba import cuda
    from numba.cuda import dispatcher

    capability = divmod(architecture, 10)
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=capability)  # device functions ask, and there is none
    options = {"device": False, "abi": "numba", "output": "ptx", "launch_bounds": kernel.bounds}
    ptx, _ = cuda.compile(kernel.function, kernel.signature, cc=capability, **options)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "kernel.ptx"
        source.write_text(ptx, encoding="utf-8")
        command = [PTXAS, "-v", f"-arch=sm_{architecture}", source, "-o", source.with_suffix(".cubin")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ptxas: {done.stderr}")
    return ptxas_figures(done.stderr) | {"instructions": instructions(ptx)}


def ptxas_figures(text: str) -> dict:
    """registers, and bytes of spills, stack and shared memory, from what `ptxas -v` prints."""

    def largest(pattern: str) -> int:
        return max((int(number) for number in re.findall(pattern, text)), default=0)

    return {
        "registers": largest(r"Used (\d+) registers"),
        "spills": largest(r"(\d+) bytes spill stores") + largest(r"(\d+) bytes spill loads"),
        "stack": largest(r"(\d+) bytes stack frame"),
        "shared": largest(r"(\d+) bytes smem"),
    }


def instructions(ptx: str) -> dict[str, int]:
    """Instruction -> how often it stands in the text, of those that tell how memory is used and what computes."""
    names = re.findall(r"^\s+(?:@%\w+ )?((?:ld|st|atom|red|fma|mma|cvt|bar|cp)\.[\w.:]+)", ptx, re.MULTILINE)
    names = [name for name in names if not name.startswith(("ld.param", "cvt.")) or "tf32" in name]
    return dict(sorted(Counter(names + re.findall(r"^\s+(\w+(?:\.\w+)*\.f64)\b", ptx, re.MULTILINE)).items()))


def problems(name: str, found: dict, known: dict | None) -> list[str]:
    """What is wrong with a kernel, beside what the table says of it."""
    said = []
    if found["spills"] or found["stack"]:
        said.append(f"{found['spills']} bytes of spills, {found['stack']} of stack; there must be none")
    if name in PRODUCTS and found["registers"] > MOST_REGISTERS:
        said.append(f"{found['registers']} registers; a product may take {MOST_REGISTERS}")
    there = found["instructions"]
    for wanted in REQUIRED.get(name, ()):
        said += [] if any(one.startswith(wanted) for one in there) else [f"no {wanted} among its instructions"]
    said += [f"computes in float64: {instruction}" for instruction in there if instruction.endswith(".f64")]
    if known is None:
        return [*said, "is not in the table; add it with --write"]
    more = [figure for figure in ("registers", "shared") if found[figure] > known[figure]]
    return said + [f"{figure}: {found[figure]}, the table says {known[figure]}" for figure in more]


def compile_all(architecture: int) -> dict[str, dict]:
    """name -> figures of every kernel."""
    return {name: compile_kernel(kernel, architecture) for name, kernel in sorted(kernels().items())}


def compile_everywhere() -> dict[str, dict]:
    """`sm_80` -> figures of every kernel; a process for each architecture, at once."""
    command = [sys.executable, __file__, "--architecture"]
    running = [subprocess.Popen([*command, str(architecture)], stdout=subprocess.PIPE, text=True) for architecture in ARCHITECTURES]
    printed = [process.communicate()[0] for process in running]
    for process, architecture in zip(running, ARCHITECTURES):
        if process.returncode:
            raise RuntimeError(f"compiling for sm_{architecture} failed; see above")
    return {f"sm_{architecture}": json.loads(text) for architecture, text in zip(ARCHITECTURES, printed)}


def all_problems(found: dict, table: dict) -> list[str]:
    """One line for whatever is wrong; empty where all is well."""
    lines = []
    for architecture, figures in found.items():
        known = table.get(architecture, {})
        for name, each in figures.items():
            lines += [f"{architecture} {name}: {problem}" for problem in problems(name, each, known.get(name))]
        gone = "is in the table, but there is no such kernel; write it anew with --write"
        lines += [f"{architecture} {name}: {gone}" for name in known.keys() - figures.keys()]
    return lines


def main() -> int:
    """Compare, or write."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--write", action="store_true")
    options.add_argument("--architecture", type=int)
    given = options.parse_args()
    if given.architecture:
        print(json.dumps(compile_all(given.architecture)))
        return 0
    found = compile_everywhere()
    if given.write:
        TABLE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    lines = all_problems(found, json.loads(TABLE.read_text(encoding="utf-8")))
    print("\n".join(lines) or f"{sum(map(len, found.values()))} kernels are as the table says")
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main())

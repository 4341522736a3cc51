"""One kernel by name: compiled alone, and the loop in which it spends its time, counted by kinds of instructions."""

import re

import numba
from numba.core import types

from minirank.kernels.adam import adam_elements
from minirank.kernels.cpu import matmul
from minirank.kernels.cpu.jit import NO_WRAPPERS, OPTIONS
from minirank.kernels.cpu.tile import ADD, ROWS, WIDE, micro_kernel
from minirank.kernels.cpu.vector import add_scaled, pointer
from minirank.kernels.cpu.work import WorkType
from minirank.kernels.ops import KINDS, dense

PACKED, CALL = 8, 40  # what an instruction on a register of numbers, or a call, counts beside one on a number
FLOATS, INTEGER, REAL = types.float32[::1], types.intp, types.float32
TILES = {
    tile.function.__name__: (tile, name, direction)
    for name, kind in reversed(KINDS.items())
    for direction, tile in (("forward", kind.forward_tile), ("backward", kind.backward_tile))
    if tile
}
KERNELS = {
    "tile": ("dense", None),
    "pack": ("pack", "W, bias"),
    "pack_transposed": ("pack_transposed", "W^T"),
    "pack_gradient": ("dense", "backward"),
    "adam_elements": ("update_dense", None),
    "add_scaled": ("update_tables", None),
    **{name: parts for name, (_, *parts) in TILES.items()},
}
KINDS = {
    "fused multiply-adds": r"v?fn?m(add|sub)\w*|fml[as]",
    "packed arithmetic": r"v(add|sub|mul|div|sqrt|max|min|and|or|blend|cmp)\w*p[sd]|f(add|sub|mul|div|sqrt|max|min)",
    "scalar arithmetic": r"v?(add|sub|mul|div|sqrt|max|min)s[sd]",
    "spreads of one number": r"vbroadcast\w*|ld1r|dup",
    "calls": r"call\w*|bl",
}


def compiled(name: str) -> str:
    """Assembly of one kernel, as the drivers compile it.

    Raises:
        KeyError: there is no such kernel.
    """
    function, signature = _alone(name)
    dispatcher = numba.njit(**OPTIONS, **NO_WRAPPERS)(function)
    dispatcher.compile(signature)
    return next(iter(dispatcher.inspect_asm().values()))


def _alone(name):
    """(the kernel of a tile, or a function of arrays that calls the kernel; its types)."""
    if name in TILES:
        return TILES[name][0].function, (types.CPointer(types.int64), WorkType(REAL), INTEGER, INTEGER)
    return {
        "tile": (_tile, (FLOATS, INTEGER, FLOATS, INTEGER, INTEGER, FLOATS, INTEGER)),
        "pack": (_pack, (FLOATS, FLOATS, INTEGER, INTEGER)),
        "pack_transposed": (_pack_transposed, (FLOATS, FLOATS, INTEGER, INTEGER)),
        "pack_gradient": (_pack_gradient, (FLOATS,) * 4 + (INTEGER,) * 3),
        "adam_elements": (_adam, (FLOATS,) * 4 + (REAL,) * 5),
        "add_scaled": (_add_scaled, (FLOATS, FLOATS, REAL, INTEGER)),
    }[name]


def _tile(c, cs, a, ai, ak, b, depth):
    micro_kernel(pointer(c), cs, pointer(a), ai, ak, pointer(b), depth, ROWS, WIDE, ADD, pointer(b), False)


def _pack(panels, weight, depth, width):
    matmul.pack(pointer(panels), pointer(weight), width, depth, width)


def _pack_transposed(panels, weight, depth, width):
    matmul.pack_transposed(pointer(panels), pointer(weight), depth, depth, width)


def _pack_gradient(panel, dbias, dz, y, stride, rows, n):
    dense.pack_gradient(pointer(panel), pointer(dbias), pointer(dz), pointer(y), stride, rows, n, True)


def _adam(w, m, v, gradient, gain1, gain2, rate, correction, epsilon):
    adam_elements(pointer(w), pointer(m), pointer(v), pointer(gradient), len(w), gain1, gain2, rate, correction, epsilon)


def _add_scaled(target, source, share, size):
    add_scaled(pointer(target), pointer(source), share, size)


def inner_loop(text: str) -> list[str]:
    """The innermost loop with the most multiply-adds, else with the most arithmetic; a call counts as an exponential.

    A loop is what lies between a label and a jump back to it; an innermost one holds no other.
    """
    lines = [line.split("#")[0].rstrip() for line in text.splitlines()]
    lines = [line for line in lines if line and not re.match(r"\s*\.(?!L)", line)]
    places = {line[:-1]: i for i, line in enumerate(lines) if line.endswith(":")}
    spans = []
    for i, line in enumerate(lines):
        jump = re.match(r"\s+(j\w+|b\.?\w*|cbn?z)\s+(?:\w+, )?(\.?\w+)$", line)
        if jump and places.get(jump[2], i) < i:
            spans.append((places[jump[2]], i + 1))
    inner = [a for a in spans if not any(b != a and a[0] <= b[0] and b[1] <= a[1] for b in spans)]

    def work(span):
        found = kinds_of(lines[span[0] : span[1]])
        numbers = PACKED * found["packed arithmetic"] + CALL * found["calls"]
        return found["fused multiply-adds"], numbers + found["scalar arithmetic"] + found["loads"] + found["stores"]

    best = max(inner, key=work, default=(0, 0))
    return lines[best[0] : best[1]]


def kinds_of(lines: list[str]) -> dict[str, int]:
    """Number of instructions of each kind; a spill is a vector register that lies on the stack."""
    found = dict.fromkeys(("instructions", *KINDS, "loads", "stores", "spills"), 0)
    for line in lines:
        parts = line.split(None, 1)
        if not line[0].isspace() or not parts:
            continue
        name, operands = parts[0], parts[1] if len(parts) > 1 else ""
        found["instructions"] += 1
        for kind, pattern in KINDS.items():
            found[kind] += re.fullmatch(pattern, name) is not None
        if re.search(r"\(.*\)|\[.*\]", operands) and not name.startswith(("lea", "prefetch", "nop", "call")):
            found["stores" if operands.endswith((")", "]")) and not name.startswith(("ld", "cmp")) and "," in operands else "loads"] += 1
            on_stack, of_vector = (re.search(pattern, operands) for pattern in (r"\((%rsp|%rbp)\)|\[sp", r"[xyz]mm|\bq\d"))
            found["spills"] += bool(on_stack and of_vector)
    return found


def explain(name: str) -> str:
    """What the inner loop of a kernel consists of, and the loop itself; the compiler may have unrolled it."""
    loop = inner_loop(compiled(name))
    if not loop:
        return f"{name}: no loop of its own; it calls others, or the processor's copy of memory"
    told = ", ".join(f"{number} {kind}" for kind, number in kinds_of(loop).items() if number)
    return "\n".join([f"The inner loop of {name}: {told}.", "", *loop])

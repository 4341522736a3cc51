"""What threads tell each other through memory, how they wait, and the processor's clock."""

from __future__ import annotations

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from .vector import INT


@intrinsic
def ticks(typing):
    """The processor's clock, in ticks of a constant length."""

    def codegen(context, builder, sig, args):
        return builder.call(cgutils.get_or_insert_function(builder.module, ir.FunctionType(INT, []), "llvm.readcyclecounter"), [])

    return types.int64(), codegen


@intrinsic
def fetch_add(typing, p):
    """p[0] += 1 in one step that no other thread can come between; the number before it."""

    def codegen(context, builder, sig, args):
        return builder.atomic_rmw("add", args[0], INT(1), "acq_rel")

    return types.int64(p), codegen


@intrinsic
def exchange(typing, p, old, new):
    """Whether p[0] was `old` and is `new` now, in one step that no other thread can come between."""

    def codegen(context, builder, sig, args):
        return builder.extract_value(builder.cmpxchg(*args, "acq_rel", "acquire"), 1)

    return types.boolean(p, types.int64, types.int64), codegen


@intrinsic
def store_release(typing, p, value):
    """p[0] = value, for whoever reads it with `load_acquire`, and then everything that was written before."""

    def codegen(context, builder, sig, args):
        builder.store_atomic(args[1], args[0], "release", 8)
        return context.get_dummy_value()

    return types.void(p, types.int64), codegen


@intrinsic
def load_acquire(typing, p):
    """p[0] as it is now, whoever else writes to it."""

    def codegen(context, builder, sig, args):
        return builder.load_atomic(args[0], "acquire", 8)

    return types.int64(p), codegen


@intrinsic
def pause(typing):
    """Leave the core to its other thread for 20 to 50 ns; only x86 is known to have that."""
    machine = llvm.get_process_triple()

    def codegen(context, builder, sig, args):
        if machine.startswith("x86_64"):
            builder.call(cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), []), "llvm.x86.sse2.pause"), [])
        return context.get_dummy_value()

    return types.void(), codegen

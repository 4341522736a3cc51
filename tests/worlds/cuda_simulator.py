"""numba's CUDA simulator made fast, repeatable, and strict about what a kernel may not rely on.

Imported by scripts that run with NUMBA_ENABLE_CUDASIM=1, before any kernel. Instead of Python threads that race
for the interpreter, the threads of a block are coroutines that run one after the other, each up to its next barrier,
in an order of choice: the same order gives the same numbers, so a missing barrier shows every time, in one order or another.

- shared and local arrays, and arrays on the device, are full of NaN before a kernel writes them (integers: a huge number);
- a barrier that only some threads of a block reach, or that they reach at different lines, is an error;
- a negative index is an error, where the simulator would wrap it silently;
- arguments that are not of the types in the kernel's signature are an error: a GPU would compile another kernel for them.
"""

import ast
import inspect
import re
import sys
import textwrap
import types
from contextlib import contextmanager

import numpy as np
from numba import cuda
from numba.cuda.simulator import kernel as simulator
from numba.cuda.simulator import kernelapi
from numba.cuda.simulator.cudadrv import devicearray
from numba.np import numpy_support

from minirank.kernels.cuda import jit

ORDERS = ("ascending", "descending", "shuffled")
order = "ascending"  # in which the threads of a block take their turns


class CudaError(AssertionError):
    """A kernel did what a GPU does not define."""


def filled(shape, dtype):
    """An array of NaN, or of a huge integer."""
    dtype = numpy_support.as_dtype(dtype) if not isinstance(dtype, (np.dtype, type)) else np.dtype(dtype)
    return np.full(shape, np.nan if dtype.kind == "f" else np.iinfo(dtype).max // 2, dtype)


class Barriers(ast.NodeTransformer):
    """Turns a function that meets barriers into a generator that yields at each, the functions that it calls likewise."""

    def __init__(self, namespace):
        self.namespace, self.found, self.changed = namespace, False, False

    def visit_Call(self, node):
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "syncthreads":
            self.found = True
            return ast.copy_location(ast.Yield(ast.copy_location(ast.Constant(node.lineno), node)), node)
        called = self.namespace.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if isinstance(called, types.FunctionType) and called.__module__.startswith("minirank.kernels.cuda."):
            self.namespace[node.func.id], waits = resumable(called)
            self.changed |= self.namespace[node.func.id] is not called
            if waits:
                self.found = True
                return ast.copy_location(ast.YieldFrom(node), node)
        return node


def resumable(function):
    """(function, False), or where it meets barriers (the generator function in its place, True)."""
    if function not in made:
        text, first = planted.get(function.__name__), function.__code__.co_firstlineno
        tree = ast.parse(textwrap.dedent(text or inspect.getsource(function)))
        ast.increment_lineno(tree, first - 1)
        tree.body[0].decorator_list = []
        changer = Barriers(dict(function.__globals__))
        changer.visit(tree)
        made[function] = function, False
        if changer.found or changer.changed or text:
            exec(compile(ast.fix_missing_locations(tree), function.__code__.co_filename, "exec"), changer.namespace)
            changed = changer.namespace[function.__name__]
            made[function] = made[changed] = changed, changer.found
    return made[function]


made: dict = {}
planted: dict[str, str] = {}  # name of a function -> the text to run in its place


@contextmanager
def plant(function, old, new):
    """Within it, the text of a kernel, or of a function that kernels call, has `new` in the place of `old`."""
    text = inspect.getsource(function)
    assert text.count(old) == 1, f"{function.__name__} has {text.count(old)} times: {old}"
    planted[function.__name__] = text.replace(old, new)
    made.clear()
    try:
        yield
    finally:
        planted.clear()
        made.clear()


def arranged(threads):
    """The threads in the order of choice."""
    if order == "descending":
        return threads[::-1]
    if order == "shuffled":
        return [threads[i] for i in np.random.default_rng(len(threads)).permutation(len(threads))]
    return threads


class BlockManager:
    """Takes the place of the simulator's: one block of a launch."""

    def __init__(self, function, grid, block, debug):
        self.function, self.waits = resumable(function)
        self.threads = arranged([kernelapi.Dim3(*each) for each in np.ndindex(*block)])

    def run(self, place, *arguments):
        context = simulator._get_kernel_context()
        here = jit.cuda.__dict__  # what is set here goes before what numba's simulator would say
        here.update(gridDim=context.gridDim, blockDim=context.blockDim, blockIdx=kernelapi.Dim3(*place))
        here.update(shared=Shared(), local=Local(), gridsize=lambda axes: context.gridDim.x * context.blockDim.x)
        here["grid"] = lambda axes: place[0] * context.blockDim.x + here["threadIdx"].x
        alive = []
        for thread in self.threads:
            here["threadIdx"] = thread
            begun = self.function(*arguments)
            if self.waits:
                alive.append((thread, begun))
        while alive:
            lines, left = {}, []
            for thread, begun in alive:
                here["threadIdx"] = thread
                line = next(begun, None)
                if line is not None:
                    lines[line] = lines.get(line, 0) + 1
                    left.append((thread, begun))
            if left and (len(lines) > 1 or len(left) < len(alive)):
                raise CudaError(f"threads of one block meet at different barriers, or end before one: {lines} of {len(alive)} threads")
            alive = left
        here.clear()


class Shared:
    """Shared arrays of one block: NaN at first, and one for each line that declares one."""

    def __init__(self):
        self._allocations = {}

    def array(self, shape, dtype):
        frame = sys._getframe(1)
        key = frame.f_code.co_filename, frame.f_lineno
        if key not in self._allocations:
            self._allocations[key] = Checked(filled(shape, dtype))
        return self._allocations[key]


class Local:
    """Local arrays: NaN at first."""

    def array(self, shape, dtype):
        return Checked(filled(shape, dtype))


class Checked:
    """An array inside a kernel: an index outside of it is an error, a negative one too."""

    __slots__ = ("data", "shape")

    def __init__(self, data):
        self.data, self.shape = data, data.shape

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        if (index[0] if type(index) is tuple else index) < 0:
            raise CudaError(f"read at the negative index {index}")
        return self.data[index]

    def __setitem__(self, index, value):
        if (index[0] if type(index) is tuple else index) < 0:
            raise CudaError(f"write at the negative index {index}")
        self.data[index] = value


def check_arguments(kernel, arguments):
    """Refuse arguments that are not what the kernel's signature says."""
    wanted = re.findall(r"\w+(?:\[[:,1]+\])?", kernel.signature)[1:]
    found = [_type_of(argument) for argument in arguments]
    if found != wanted:
        raise CudaError(f"{kernel.function.__name__} takes {', '.join(wanted)}; got {', '.join(found)}")


def _type_of(argument):
    if not hasattr(argument, "shape") or argument.shape == ():
        return "int64" if isinstance(argument, (int, np.int64)) else type(argument).__name__
    assert argument._ary.flags.c_contiguous, "the rows of an array are apart"
    return f"{argument.dtype}[{':,' * (len(argument.shape) - 1)}::1]"


def install():
    """Replace the parts of numba's simulator."""
    call = simulator.FakeCUDAKernel.__call__

    def checked_call(kernel, *arguments):
        check_arguments(kernel, arguments)
        return call(kernel, *arguments)

    simulator.FakeCUDAKernel.__call__ = checked_call
    simulator.BlockManager = BlockManager
    simulator.FakeWithinKernelCUDAArray = lambda array: Checked(array._ary)
    devicearray.device_array = lambda *args, **kwargs: devicearray.FakeCUDAArray(filled(*args[:2], **kwargs))
    cuda.device_array = devicearray.device_array


install()

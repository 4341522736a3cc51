"""Whether kernels can run here, and if not, why: one line that names the remedy."""

from __future__ import annotations

import importlib.util
import os
from functools import cache

INSTALL = "pip install 'minirank[cuda]'"
ELSEWHERE = "or use the cpu backend"


def simulated() -> bool:
    """Whether numba's simulator stands in for a GPU (NUMBA_ENABLE_CUDASIM=1): slow, to check kernels with."""
    return os.environ.get("NUMBA_ENABLE_CUDASIM", "0").strip() not in ("", "0")


def why_not() -> str | None:
    """None where kernels can run, else the reason and what to do about it, in one line."""
    if simulated():
        return None
    if importlib.util.find_spec("numba_cuda") is None:
        return f"the package numba-cuda is missing; {INSTALL}, {ELSEWHERE}"
    from numba import cuda

    try:
        cuda.cudadrv.driver.driver.ensure_initialized()
        count = len(cuda.gpus)
    except Exception as error:  # whatever a driver may raise is the reason that we are asked for
        return f"{_driver_problem(str(error))}, {ELSEWHERE}"
    if count == 0:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "not set")
        return f"the driver shows no GPU (CUDA_VISIBLE_DEVICES is {visible}); make one visible, {ELSEWHERE}"
    return _compiler_problem()


def _driver_problem(text: str) -> str:
    words = " ".join(text.split())
    if "cannot be found" in words or "libcuda" in words:
        return "there is no NVIDIA driver on this machine; install one"
    if "no CUDA-capable device" in words or "NO_DEVICE" in words:
        return "the NVIDIA driver finds no GPU; look at nvidia-smi"
    return f"the NVIDIA driver does not start ({words}); look at nvidia-smi"


def device_name(device) -> str:
    """Name of a GPU; numba gives text or bytes."""
    return device.name.decode() if isinstance(device.name, bytes) else str(device.name)


@cache
def _compiler_problem() -> str | None:
    """Compile and run a trivial kernel, once a process: it needs libnvvm and libdevice, which a driver does not bring, and a driver
    new enough for them.
    """
    from numba import cuda

    def nothing(x):
        x[0] = 0

    device = cuda.get_current_device()
    if device.compute_capability < (7, 0):
        major, minor = device.compute_capability
        return f"{device_name(device)} has compute capability {major}.{minor}, kernels need 7.0; take another GPU, {ELSEWHERE}"
    try:
        cuda.compile(nothing, "void(float32[::1])", cc=device.compute_capability, device=False, abi="numba", output="ptx")
    except Exception as error:
        remedy = f"{INSTALL}, or set CUDA_HOME to a toolkit of the driver's version"
        return f"the CUDA toolkit does not compile ({_words(error)}); {remedy}, {ELSEWHERE}"
    try:
        cuda.jit(nothing)[1, 1](cuda.device_array(1, "float32"))
        cuda.synchronize()
    except Exception as error:
        return f"the driver does not run what the CUDA toolkit compiles ({_words(error)}); update the driver to 580 or newer, {ELSEWHERE}"
    return None


def _words(error: Exception) -> str:
    return " ".join(str(error).split())

"""A step recorded once as a CUDA graph and replayed: one call in place of a dozen launches.

A graph keeps the addresses and numbers of the launches that it recorded, so whatever changes from step
to step (the batch and how many rows it has, Adam's settings, the uses of table rows) lies in arrays on
the GPU, and grids are those of the largest batch. Only an array that moved needs another recording.
"""

from __future__ import annotations

from collections.abc import Callable

from numba import cuda

from ..executor import Unavailable

REMEDY = "to launch kernel by kernel set training.cuda.graph: false (CudaExecutor(graph=False))"


class Recorder:
    """Runs launches, from a recording where there is one.

    Args:
        record: records what a function launches, and gives what has `launch()` and `close()`; None launches every time.
    """

    def __init__(self, record: Callable | None) -> None:
        self.record = record
        self._seen, self._key, self._graph = None, None, None

    def run(self, key: int, launch: Callable[[], None]) -> None:
        """Run what `launch` launches.

        Args:
            key: another one whenever an array has moved. The first time that it is seen kernels are compiled and nothing
                is recorded; the second time the launches are recorded.
        Raises:
            Unavailable: the driver refuses. There is no silent way round: whoever asks for replay gets it.
        """
        if self.record is None or key != self._seen:
            self._seen = key
            launch()
            return
        if key != self._key:
            if self._graph is not None:
                self._graph.close()
            self._graph, self._key = None, None
            self._graph = self.record(launch)
            self._key = key
        self._graph.launch()


def record(stream, launch: Callable[[], None]) -> Graph:
    """What `launch` launches on a stream of numba's, recorded and not run.

    Raises:
        Unavailable: the driver, or a launch, refuses.
    """
    from cuda.bindings import driver

    handle = driver.CUstream(int(stream.handle))
    stream.synchronize()
    with cuda.defer_cleanup():  # NOTE: memory that is given back while a stream is recorded spoils the recording
        ask(driver.cuStreamBeginCapture, handle, driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL)
        try:
            launch()
        except Exception as error:
            driver.cuStreamEndCapture(handle)  # the stream must not go on recording
            raise Unavailable(f"CUDA graph: a launch cannot be recorded ({_line(error)}); {REMEDY}") from error
        graph = ask(driver.cuStreamEndCapture, handle)
    try:
        return Graph(driver, handle, ask(driver.cuGraphInstantiate, graph, 0))
    finally:
        driver.cuGraphDestroy(graph)


class Graph:
    """A recording that can be launched."""

    def __init__(self, driver, stream, ready) -> None:
        self._driver, self._stream, self._ready = driver, stream, ready

    def launch(self) -> None:
        """Queue all launches of the recording."""
        ask(self._driver.cuGraphLaunch, self._ready, self._stream)

    def close(self) -> None:
        """Give its memory back."""
        self._driver.cuGraphExecDestroy(self._ready)


def ask(call: Callable, *arguments):
    """The value of a driver call.

    Raises:
        Unavailable: it failed: which call, and what the driver says.
    """
    try:
        status, *values = call(*arguments)
    except RuntimeError as error:  # the driver has no such function
        raise Unavailable(f"CUDA graph: {call.__name__} fails ({_line(error)}); {REMEDY}") from error
    if int(status) != 0:
        raise Unavailable(f"CUDA graph: {call.__name__} answers {getattr(status, 'name', status)}; {REMEDY}")
    return values[0] if values else None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())

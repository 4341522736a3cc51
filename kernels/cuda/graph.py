"""A step recorded once as a CUDA graph and replayed: one call in place of a dozen launches.

A graph keeps the addresses and numbers of the launches that it recorded, so whatever changes from step
to step (the batch, Adam's settings, how many segments there are) lies in arrays on the GPU. Another
number of rows, or an array that moved, needs another recording.
"""

from __future__ import annotations

from collections.abc import Callable


class Recorder:
    """Runs launches, from a recording where there is one.

    Args:
        stream: of the launches. enabled: False launches one by one every time.
    """

    def __init__(self, stream, enabled: bool) -> None:
        self.stream, self.enabled = stream, enabled
        self._seen, self._key, self._graph = None, None, None

    def run(self, what: tuple, launch: Callable[[], None]) -> None:
        """Run the launches of `launch`.

        Args:
            what: (rows of the batch, the arrays that may move): a recording is for one number of rows and generation.

        The first time kernels are compiled and nothing is recorded; the second time the launches are recorded.
        """
        rows, growing = what
        key = rows, growing.generation
        if not self.enabled or key != self._seen:
            self._seen = key
            launch()
            return
        if key != self._key:
            self._graph, self._key = self._record(launch), key
        self._graph.launch()

    def _record(self, launch: Callable[[], None]) -> Graph:
        from cuda.bindings import driver

        handle = driver.CUstream(int(self.stream.handle))
        self.stream.synchronize()
        check(driver.cuStreamBeginCapture(handle, driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL))
        try:
            launch()
        finally:
            graph = check(driver.cuStreamEndCapture(handle))
        return Graph(driver, handle, graph)


class Graph:
    """A recording that can be launched."""

    def __init__(self, driver, stream, graph) -> None:
        self._driver, self._stream = driver, stream
        self._ready = check(driver.cuGraphInstantiate(graph, 0))
        check(driver.cuGraphDestroy(graph))

    def launch(self) -> None:
        """Queue all launches of the recording."""
        check(self._driver.cuGraphLaunch(self._ready, self._stream))


def check(answer: tuple):
    """The value of a driver call.

    Raises:
        RuntimeError: the call failed.
    """
    status, *values = answer
    if int(status) != 0:
        raise RuntimeError(f"CUDA graph: the driver answers {status}")
    return values[0] if values else None

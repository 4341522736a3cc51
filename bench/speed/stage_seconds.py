"""A command, with the seconds of the processor that its stages take: of all threads, in one run, without a profiler.

    python bench/speed/stage_seconds.py OUT.json MODULE:FUNCTION ... -- train ranker.yaml --run runs/ranker

Functions that a checkout does not have are left out; one within another counts in both.
"""

from __future__ import annotations

import functools
import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import minirank.training.trainer  # noqa: F401  # so that what others have imported is replaced there, too
from minirank.cli import main


def time_function(place: str, seconds: dict[str, float]) -> None:
    """Let a function, MODULE:NAME or MODULE:CLASS.NAME, add its seconds to those of its place."""
    module_name, _, path = place.partition(":")
    try:
        module = importlib.import_module(module_name)
        owner: Any = module
        *classes, name = path.split(".")
        for each in classes:
            owner = getattr(owner, each)
        raw = vars(owner)[name]
    except (AttributeError, KeyError, ModuleNotFoundError):
        return
    function = raw.__func__ if isinstance(raw, classmethod) else raw

    @functools.wraps(function)
    def timed(*arguments: Any, **options: Any) -> Any:
        start = time.process_time()
        try:
            return function(*arguments, **options)
        finally:
            seconds[place] = seconds.get(place, 0.0) + time.process_time() - start

    found = classmethod(timed) if isinstance(raw, classmethod) else timed
    setattr(owner, name, found)
    for other in list(sys.modules.values()):
        if owner is module and other is not None and other.__name__.startswith("minirank") and getattr(other, name, None) is raw:
            setattr(other, name, found)


if __name__ == "__main__":
    split = sys.argv.index("--")
    seconds: dict[str, float] = {}
    for place in sys.argv[2:split]:
        time_function(place, seconds)
    status = main(sys.argv[split + 1 :])
    Path(sys.argv[1]).write_text(json.dumps(seconds | {"all": time.process_time()}))
    sys.exit(status)

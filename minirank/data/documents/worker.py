"""The process in which files are read: a line of JSON with a path in, a line with its documents or its problem out.

    python -P -m minirank.data.documents.worker BYTES SECONDS

A file that takes too much time or memory costs this process, and nothing else (see pool.py). Its time is that of the processor, which a
busy machine does not use up, and which the system takes from a library that never returns, too.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

from .document import Unreadable
from .readers import read_document

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


def answer_to(path: Path) -> dict:
    """`documents`, or `problem` and `remedy`."""
    try:
        if path.is_dir():  # it was named because it could not be listed
            raise Unreadable("no permission to list this folder", remedy="run chmod u+rx on it")
        if path.exists() and not path.is_file():
            raise Unreadable("is no file, but a pipe or a device", remedy="take it out of the folder")
        return {"documents": [asdict(document) for document in read_document(path.read_bytes(), path.name)]}
    except Unreadable as error:
        return {"problem": error.problem, "remedy": error.remedy}
    except ImportError as error:
        name = (error.name or "a package").partition(".")[0]
        return {
            "problem": f"its reader needs {name}, which is not installed",
            "remedy": 'run pip install -e ".[documents]" in the checkout',
        }
    except MemoryError:
        return {"problem": "needs too much memory", "remedy": "split it, or save it anew"}
    except OSError as error:
        return {"problem": f"cannot be read: {error.strerror or error}", "remedy": "check the file and its permissions"}
    except RecursionError:
        return {"problem": "too many things within each other", "remedy": "save it anew"}
    except Exception as error:  # of a library, on a damaged file
        return {"problem": f"damaged, or beyond its reader ({type(error).__name__}: {error})"[:300], "remedy": "open it and save it anew"}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no answer
    if resource is not None:
        most, seconds = map(int, sys.argv[1:])
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        if resource is not None:
            end, most = math.ceil(time.process_time()) + seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]
            resource.setrlimit(resource.RLIMIT_CPU, (end if most == resource.RLIM_INFINITY else min(end, most), most))
        print(json.dumps(answer_to(Path(json.loads(line)))), file=answers, flush=True)


if __name__ == "__main__":
    main()

"""What a start compiles after the package was touched, copied, installed again, or where it cannot write.

    python bench/speed/starts.py --before ../before         this checkout beside another; on Linux

A start loads the kernels that most commands need, in a process of its own that may write only where the row says, and finds only what
the rows above it compiled in the same folders. Seconds are those of the processor, which other programs lengthen little.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.tables import CHECKOUT, Report, machine, markdown, paragraphs

PROBE = """
import json, time
from minirank.kernels.cpu import compile
parts = "rows", "rest", "minirank.evaluation.compiled", "minirank.extract.rules.tagger_kernels"
kernels = [kernel for part in parts for kernel in compile.drivers_of(part)]
for part in parts:
    compile.compile_part(part)
loaded = sum(bool(kernel.cache_hits if hasattr(kernel, "cache_hits") else kernel.stats.cache_hits) for kernel in kernels)
print(json.dumps({"kernels": len(kernels), "compiled": len(kernels) - loaded, "seconds": time.process_time()}))
"""
BUILDS = ("before", "now")


class World:
    """A package of one build, and users who start it."""

    def __init__(self, build: Path, root: Path) -> None:
        self.build, self.root = build, root

    def install(self, folder: str) -> None:
        """Write the package's files into a folder; what else lies there stays."""
        ignore = shutil.ignore_patterns("__pycache__", "*.nb?")
        shutil.copytree(
            self.build / "minirank", self.root / folder / "minirank", ignore=ignore, copy_function=shutil.copyfile, dirs_exist_ok=True
        )

    def start(self, folder: str, user: str | None = "user", writable: bool = True, named: str = "") -> dict:
        """What a start compiles, and its seconds.

        Args:
            user: whose home it is; None has none. writable: whether the package's folder is. named: NUMBA_CACHE_DIR.
        """
        package = self.root / folder
        home, elsewhere = self.root / "homes" / str(user), self.root / "temporary" / f"{folder} {user}"
        for path in (home, elsewhere):
            path.mkdir(parents=True, exist_ok=True)
        locked = [*([] if writable else [package]), *([] if user else [home])]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "XDG_", "PYTHON"))}
        places = {
            "HOME": str(home),
            "TMPDIR": str(elsewhere),
            "PYTHONPATH": str(package),
            "PYTHONDONTWRITEBYTECODE": "1",
            "NUMBA_CACHE_DIR": named,
        }
        # Root may write everywhere, unless it gives that right away.
        command = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
        for path in locked:
            allow(path, False)
        try:
            done = subprocess.run(
                [*command, sys.executable, "-c", PROBE], cwd=self.root, env=kept | places, capture_output=True, text=True, check=True
            )
        finally:
            for path in locked:
                allow(path, True)
        return json.loads(done.stdout) | {"said": done.stderr.strip().replace(str(self.root), "")}


def allow(folder: Path, writing: bool) -> None:
    """Allow or forbid writing into a folder and those in it."""
    for path in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        path.chmod(0o755 if writing else 0o555)


def measure(build: Path, root: Path) -> dict[str, dict]:
    """The starts of a build, by name."""
    world, found = World(build, root), {}

    def note(name: str, *arguments, **more) -> None:
        found[name] = world.start(*arguments, **more)
        print(f"{build.name}: {name}: {found[name]}", file=sys.stderr, flush=True)

    world.install("first")
    note("the first one", "first")
    note("again", "first")
    for path in (root / "first").rglob("*.py"):
        path.touch()
    note("all files touched", "first")
    world.install("first")
    note("installed again", "first")
    shutil.copytree(root / "first", root / "copied", copy_function=shutil.copyfile)
    note("copied with what was compiled, as a layer of an image, by another user", "copied", "layer")
    note("by another user who cannot write into the package", "first", "second", writable=False)
    world.install("second")
    note("another checkout or environment of the same sources", "second")
    world.install("third")
    note("package cannot be written, the user's first start", "third", "third", writable=False)
    note("package cannot be written, again", "third", "third", writable=False)
    note("nor is there a home, first start", "third", None, writable=False)
    note("nor is there a home, again", "third", None, writable=False)
    note("nor where NUMBA_CACHE_DIR points", "third", None, writable=False, named="/dev/null/x")
    return found


def table(results: dict) -> str:
    """Markdown."""
    before, now = (results["starts"][build] for build in BUILDS)
    rows = [
        [name, *(f"{each[name]['compiled']} of {each[name]['kernels']}, {each[name]['seconds']:.1f} s" for each in (before, now))]
        for name in now
    ]
    anew = [sum(each["compiled"] > 0 for each in starts.values()) for starts in (before, now)]
    first = f"Of {len(now)} starts {anew[1]} compile, before it were {anew[0]}: those that find nothing compiled, or can keep nothing."
    return paragraphs(first, markdown(["start", "compiled before", "compiled now"], rows), f"{results['machine']}.")


REPORT = Report(__file__, table)


def main() -> None:
    """Measure and write the record and the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--before", type=Path, required=True, help="a checkout")
    options = parser.parse_args()
    found = {}
    for build, folder in zip(BUILDS, (options.before.resolve(), CHECKOUT)):
        with tempfile.TemporaryDirectory() as root:
            found[build] = measure(folder, Path(root))
    REPORT.publish({"machine": machine("minirank", "numpy", "numba"), "starts": found})


if __name__ == "__main__":
    main()

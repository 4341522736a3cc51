"""Do `validate` and `train` agree? Many small folders and tables with odd labels, through the command line.

    python bench/odd_data.py [--folders 1000] [--tables 1000] [--first 0]

What `validate` finds right must train, and the run be evaluated, scored and ranked without a NaN; what `train` refuses `validate` must
have refused in the same words. Prints how many trained and were refused, and every case that did otherwise; ends with 1 if there is one.
"""

import argparse
import sys
import tempfile
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "worlds"))

from odd_data import disagreement, odd_folder, odd_table, write_people


class Captured:
    """What the commands print, as pytest's capsys gives it."""

    def __init__(self) -> None:
        self.streams = StringIO(), StringIO()

    def readouterr(self) -> tuple[str, str]:
        """What was printed since the last call, on stdout and stderr."""
        found = tuple(stream.getvalue() for stream in self.streams)
        for stream in self.streams:
            stream.seek(0)
            stream.truncate()
        return found[0], found[1]


def main() -> int:
    """Run the campaign."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--folders", type=int, default=1000)
    options.add_argument("--tables", type=int, default=1000)
    options.add_argument("--first", type=int, default=0, help="the first seed")
    given, fared, wrong = options.parse_args(), Counter(), 0
    for kind, count in (("folder", given.folders), ("table", given.tables)):
        for seed in range(given.first, given.first + count):
            with tempfile.TemporaryDirectory() as place:
                base, captured = Path(place), Captured()
                with redirect_stdout(captured.streams[0]), redirect_stderr(captured.streams[1]):
                    if kind == "folder":
                        write_people(base / "people", seed, teams=1 + 2 * (seed % 2))
                        config = odd_folder(base, base / "people", seed)
                    else:
                        config = odd_table(base, seed)
                    found, problem = disagreement(captured, config)
            fared[kind, found] += 1
            if problem is not None:
                wrong += 1
                print(f"{kind} {seed}: {problem}")
    for (kind, found), count in sorted(fared.items()):
        print(f"{count:,} {kind}s {found}")
    print(f"{wrong:,} disagreements")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""Puts what the demonstration printed into README.md: the models, what each part is worth, and the beginning of a ranking.

python bench/demo_text.py minirank-demo/demo.txt
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the checkout

from bench.tables import CHECKOUT, replace_between

LEFT_OUT = "[...]"
WIDTH = 120  # characters of a line


def shown(text: str) -> str:
    """The blocks of a report that README shows; the rest is left out, and so is the end of a line that no page holds.

    Raises:
        ValueError: it has another form.
    """
    blocks = text.rstrip().split("\n\n")

    def block(beginning: str) -> int:
        found = [place for place, each in enumerate(blocks) if each.startswith(beginning)]
        if not found:
            raise ValueError(f"no block begins with {beginning!r}; is this a demo.txt?")
        return found[0]

    ranking = block("rank  candidate")
    head = "\n".join(blocks[ranking].splitlines()[: 2 + _lines_of_first(blocks[ranking])])
    moves = "\n".join(blocks[block("candidate  ")].splitlines()[:4])
    parts = [blocks[block("model  ")], blocks[block("measured before")], blocks[ranking - 1], head]
    parts += ["\n\n".join([blocks[block("candidate  ") - 1], moves]), blocks[block("a recorded model")]]
    page = f"\n\n{LEFT_OUT}\n\n".join([*parts[:2], "\n\n".join(parts[2:4]), *parts[4:]])
    return "\n".join(line if len(line) <= WIDTH else f"{line[:WIDTH]} ..." for line in page.splitlines())


def _lines_of_first(ranking: str) -> int:
    """How many lines the first candidate of a ranking takes."""
    lines = ranking.splitlines()[3:]
    return 1 + next((place for place, line in enumerate(lines) if not line.startswith("  ")), len(lines))


if __name__ == "__main__":
    page = shown(Path(sys.argv[1]).read_text(encoding="utf-8"))
    replace_between(CHECKOUT / "README.md", "demo", f"```text\n{page}\n```")

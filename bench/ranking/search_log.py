"""The log of a search for settings: a JSON line for everything that was tried, so that a search goes on where it ended."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SearchLog:
    """Lines {"model", "set", ...} of results/NAME.jsonl; `set` is what was tried, as text."""

    path: Path

    def lines(self, model: str) -> list[dict]:
        """What was tried of a model, in the order in which it was."""
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        return [line for line in map(json.loads, text.splitlines()) if line["model"] == model]

    def has(self, model: str, tried: str, **more: object) -> bool:
        """Whether a line holds this."""
        wanted = {"set": tried, **more}
        return any(wanted.items() <= line.items() for line in self.lines(model))

    def add(self, model: str, tried: str, **found: object) -> None:
        """Append a line, and print it."""
        line = json.dumps({"model": model, "set": tried, **found})
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        print(line, flush=True)

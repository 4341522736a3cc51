"""What `minirank doctor --try` says of two small models that come as packages (extra `llm-test`), one thread, one at a time.

python bench/llm/trial.py [--models gemma3-270m] [--styles spans] [--seconds 600] [--note "what else the machine did"]
"""

import argparse
import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.extraction.llm_sentences import CONTEXT, MODELS
from bench.extraction.llm_skillspan import local_server
from bench.tables import Report, machine, paragraphs
from minirank.commands.doctor import trial
from minirank.extract.llm.extract_llm import STYLES
from minirank.extract.llm.trial import SECONDS
from minirank.llm_client.doctor import doctor

SHOWN = ("rules", "trial", "style document", "style spans", "verdict", "next")  # lines of the doctor


def said_of(name: str, styles: list[str], limit: float) -> list[str]:
    """The doctor's lines on the trial of a model, with so many seconds for each style."""
    with local_server(name, CONTEXT) as url:
        report = doctor(url, name, timeout=3600, tell=partial(print, flush=True), trial=partial(trial, styles=styles, limit=limit))
    return [line for line in str(report).splitlines() if line[6:].startswith(SHOWN)]


def table(results: dict) -> str:
    """Markdown of what was said."""
    kept = [name for name, lines in results["said"].items() if any("keep the rules" in line for line in lines)]
    said = (f"{MODELS[name]}:\n\n```text\n" + "\n".join(lines) + "\n```" for name, lines in results["said"].items())
    models = f"Of {len(results['said'])} small models the doctor says of {len(kept)}: keep the rules."
    return paragraphs(models, *said, f"{results['machine']}. {results['note']}".rstrip())


REPORT = Report(__file__, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--models", nargs="+", choices=MODELS, default=list(MODELS), help="try these anew, keep what was said of the others"
    )
    parser.add_argument("--styles", nargs="+", choices=STYLES, default=list(STYLES), help="whole documents take such models minutes each")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for each style")
    parser.add_argument("--note", default="", help="said below")
    options = parser.parse_args()
    said = {name: said_of(name, options.styles, options.seconds) for name in options.models}
    results = REPORT.read()  # when the trials are over: others may have been tried meanwhile
    results["said"] = dict(sorted((results.get("said", {}) | said).items()))
    REPORT.publish(results | {"machine": machine("xllamacpp"), "note": options.note})


if __name__ == "__main__":
    main()

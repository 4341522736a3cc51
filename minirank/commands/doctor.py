"""doctor: what an LLM server can do, before anything is sent to it in bulk."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from ..config.llm import LONGEST_WAIT, MOST_TOKENS, LLMConfig
from .option_types import Commands, number, whole_number
from .server import server_of

if TYPE_CHECKING:
    from ..llm_client import Client
    from ..llm_client.doctor import ServerReport

TIMEOUT = 60.0  # seconds


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    doctor = commands.add_parser("doctor", help="what this LLM server can do, and what to do about what it cannot")
    add = doctor.add_argument
    add("--base-url", metavar="URL", help="such as http://127.0.0.1:8080/v1")
    add("--config", metavar="CONFIG.yaml", help="its llm.base_url, model, api_key_env, timeout and max_tokens, where no option is given")
    add("--model", metavar="M", help="its name (default: the first that the server lists)")
    add("--api-key-env", metavar="NAME", help="environment variable of the key (default OPENAI_API_KEY)")
    add("--timeout", type=number(above=0, most=LONGEST_WAIT), metavar="SECONDS", help=f"for one reply (default {TIMEOUT:g})")
    add("--max-tokens", type=whole_number(1, most=MOST_TOKENS), metavar="N", help="of an answer, at least; models that reason need many")
    add(
        "--try",
        dest="try_model",
        action="store_true",
        help="extract three bundled postings, too (some 25,000 tokens, 20 minutes at most), and say in which --style, if any, it finds "
        "more than the rules",
    )
    doctor.set_defaults(run=run_doctor)


def run_doctor(options: Namespace) -> int:
    """Print the findings; 1 where the server cannot be used."""
    from ..errors import ConfigError
    from ..llm_client.doctor import doctor

    server = server_of(options, LLMConfig(timeout=TIMEOUT))
    if server.base_url is None:
        raise ConfigError("which server? give --base-url URL, or --config CONFIG.yaml with llm.base_url")
    report = doctor(
        server.base_url,
        server.model,
        server.api_key_env,
        server.timeout,
        max_tokens=server.max_tokens,
        tell=partial(print, flush=True),
        trial=trial if options.try_model else None,
    )
    return 0 if report.ok else 1


def trial(client: Client, report: ServerReport, styles: Iterable[str] = ("document", "spans"), limit: float | None = None) -> str:
    """Extract the bundled postings; the command to go on with.

    Args:
        limit: seconds for each style; None for the usual ones.
    """
    from shlex import quote

    from ..extract.llm.span_scores import f1
    from ..extract.llm.trial import SECONDS, postings, rules_trial, try_styles, verdict

    limit, styles = limit or SECONDS, list(styles)
    counts, seconds = rules_trial()
    asked = sum(len(posting.truth) for posting in postings())
    report.add("ok", "rules", f"F1 {f1(counts):.2f} of the {asked} skills that {len(postings())} postings ask for, in {seconds:.2f} s")
    report.add("ok", "trial", f"{' and '.join(f'style {style}' for style in styles)}, {limit / 60:g} minutes each at most ...")
    trials = try_styles(
        client, counts, lambda each: report.add("ok" if each.finds_more else "note", f"style {each.style}", str(each)), styles, limit
    )
    style, words = verdict(trials)
    report.add("ok" if style else "note", "verdict", words)
    if style is None:
        return "minirank extract DATA"
    how = f"--base-url {quote(client.base_url)} --model {quote(client.model)}"
    return f"minirank extract DATA {how}{'' if style == 'document' else f' --style {style}'}"

"""doctor: what an LLM server can do, before anything is sent to it in bulk."""

from __future__ import annotations

from .whole import amount

LONGEST_WAIT = 86_400  # seconds that a reply may take


def register(commands) -> None:
    """Add the command to the command line."""
    doctor = commands.add_parser("doctor", help="what this LLM server can do, and what to do about what it cannot")
    doctor.add_argument("--base-url", required=True, metavar="URL", help="such as http://127.0.0.1:8080/v1")
    doctor.add_argument("--model", metavar="M", help="its name (default: the first that the server lists)")
    doctor.add_argument("--api-key-env", default="OPENAI_API_KEY", metavar="NAME", help="environment variable of the key (default OPENAI_API_KEY)")
    doctor.add_argument("--timeout", type=amount(above=0, most=LONGEST_WAIT), default=60.0, metavar="SECONDS", help="for one reply (default 60)")
    doctor.set_defaults(run=run_doctor)


def run_doctor(options) -> int:
    """Print the findings; 1 where the server cannot be used."""
    from ..llm_client.doctor import doctor

    report = doctor(options.base_url, options.model, options.api_key_env, options.timeout)
    print(report)
    return 0 if report.ok else 1

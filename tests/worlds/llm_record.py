"""Record what a real server answers, for those that have none.

    python tests/worlds/llm_record.py            for tests, into `cassettes/llamacpp_smollm2.jsonl`
    python tests/worlds/llm_record.py demo       for the demonstration, into `minirank/demo_answers.jsonl`

Starts llama.cpp's server (see llm_server.py) on port 8137.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import requests
from llm_server import MODEL_NAME

from minirank.llm_client import Client, Limits, LLMError, Request
from minirank.llm_client.cassette import Recorder
from minirank.llm_client.doctor import doctor
from minirank.llm_client.request import RUNGS, Ability

HERE = Path(__file__).parent
CASSETTE = HERE / "cassettes" / "llamacpp_smollm2.jsonl"
DEMO = HERE.parents[1] / "minirank" / "demo_answers.jsonl"
PORT = 8137
SKILLS = {"type": "array", "maxItems": 3, "items": {"type": "string", "maxLength": 30}}
PROPERTIES = {"skills": SKILLS, "years": {"type": "integer", "minimum": 0, "maximum": 50}}
SCHEMA = {"type": "object", "additionalProperties": False, "required": ["skills", "years"], "properties": PROPERTIES}
POSTINGS = (
    "Nurse for our intensive care unit. At least 3 years in a hospital, night shifts, German B2.",
    "Backend engineer: Python, PostgreSQL and Kubernetes, 5+ years. We do not mind where you live.",
)


def question(key: str, text: str, **fields) -> Request:
    """What is asked about a posting."""
    asked = f"Job posting:\n{text}\nWhich skills does it ask for, and how many years?"
    return Request(key, ({"role": "user", "content": asked},), SCHEMA, **{"max_tokens": 200, **fields})


def posting(number: int, **fields) -> Request:
    """The question about one of the postings, which take turns."""
    return question(f"posting{number}", POSTINGS[number % 2], **fields)


def exchanges(client: Client) -> list:
    """Everything on the cassette: values or errors of three rungs and of a prompt that is too long."""
    found = []
    for rung in range(len(RUNGS)):
        client.ability = Ability(rung=rung)
        found.append(_ask(client, posting(0)))
    return [*found, _ask(client, question("long", "word " * 6000))]


def _ask(client: Client, request: Request):
    try:
        return client.complete(request)
    except LLMError as error:
        return error


def record(path: Path, ask: Callable[[Client, Recorder], None]) -> None:
    """Start the server, ask, and keep what passes."""
    command = [sys.executable, str(HERE / "llm_server.py"), "--port", str(PORT)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{PORT}"
    try:
        while not _ready(url):
            time.sleep(0.2)
        client = Client(url, MODEL_NAME, "NO_KEY", timeout=600, limits=Limits(concurrency=1))
        path.unlink(missing_ok=True)
        server_name = f"llama.cpp in xllamacpp {metadata.version('xllamacpp')}, SmolLM2-135M-Instruct"
        client.transport = recorder = Recorder(client.transport, path, client.key, server_name)
        ask(client, recorder)
        recorder.end()
    finally:
        server.kill()
        server.communicate()


def for_tests(client: Client, recorder: Recorder) -> None:
    """All that the cassette of the tests holds."""
    for found in exchanges(client):
        print(found)
    print(doctor(client.base_url, MODEL_NAME, "NO_KEY", transport=recorder))


def for_demo(client: Client, recorder: Recorder) -> None:
    """What the demonstration plays back."""
    from minirank.demo_method import ads, asked

    for _, marks in asked(client, [document for document, _ in ads()]):
        print(marks)


def _ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/health", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


if __name__ == "__main__":
    record(*((DEMO, for_demo) if "demo" in sys.argv[1:] else (CASSETTE, for_tests)))

"""What the command line says when a server fails documents: some, all, or without an end."""

import json
import threading

import pytest
from command_line import refused, run
from extraction_server import document_of, honest, serving, write_folder
from llm_scripted import ScriptedServer, answer, documents

from minirank.data import read_folder
from minirank.extract import extract_folder
from minirank.llm_client import Bulk, Store

JOBS = {f"j{n}": ("Nurse", f"We need triage and {n} years of Python.") for n in range(1, 5)}
RESUMES = [("r1", "Nurse\nTriage, SQL."), ("r2", "Brewer\nZymurgy and SQL.")]
PROSE = {"content": None, "reasoning": 'I think {"title": null} ... but the years'}
FILES = ("job_features.jsonl", "resume_features.jsonl", "hiring_signals.jsonl", "relevance_grades.csv")


@pytest.fixture
def data(tmp_path):
    return write_folder(tmp_path, JOBS, RESUMES)


def reply(message, finish="stop", usage=None):
    return 200, {"model": "m", "choices": [{"message": message, "finish_reason": finish}], **({"usage": usage} if usage else {})}


def command(data, url, *more, name="extract"):
    return name, data, "--base-url", url, "--model", "m", "--concurrency", "2", *more


def test_some_failures_are_listed_with_their_reasons_and_one_example_each(data, capsys):
    def partly(messages):
        text = document_of(messages)[1]
        if "1 years" in text or "2 years" in text:
            return reply(PROSE)
        return "no JSON \x1b[31m" if "Brewer" in text else honest(messages)

    with serving(partly) as (url, _):
        status, out, _ = run(capsys, *command(data, url))
    assert status == 0 and "3 read by the model" in out and "3 after a failure" in out and "\x1b" not in out
    lines = out.splitlines()
    first, second = lines[lines.index("failed       count  first example") + 1 :][:2]
    assert first.split()[:2] == ["reasoning", "2"] and "job j1, characters 0 to " in first
    assert "only reasoning came and no answer" in first and "--max-tokens" in first
    assert second.split()[:2] == ["invalid", "1"] and "resume r2" in second and "invalid twice: not JSON" in second
    assert all((data / name).exists() for name in FILES[:3])


def test_when_all_fail_the_exit_status_says_so_and_nothing_is_overwritten(data, capsys):
    extract_folder(read_folder(data))
    before = [(data / name).read_bytes() for name in FILES[:2]]
    with serving(lambda messages: reply(PROSE)) as (url, _):
        status, out, said = run(capsys, *command(data, url))
        assert status == 2 and "reasoning        6" in out and "sent so far" in out
        assert "none of 6 documents was read by m" in said and "only reasoning came" in said and "nothing was written" in said
        assert [(data / name).read_bytes() for name in FILES[:2]] == before
        assert run(capsys, *command(data, url))[0] == 2  # nor does a second run succeed that has nothing to ask
    with serving(honest) as (url, _):
        assert run(capsys, *command(data, url, "--retry-failed"))[0] == 0


def test_grade_says_why_and_fails_when_all_do(data, capsys):
    extract_folder(read_folder(data))
    with serving(lambda messages: reply({"content": None, "refusal": "I do not judge people."})) as (url, _):
        status, out, said = run(capsys, *command(data, url, name="grade"))
    assert status == 2 and "refused        8  job j1, resume r1 of" in out and "none of 8 pairs was graded by m" in said
    assert "I do not judge people" in said and not (data / "relevance_grades.csv").exists()
    with serving(lambda m: honest(m) if "SQL" in m[-1]["content"] and "Zymurgy" not in m[-1]["content"] else "{") as (url, _):
        status, out, _ = run(capsys, *command(data, url, "--retry-failed", name="grade"))
    assert status == 0 and "invalid        4" in out and "4 graded by the model, 4 by rules" in out


@pytest.mark.parametrize(
    "status, words", [(400, "Invalid model name passed in model=m"), (422, "m: closed for your plan"), (404, "deployment not found")]
)
def test_a_gateway_that_rejects_everything_ends_the_run_soon_with_its_words(data, capsys, status, words):
    with serving(lambda messages: (status, {"error": {"message": words}})) as (url, chats):
        assert words in refused(capsys, *command(data, url))
        assert len(chats) <= 3 + 2 and not (data / FILES[0]).exists()


def test_a_login_page_ends_the_run_soon_and_is_named(data, capsys, monkeypatch):
    monkeypatch.setattr("minirank.llm_client.retry.BASE_SECONDS", 0.02)
    with serving(lambda messages: (200, "<html><head><title>Sign in</title></head></html>")) as (url, chats):
        assert "an HTML page (Sign in); a login or a web site" in refused(capsys, *command(data, url))
        assert len(chats) <= 3 * (3 + 2)


def test_a_cut_prompt_is_told_once_and_counted(data, capsys):
    def cutting(messages):
        return reply({"content": honest(messages)}, usage={"prompt_tokens": 256, "completion_tokens": 9})

    with serving(cutting) as (url, chats):
        status, out, said = run(capsys, *command(data, url))
    assert status == 2 and len(chats) == 6 and said.count("the server cuts prompts without a word") == 1
    assert "cut           6  job j1, characters 0 to" in out and "the server cut the prompt: it counted 256 tokens of" in out


def test_tokens_that_the_server_does_not_report_are_called_an_estimate(data, capsys):
    with serving(lambda messages: reply({"content": honest(messages)})) as (url, _):
        _, out, _ = run(capsys, *command(data, url, "--price-in", 1, "--price-out", 1))
    (line,) = [line for line in out.splitlines() if line.startswith("sent so far")]
    assert "0 tokens in" not in line.replace("0,", "") and "our estimate: for 6 answers the server reports none" in line
    assert int(line.split("about ")[1].split(" ")[0].replace(",", "")) > 6 * 1000 and "cost at most 0.0" in line


def test_the_cap_of_answer_tokens_is_an_option_and_a_key_of_the_configuration(data, capsys):
    caps = []

    def reply_to(received):
        caps.append(received.body["max_tokens"])
        return answer(honest(received.body["messages"]))

    with ScriptedServer(default=reply_to) as server:
        config = data / "c.yaml"
        config.write_text(f"llm: {{base_url: '{server.url}', model: m, max_tokens: 3210}}")
        assert run(capsys, "extract", data, "--config", config)[0] == 0 and set(caps) == {3210}
        assert run(capsys, "extract", data, "--config", config, "--max-tokens", 4000)[0] == 0 and set(caps) == {3210}  # all answered
        assert run(capsys, *command(data, server.url, "--store", data / "s", "--max-tokens", 77))[0] == 0 and set(caps) == {3210, 77}
    assert "--max-tokens" in refused(capsys, *command(data, server.url, "--max-tokens", 0))
    config.write_text("llm: {max_tokens: 0}")
    assert "llm: max_tokens must be 1 to" in refused(capsys, "extract", data, "--config", config)
    folder = data / "batch"
    assert run(capsys, *command(data, server.url, "--store", data / "t", "--max-tokens", 77, "--batch-out", folder))[0] == 0
    assert {json.loads(line)["body"]["max_tokens"] for line in (folder / "batch_001.jsonl").read_text().splitlines()} == {77}


def test_a_dry_run_tells_whether_max_cost_is_enough(data, capsys):
    def said(most):
        prices = ("--price-in", 1, "--price-out", 2, "--max-cost", most)
        return run(capsys, *command(data, "http://127.0.0.1:9", "--dry-run", *prices))[1]

    little = said(0.001)
    assert "6 calls to make" in little and "max_cost 0.001 is too small for one call, which may cost 0.0" in little
    assert "nothing would be sent; raise it" in little
    assert "max_cost 0.02 may not do for all calls" in said(0.02) and "max_cost" not in said(1)
    least, most = map(float, little.split("which may cost ")[1].split(":")[0].split(" to "))
    assert "nothing would be sent" in said(0.99 * least) and "the run would stop there" in said(1.01 * least)
    assert "too small" in said(0.99 * most) and "too small" not in said(1.01 * most)


def test_a_first_request_that_hangs_is_told(data, monkeypatch):
    """Nothing is answered for a while: what is under way, for how long, and what was sent again."""
    monkeypatch.setattr("minirank.llm_client.bulk.WAITING_SECONDS", 0.05)
    monkeypatch.setattr("minirank.llm_client.retry.BASE_SECONDS", 0.02)
    monkeypatch.setattr("minirank.llm_client.client.AFTER_TIMEOUT", 0.3)
    go_on, told = threading.Event(), []

    def hanging(received):
        go_on.wait(20)
        return answer()

    def listen(words):
        told.append(words)
        if "timeout 1" in words:
            go_on.set()

    with ScriptedServer(default=hanging) as server, Store(data / "s") as store:
        client = server.client(timeout=0.6, retries=20)
        Bulk(client, store, waiting=listen).run(lambda: documents(3))
    assert any(words.startswith("0 of 3 calls done; 1 under way, the oldest for ") for words in told)
    assert any("sent again (timeout 1)" in words for words in told)

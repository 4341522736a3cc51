"""The words of the doctor, for servers in good and in bad health."""

import pytest
from llm_scripted import MODEL, ScriptedServer, Step, answer, closed_address, embeddings, failure

from minirank.cli import main
from minirank.llm_client.doctor import doctor
from minirank.llm_client.errors import RetryLater


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def healthy(received, models=({"id": MODEL, "max_model_len": 4096},), enforced=True, formats=("json_schema", "json_object")):
    """A server that lists models and enforces schemas."""
    if received.path == "/v1/models":
        return Step(200, {"object": "list", "data": list(models)})
    if received.body is None:
        return Step(404, "not found")
    if received.path == "/v1/embeddings":
        return embeddings(received)
    asked = received.body.get("response_format", {}).get("type")
    if asked and asked not in formats:
        return failure(400, f"response_format {asked} is not supported")
    first, last = (str(received.body["messages"][at]["content"]) for at in (0, -1))
    said = '{"colour": "teal", "number": 3}' if (asked and enforced) or "JSON" in first else "Hello to you."
    return answer(said, usage={"prompt_tokens": len(last.split()), "completion_tokens": 5})


def marks(report):
    return {subject: mark for mark, subject, _ in report.lines}


def words(report, subject):
    return [text for _, name, text in report.lines if name == subject][-1]


def test_a_healthy_server(capsys):
    with ScriptedServer(default=healthy) as server:
        report = doctor(server.url)
        assert report.ok and set(marks(report).values()) == {"ok"} and report.model == MODEL and report.ability.rung == 0
        assert "4,096 tokens" in words(report, "context") and "minirank extract DATA --base-url" in words(report, "next")
        assert words(report, "authentication") == "the server wants no key"
        assert words(report, "embeddings").startswith("32 numbers a text; for a ranker: features.embeddings: {base_url: http")
        assert main(["doctor", "--base-url", server.url, "--model", MODEL]) == 0
        assert "accepted and enforced" in capsys.readouterr().out


def test_a_trial_that_fails_is_no_server_that_only_embeds():
    def fails(client, report):
        raise RetryLater("it is on fire", kind="server")

    with ScriptedServer(default=lambda got: embeddings(got) if got.path == "/v1/embeddings" else healthy(got)) as server:
        report = doctor(server.url, MODEL, trial=fails)
    subjects = [subject for _, subject, _ in report.lines]
    assert not report.ok and subjects.count("embeddings") == 1 and report.lines[-1][:2] == ("FAIL", "server")
    assert "no chat" not in str(report)


def test_a_server_that_embeds_and_does_not_answer(capsys):
    def only_embeds(received):
        return embeddings(received) if received.path == "/v1/embeddings" else Step(404, "not found")

    with ScriptedServer(default=only_embeds) as server:
        report = doctor(server.url, MODEL)
        assert report.ok and marks(report)["embeddings"] == "ok" and marks(report)["answers"] == "note" and "next" not in marks(report)
        assert words(report, "answers").endswith("enough for features.embeddings, not for minirank extract")
        assert main(["doctor", "--base-url", server.url, "--model", MODEL, "--try"]) == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("FAIL  trial           nothing was tried, since scripted does not chat; ")


def test_a_server_that_answers_and_does_not_embed():
    with ScriptedServer(default=lambda got: Step(404, "no") if got.path == "/v1/embeddings" else healthy(got)) as server:
        report = doctor(server.url)
        assert report.ok and marks(report)["embeddings"] == "note"
        assert "none of scripted: the server answered 404: it has no /embeddings for this model" in words(report, "embeddings")


def test_a_server_with_a_key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-good")

    def guarded(received):
        return healthy(received) if received.headers.get("authorization") == "Bearer sk-good" else failure(401, "no")

    with ScriptedServer(default=guarded) as server:
        assert words(doctor(server.url), "authentication") == "the key in OPENAI_API_KEY is accepted"
        monkeypatch.setenv("OPENAI_API_KEY", "sk-bad")
        said = "the server does not accept the key in OPENAI_API_KEY (the server answered 401: no); set the right one and run this again"
        assert words(doctor(server.url), "auth") == said
        monkeypatch.delenv("OPENAI_API_KEY")
        report = doctor(server.url)
        assert not report.ok and "OPENAI_API_KEY is not set; set it" in words(report, "auth")


def test_rungs_that_are_rejected_or_ignored():
    with ScriptedServer(default=lambda got: healthy(got, formats=("json_object",))) as server:
        report = doctor(server.url)
        assert report.ok and marks(report)["json_schema"] == "note" and report.ability.rung == 1
    with ScriptedServer(default=lambda got: healthy(got, enforced=False)) as server:
        report = doctor(server.url)
        assert report.ok and "not enforced" in words(report, "json_schema") and not report.ability.enforced
    with ScriptedServer(default=lambda got: healthy(got, formats=())) as server:
        report = doctor(server.url)
        assert report.ok and report.ability.rung == 2 and "answers are checked here" in words(report, "rung")


def test_models_that_are_not_there():
    with ScriptedServer(default=healthy) as server:
        report = doctor(server.url, "scriptd")
        assert report.ok and words(report, "model") == "scriptd is not in the list; did you mean scripted?"
        assert words(report, "answers as").startswith("scripted:")
    with ScriptedServer(default=lambda got: healthy(got, models=())) as server:
        assert "give its name with --model, and check the address" in words(doctor(server.url), "model")
        report = doctor(server.url, MODEL)
        assert report.ok and "at least 3,0" in words(report, "context")


ODD_MODEL = {"id": MODEL, "meta": 3, "max_model_len": "many", "n_ctx": True, "context_length": -1}


@pytest.mark.parametrize("models", [[{"id": 5}, {"id": ["a"]}, {}, 7], [ODD_MODEL], "none", None])
def test_pages_of_any_form(models):
    def odd(received):
        if received.path == "/v1/models":
            return Step(200, {"data": models})
        return Step(200, {"default_generation_settings": [1]}) if received.body is None else healthy(received)

    with ScriptedServer(default=odd) as server:
        report = doctor(server.url, MODEL)
        assert report.ok and "at least 3,0" in words(report, "context")


def test_a_server_does_not_steer_the_terminal():
    with ScriptedServer(default=lambda got: healthy(got, models=({"id": "a\x1b[31m\rb"}, {"id": MODEL}))) as server:
        assert "\x1b" not in (said := str(doctor(server.url))) and "\r" not in said


def test_a_server_that_cuts_prompts_silently():
    def cutting(received):
        step = healthy(received, models=({"id": MODEL},))
        if "usage" in step.body:
            step.body["usage"]["prompt_tokens"] = min(2048, step.body["usage"]["prompt_tokens"])
        return step

    with ScriptedServer(default=cutting) as server:
        report = doctor(server.url)
        assert not report.ok and "cut a prompt of 3,000 words to 2,048 tokens" in words(report, "context")
        assert "next" not in marks(report)


def test_a_gateway_that_answers_500_for_want_of_a_key(monkeypatch):
    """Some name the key in a 500, some only fail."""
    missing = failure(500, "Authentication Error, no Authorization header was given")
    broken = failure(500, "'NoneType' object has no attribute 'split'")
    for step in (missing, broken):
        with ScriptedServer(default=step) as server:
            report = doctor(server.url, "m")
            assert not report.ok and "OPENAI_API_KEY is not set" in str(report) and "key" in report.lines[-1][2]
            monkeypatch.setenv("OPENAI_API_KEY", "sk-some-key")
            assert "is not set" not in str(doctor(server.url, "m"))
            monkeypatch.delenv("OPENAI_API_KEY")


def test_findings_are_told_as_they_are_found():
    told = []

    def slow(received):
        if received.body is not None:
            assert any("models" in line for line in told)
        return healthy(received)

    with ScriptedServer(default=slow) as server:
        report = doctor(server.url, tell=told.append)
        assert str(report) == "\n".join(told) and report.ok


def test_odd_answers_are_noted():
    def odd(received):
        step = healthy(received)
        if received.body is not None:
            (choice,) = step.body["choices"]
            choice["message"]["reasoning"], choice["message"]["content"] = choice["message"]["content"], None
            del step.body["usage"]
        return step

    with ScriptedServer(default=odd) as server:
        report = doctor(server.url)
        assert report.ok and "in its reasoning" in words(report, "rung") and "the server reports none" in words(report, "tokens")
        assert marks(report)["json_schema"] == "ok"


def test_a_model_that_reasons_needs_a_higher_cap(capsys):
    def reasoning(received):
        if received.body is None or received.body["max_tokens"] >= 2000:
            return healthy(received)
        return answer(None, "length", message={"reasoning": "Let me think about that for a while"})

    with ScriptedServer(default=reasoning) as server:
        report = doctor(server.url)
        assert not report.ok and "only reasoning came" in words(report, "answer") and "--max-tokens" in words(report, "answer")
        assert "whether it is enforced is not seen" in words(report, "json_schema")
        assert main(["doctor", "--base-url", server.url, "--max-tokens", "2000"]) == 0
        assert "accepted and enforced" in capsys.readouterr().out


def test_a_login_page_is_named():
    with ScriptedServer(default=Step(200, "<!doctype html><title>Sign in</title>")) as server:
        report = doctor(server.url, "m")
        assert not report.ok and str(report).count("an HTML page (Sign in)") == 2


BAD_HEALTH = [
    (Step(404, "404 page not found"), "address", "base_url must be the address before /chat/completions"),
    (failure(503, "Loading model"), "loading", "wait a moment and run this again"),
    (Step(200, "<html>hello</html>"), "bad reply", "<html>hello</html>; check that this is the address of an OpenAI-compatible server"),
    (failure(429, "exceeded", code="insufficient_quota"), "quota", "see to the account, then run this again"),
    (Step(302, b"", {"Location": "https://login.example.com"}), "redirect", "use the final address"),
    (Step(drop=True), "lost", "check that the server is still running"),
    (failure(500, "boom"), "server", "the server answered 500: boom; read the server's log"),
    (failure(429, "limit", {"Retry-After": "3600"}), "rate limit", "asks to wait 3600 s; run this again then"),
    (answer(delay=0.5), "timeout", "give it longer with --timeout"),
    (answer(" "), "bad reply", "try another --model"),
]


@pytest.mark.parametrize("step, subject, said", BAD_HEALTH)
def test_servers_in_bad_health(step, subject, said):
    """Every finding says what to do, and none speaks of the items of a run."""
    with ScriptedServer(default=step) as server:
        report = doctor(server.url, "m", timeout=0.2)
        assert not report.ok and said in words(report, subject) and "finished items" not in str(report) and "next" not in marks(report)


def test_nothing_there(capsys):
    assert main(["doctor", "--base-url", closed_address()]) == 1
    assert "nothing answers at" in (said := capsys.readouterr().out) and "start the server, or check host and port" in said
    assert main(["doctor", "--base-url", "ftp://x"]) == 1

"""Where the key may go, and that it is written nowhere; one address for one server."""

import copy
import io
import logging
import pickle
import traceback

import pytest
from case_table import cases
from llm_scripted import ScriptedServer, Step, answer, documents, failure, item

from minirank.config.configuration import load_config
from minirank.errors import ConfigError
from minirank.llm_client import Bulk, Client, FatalError, Limits, LLMError, Store
from minirank.llm_client.address import canonical_url, may_carry_key
from minirank.llm_client.batch import write_batch
from minirank.llm_client.cassette import Player, Recorder
from minirank.llm_client.doctor import doctor
from minirank.llm_client.key import Key

CANARY = "sk-canary-0123456789/abcdef+xyz"


@pytest.fixture(autouse=True)
def canary(monkeypatch):
    monkeypatch.setenv("LLM_TEST_KEY", CANARY)


def test_the_key_travels_to_its_server():
    with ScriptedServer() as server:
        server.client().complete(item())
        assert server.received[0].headers["authorization"] == f"Bearer {CANARY}"


def test_without_a_key_there_is_no_header(monkeypatch, tmp_path):
    monkeypatch.setenv("LLM_TEST_KEY", "  ")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with ScriptedServer() as server:
        server.client().complete(item())
        assert "authorization" not in server.received[0].headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_case_26_redirects_are_not_followed_and_the_key_stays(status):
    with ScriptedServer() as other, ScriptedServer() as server:
        server.default = Step(status, b"", {"Location": f"{other.url.replace('127.0.0.1', 'localhost')}/v1"})
        with pytest.raises(FatalError, match="redirect to http://localhost.*use the final address") as caught:
            server.client().complete(item())
        assert caught.value.kind == "redirect" and not other.received and len(server.received) == 1


def test_case_26_no_key_over_http_to_another_machine(monkeypatch):
    assert may_carry_key("https://api.example.com/v1") and may_carry_key("http://localhost:8080") and may_carry_key("http://[::1]:80")
    assert not may_carry_key("http://192.168.1.7:8080/v1") and not may_carry_key("http://localhost.example.com")
    told = []
    with ScriptedServer() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)  # stands for the other machine: it gets what would be sent there
        monkeypatch.delenv("no_proxy", raising=False)
        client = Client("http://models.example.com:8000", "m", "LLM_TEST_KEY", notice=told.append)
        client.complete(item())
        assert "authorization" not in proxy.received[0].headers and proxy.received[0].path.startswith("http://models.example.com:8000/v1/")
    assert told == ["http://models.example.com:8000/v1 is not https: the key is not sent"]


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "//v1//", "/v1/chat/completions", "/v1/models "])
def test_case_27_one_canonical_address(path):
    for begin in ("", "http://", "HTTP://", " http://"):
        assert canonical_url(f"{begin}127.0.0.1:8080{path}") == "http://127.0.0.1:8080/v1"


@cases("""
    typed | canonical
    api.example.com | https://api.example.com/v1
    https://API.example.com:443/v1 | https://api.example.com/v1
    https://example.com/openai/v1beta/ | https://example.com/openai/v1beta
    http://[::1]:80 | http://[::1]/v1
    localhost:11434 | http://localhost:11434/v1
    https://R.openai.azure.com/openai/deployments/d?api-version=2024-10-21 | https://r.openai.azure.com/openai/deployments/d?api-version=2024-10-21
    https://r.example/openai/deployments/d/chat/completions?api-version=1&x=a%20b | https://r.example/openai/deployments/d?api-version=1&x=a%20b
    https://r.example/v1?n=é%20b+c&d=[1] | https://r.example/v1?n=%C3%A9%20b+c&d=[1]
    https://r.example/?api-version=1 | https://r.example/v1?api-version=1
    https://r.example/v1? | https://r.example/v1
""")
def test_case_27_other_addresses(typed, canonical):
    assert canonical_url(typed) == canonical


def test_case_27_the_path_on_the_wire():
    with ScriptedServer() as server:
        for suffix in ("", "/", "/v1", "/v1/"):
            Client(server.url + suffix, "m", "LLM_TEST_KEY").complete(item())
        assert {request.path for request in server.received} == {"/v1/chat/completions"}


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ftp://host",
        "http://",
        f"http://user:{CANARY}@host",
        f"http://host?key={CANARY}",
        "http://host:port",
        f"http://host?sig={CANARY}",
    ]
    + [f"https://host/v1?a=1&{name}={CANARY}" for name in ("api-key", "api_key", "token", "Access_Token")]
    + [f"https://host#{CANARY}"],
)
def test_addresses_that_cannot_be_used(typed):
    with pytest.raises(FatalError) as caught:
        canonical_url(typed)
    assert CANARY not in str(caught.value)


def test_the_query_of_an_address_follows_each_path_and_azure_s_key_has_its_own_header(monkeypatch):
    with ScriptedServer(default=lambda got: answer() if got.body else Step(404, "no")) as server:
        base = f"{server.url}/openai/deployments/d"
        client = Client(f"{base}/chat/completions?api-version=2024-10-21", "m", "LLM_TEST_KEY")
        assert client.complete(item()).value == client.complete(item()).value == {"n": 1}
        doctor(f"{base}?api-version=2024-10-21", "m", "LLM_TEST_KEY")
        monkeypatch.setenv("LLM_TEST_KEY", "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl")  # a token of Azure's own
        Client(f"{base}?api-version=2024-10-21", "m", "LLM_TEST_KEY").complete(item())
        Client(f"{base}?model=é", "m", "LLM_TEST_KEY").complete(item())
    paths = {got.path for got in server.received}
    assert paths == {
        "/openai/deployments/d/chat/completions?api-version=2024-10-21",
        "/openai/deployments/d/models?api-version=2024-10-21",
        "/openai/deployments/d/embeddings?api-version=2024-10-21",
        "/openai/deployments/d/props?api-version=2024-10-21",
        "/openai/deployments/d/chat/completions?model=%C3%A9",
    }
    *classic, token, plain = server.received
    assert all(got.headers["api-key"] == CANARY and "authorization" not in got.headers for got in classic)
    assert all("api-key" not in got.headers and got.headers["authorization"].startswith("Bearer eyJ") for got in (token, plain))


@pytest.mark.parametrize("name, shown", [("sig", False), ("code", False), ("subscription-key", False), ("x", False), ("api-version", True)])
def test_a_secret_in_the_query_travels_and_is_shown_nowhere(name, shown, tmp_path, capfd):
    log, secret, written = io.StringIO(), "c4nary%2Fquery0123456789", []
    handler, root = logging.StreamHandler(log), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    bad = failure(500, f"at ?{name}={secret} or {secret.replace('%2F', '/')}")
    try:
        with ScriptedServer(default=bad) as server, Store(tmp_path / "s.sqlite") as store:
            url = f"{server.url}/v1?{name}={secret}"
            client = Client(url, "m", "LLM_TEST_KEY", limits=Limits(retries=0), notice=written.append)
            client.transport = Recorder(client.transport, tmp_path / "c.jsonl", client.key)
            for number, step in enumerate((bad, answer(), Step(307, b"", {"Location": url}), Step(drop=True))):
                server.default = step
                try:
                    Bulk(client, store, written.append).run(documents(number + 1)[number:])
                except LLMError as error:
                    written += traceback.format_exception(error)
            written += [repr(client), str(doctor(url, "m", "LLM_TEST_KEY", 2.0)), *capfd.readouterr()]
            client.transport.end()
            assert all(got.path.endswith(f"?{name}={secret}") for got in server.received)
        with pytest.raises(FatalError, match=r"nothing answers at http://127.0.0.1:\d+/v1\?") as caught:
            client.complete(item())
        written.append(str(caught.value))
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    everything = "\n".join([*written, log.getvalue()]).encode() + b"".join(path.read_bytes() for path in files)
    assert "chat/completions" in log.getvalue() and len(files) >= 2
    assert (b"c4nary" in everything) == shown and (f"{name}=[key]".encode() in everything) != shown


def test_a_secret_in_the_query_is_refused_in_a_file(tmp_path):
    (tmp_path / "c.yaml").write_text(f"llm: {{base_url: 'https://host/v1?sig={CANARY}', model: m}}")
    with pytest.raises(ConfigError, match="llm.base_url: its query may hold a secret") as caught:
        load_config(tmp_path / "c.yaml", needs_data=False)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("placeholder", ["x", "none", "EMPTY", "ollama"])
def test_a_word_in_the_place_of_a_key_is_not_torn_out_of_answers(placeholder, monkeypatch, tmp_path):
    monkeypatch.setenv("LLM_TEST_KEY", placeholder)
    schema = {"type": "object", "properties": {"why": {"type": "string"}}, "required": ["why"], "additionalProperties": False}
    with ScriptedServer(default=answer(f'{{"why": "a {placeholder} word"}}')) as server:
        client = server.client()
        client.transport = Recorder(client.transport, tmp_path / "c.jsonl", client.key)
        asked = item(text=f"Is {placeholder} a word?", schema=schema)
        assert client.complete(asked).value == {"why": f"a {placeholder} word"}
        assert server.received[0].headers["authorization"] == f"Bearer {placeholder}" and repr(client.key) == "Key([key])"
        client.transport.end()
    player = Player(tmp_path / "c.jsonl")
    assert Client(player.base_url, player.model, "LLM_TEST_KEY", transport=player).complete(asked).value == {"why": f"a {placeholder} word"}


def test_case_28_a_key_is_never_shown(monkeypatch):
    key = Key.from_environment("LLM_TEST_KEY")
    assert CANARY not in f"{key!r} {key} {[key]} {vars(type(key))}" and key.redact(f"<{CANARY}>") == "<[key]>"
    for write in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            write(key)
    assert CANARY not in repr(Client("http://localhost", "m", "LLM_TEST_KEY"))
    monkeypatch.setenv("LLM_TEST_KEY", CANARY + "\u2028")
    assert CANARY in Key.from_environment("LLM_TEST_KEY").header()["Authorization"]  # blanks around it are cut off
    monkeypatch.setenv("LLM_TEST_KEY", f"{CANARY} more")
    with pytest.raises(FatalError) as caught:
        Key.from_environment("LLM_TEST_KEY")
    assert CANARY not in str(caught.value)


def test_case_28_the_canary_is_in_nothing_that_is_written(tmp_path, capfd):
    """Every fault, with servers that echo the key wherever they can; then everything written is searched."""
    log = io.StringIO()
    handler, root = logging.StreamHandler(log), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    written = []
    echo = f"Incorrect API key provided: {CANARY}"
    steps = [*(failure(status, echo) for status in (401, 403, 400, 500)), failure(429, echo, {"Retry-After": "0.01"})]
    steps += [Step(200, echo), Step(200, f"<html>{echo}"), Step(307, b"", {"Location": f"http://localhost/?{CANARY}"}), Step(drop=True)]
    steps += [answer(text) for text in (f"no JSON but {CANARY}", f'{{"n": 1, "{CANARY}": 2}}', f'{{"n": "{CANARY}"}}')]
    steps += [answer(None, message={"refusal": echo}), answer(finish="content_filter"), Step(404, echo), Step(200, b"x", claim=100)]
    try:
        for number, step in enumerate(steps):
            with ScriptedServer(default=step) as server, Store(tmp_path / f"{number}.sqlite") as store:
                client = server.client(retries=1, notice=written.append)
                client.transport = Recorder(client.transport, tmp_path / f"{number}.jsonl", client.key, "scripted")
                try:
                    client.complete(item())
                except LLMError as error:
                    written += traceback.format_exception(error)
                    written += [repr(error), repr(vars(error)), repr(error.__cause__), repr(error.__context__)]
                try:
                    Bulk(client, store, written.append).run([item(str(copy_number), str(copy_number)) for copy_number in range(3)])
                except LLMError as error:
                    written += traceback.format_exception(error)
                write_batch([item("other", "other")], "m", store, tmp_path / f"batch{number}")
                written.append(str(doctor(server.url, "m", "LLM_TEST_KEY", 2.0)))
                client.transport.end()
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 3 * len(steps) and "chat/completions" in log.getvalue()
    everything = "\n".join([*written, log.getvalue(), *capfd.readouterr()]).encode() + b"".join(path.read_bytes() for path in files)
    for form in (CANARY, CANARY.replace("/", "%2F").replace("+", "%2B"), CANARY.replace("/", "\\/"), CANARY[:20]):
        assert form.encode() not in everything
    assert b"[key]" in everything


def test_proxies_are_not_asked_about_this_machine(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with ScriptedServer() as server:
        assert server.client().complete(item()).value == {"n": 1}

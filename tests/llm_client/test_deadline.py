"""A server that goes on and on, byte by byte, at any point of an exchange: it ends when the timeout does."""

import socket
import ssl
import threading
import time
from contextlib import contextmanager

import pytest
from checkout import WORLDS

from minirank.llm_client import LLMError
from minirank.llm_client.key import Key
from minirank.llm_client.transport import Transport

CERTIFICATE = WORLDS / "localhost.pem"
TIMEOUT = 0.4
PAUSE = 0.05  # seconds between bytes: each wait is far below the timeout, all of them are far above it
STEPS = 100
REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Padding: " + STEPS * b"a" + b"\r\nContent-Length: 2\r\n\r\n{}"


def receive(connection):
    """A whole small request: head and body may come apart."""
    received = b""
    while not received.endswith(b"\r\n\r\nxx"):
        received += connection.recv(65_536)


def slowly(parts, first=b""):
    """A script that takes a request and answers with one part after the other."""

    def script(connection):
        connection.recv(65_536)
        connection.sendall(first)
        for part in parts:
            connection.sendall(part)
            time.sleep(PAUSE)

    return script


headers = slowly([REPLY[at : at + 1] for at in range(len(REPLY))])
status_line = slowly([b"O"] * STEPS, first=b"HTTP/1.1 200 ")
interim_replies = slowly([b"HTTP/1.1 100 Continue\r\n\r\n"] * STEPS)
chunks = slowly([b"1\r\n1\r\n"] * STEPS, first=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")


def slow_reader(connection):
    for _ in range(STEPS):
        connection.recv(100)
        time.sleep(PAUSE)


def at_once(connection):
    receive(connection)
    connection.sendall(REPLY)
    connection.recv(1)


@contextmanager
def serving(script, context=None):
    """The port of a server that runs `script` on each connection, behind TLS where there is a context."""

    def talk(connection):
        try:
            with connection if context is None else context.wrap_socket(connection, server_side=True) as talking:
                script(talking)
        except OSError:
            pass  # the client is gone

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]


def outcome(base_url, size=2, timeout=TIMEOUT):
    """(kind of the error or None, seconds) of a request with so many bytes."""
    began = time.monotonic()
    try:
        assert Transport(base_url, Key(None)).post("/chat/completions", size * b"x", timeout).body == b"{}"
        kind = None
    except LLMError as error:
        kind = error.kind
    return kind, time.monotonic() - began


def soonest(base_url, size=2):
    """The outcome that comes soonest of up to three: a busy machine makes one late, a deadline that does not hold all of them."""
    found = []
    while len(found) < 3 and (not found or found[-1][1] >= 3 * TIMEOUT):
        found.append(outcome(base_url, size))
    return min(found, key=lambda kind_and_seconds: kind_and_seconds[1])


@pytest.fixture
def context(monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(CERTIFICATE)
    return made


SCRIPTS = [(status_line, 2), (headers, 2), (interim_replies, 2), (chunks, 2), (slow_reader, 30_000_000)]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("script, size", SCRIPTS)
def test_the_deadline_holds_for_the_entire_exchange(context, scheme, script, size):
    with serving(script, context if scheme == "https" else None) as port:
        kind, seconds = soonest(f"{scheme}://127.0.0.1:{port}", size)
    assert kind == "timeout" and TIMEOUT <= seconds < 3 * TIMEOUT


def test_the_deadline_holds_while_tls_is_agreed_on():
    with serving(lambda connection: time.sleep(5)) as port:
        kind, seconds = soonest(f"https://127.0.0.1:{port}")
    assert kind == "timeout" and seconds < 3 * TIMEOUT


@pytest.mark.parametrize("scheme", ["http", "https"])  # asked for the page, asked for a tunnel
def test_the_deadline_holds_for_a_proxy(monkeypatch, scheme):
    with serving(headers) as port:
        monkeypatch.setenv(f"{scheme}_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        kind, seconds = soonest(f"{scheme}://server.invalid")
    assert kind == "timeout" and seconds < 3 * TIMEOUT


def test_a_certificate_that_is_trusted_and_one_that_is_not(context, monkeypatch):
    """On this machine too REQUESTS_CA_BUNDLE counts, as the error says."""
    with serving(at_once, context) as port:
        assert outcome(f"https://127.0.0.1:{port}", timeout=60)[0] is None
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
        assert outcome(f"https://127.0.0.1:{port}", timeout=60)[0] == "certificate"


def test_a_kept_connection_has_the_whole_time_again():
    """Each of ten replies takes a fifth of it, which leaves a busy machine the rest."""

    def replies(connection):
        for _ in range(10):
            receive(connection)
            time.sleep(0.2 * TIMEOUT)
            connection.sendall(REPLY)

    with serving(replies) as port:
        transport = Transport(f"http://127.0.0.1:{port}", Key(None))
        assert [transport.post("/x", b"xx", TIMEOUT).status for _ in range(10)] == 10 * [200]

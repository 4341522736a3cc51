"""Servers for the benchmarks of the client, each a process of its own: one that is quick, one that fails at random.

    python bench/llm/servers.py quick 0.05          answers every request after 50 ms
    python bench/llm/servers.py failing 0.3 7       fails 30 % of the requests in random ways, from seed 7

Prints its port. GET /count gives the requests so far; the failing one also lists the documents it answered.
An event loop, not threads: the server must not be what is measured.
"""

import asyncio
import json
import random
import re
import sys

CONTENT = '{"n": 1}'
_DOCUMENT = re.compile(rb"document (\d+)")


def reply(status: int, body: bytes, headers: str = "", declared: int | None = None) -> bytes:
    """An HTTP reply as it goes over the wire."""
    length = len(body) if declared is None else declared
    return f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n".encode() + body


def completion(content: str, finish: str = "stop") -> bytes:
    """A chat completion."""
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish}
    usage = {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105}
    head = {"id": "c", "object": "chat.completion", "created": 1, "model": "bench"}
    return json.dumps(head | {"choices": [choice], "usage": usage}).encode()


GOOD = reply(200, completion(CONTENT))
FAULTS = {
    "500": reply(500, b'{"error": {"message": "broken"}}'),
    "503": reply(503, b'{"error": {"message": "overloaded"}}'),
    "429": reply(429, b'{"error": {"message": "slow down"}}', "Retry-After: 0.05\r\n"),
    "html": reply(200, b"<html>Bad Gateway</html>"),
    "empty": reply(200, b'{"choices": []}'),
    "cut": reply(200, completion('{"n": 1', "length")),
    "broken JSON": reply(200, completion('{"n": ')),
    "wrong": reply(200, completion('{"n": "many"}')),
    "half a body": reply(200, completion(CONTENT)[:40], declared=400),
    "dropped": b"",
}
CLOSING = ("half a body", "dropped")


class Server:
    """Answers after a delay.

    Args:
        delay: seconds.
        rate: of failures.
        seed: of the failures.
    """

    def __init__(self, delay: float, rate: float = 0.0, seed: int = 0) -> None:
        self.delay, self.rate, self.random = delay, rate, random.Random(seed)
        self.requests, self.faults, self.log = 0, dict.fromkeys(FAULTS, 0), []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", head, re.I)
                body = await reader.readexactly(int(length[1])) if length else b""
                if head.startswith(b"GET"):
                    page = {"requests": self.requests, "faults": self.faults, "log": self.log}
                    writer.write(reply(200, json.dumps(page).encode()))
                    continue
                self.requests += 1
                fault = self.random.choice(list(FAULTS)) if self.random.random() < self.rate else None
                if self.rate:
                    self.log.append([int(_DOCUMENT.search(body)[1]), fault])
                if fault:
                    self.faults[fault] += 1
                await asyncio.sleep(self.delay)
                writer.write(FAULTS[fault] if fault else GOOD)
                if fault in CLOSING:
                    await writer.drain()
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def main() -> None:
    kind, number = sys.argv[1], float(sys.argv[2])
    made = Server(number) if kind == "quick" else Server(0.01, number, int(sys.argv[3]))
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())

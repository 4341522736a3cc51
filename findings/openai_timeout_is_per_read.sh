#!/usr/bin/env bash
# openai 3.57.0 (the Python client): timeout=1 waits for more than 3 seconds.
# One would guess: a request with timeout=1 ends after one second, with an answer or an error.
# Instead: the limit is for each wait for bytes, not for the request. A server that sends a blank now and then to keep the connection open,
# as proxies in front of slow models do, is waited for as long as it likes, and the answer is returned as a success.
# Why it matters: a time budget for each document needs a clock of its own.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile openai==3.57.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import openai

message = {"role": "assistant", "content": "late"}
choice = {"index": 0, "finish_reason": "stop", "message": message}
answer = json.dumps({"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}).encode()


class Slow(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        for _ in range(6):
            self.wfile.write(b" ")
            time.sleep(0.5)
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = openai.OpenAI(api_key="none", base_url=f"http://127.0.0.1:{server.server_port}", timeout=1, max_retries=0)
start = time.monotonic()
text = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}]).choices[0].message.content
took = time.monotonic() - start
print(f"timeout=1: {text!r} after {took:.1f} s")
assert text == "late" and took > 2.9, (text, took)
PY

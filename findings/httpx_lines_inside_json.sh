#!/usr/bin/env bash
# httpx 0.28.1: one line of an event stream comes out as two, cut inside a JSON string.
# One would guess: iter_lines ends a line at CR, LF or both, as HTTP's line formats do.
# Instead: it also ends one at U+2028, U+0085, form feed and whatever else Python's str.splitlines knows. JSON may contain U+2028 as it is.
# Why it matters: `json.loads(line)` on a streamed answer works until a document with such a character (PDF text has them) passes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile httpx==0.28.1
cd "$work"
"$work/venv/bin/python" - <<'PY'
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Stream(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write('data: {"text": "first\u2028second"}\n\n'.encode())

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Stream)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
import httpx

with httpx.stream("GET", url, trust_env=False) as response:
    lines = list(response.iter_lines())
print(lines)
assert lines[:2] == ['data: {"text": "first', 'second"}'], lines
PY

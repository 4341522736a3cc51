#!/usr/bin/env bash
# requests 2.34.2: the answer of a language model arrives as "cafÃ©".
# One would guess: text of an event stream is UTF-8, which the standard of event streams prescribes and JSON needs.
# Instead: any Content-Type that begins with text/ and states no charset is decoded as ISO-8859-1, and model servers send none. The same
# text as application/json, which is what is sent without streaming, is right.
# Why it matters: switching a client to streaming garbles all that is not ASCII; English tests pass. Set response.encoding = "utf-8".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile requests==2.34.2
cd "$work"
"$work/venv/bin/python" - <<'PY'
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Stream(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write('data: {"text": "café"}\n\n'.encode())

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Stream)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
import requests

response = requests.get(url, stream=True, timeout=10)
lines = list(response.iter_lines(decode_unicode=True))
print(response.encoding, lines[0])
assert (response.encoding, lines[0]) == ("ISO-8859-1", 'data: {"text": "cafÃ©"}'), lines
again = requests.get(url, stream=True, timeout=10)
again.encoding = "utf-8"
assert list(again.iter_lines(decode_unicode=True))[0] == 'data: {"text": "café"}'
PY

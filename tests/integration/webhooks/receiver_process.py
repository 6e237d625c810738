"""A receiver as a process: `receiver_process PORT FOLDER`. It checks signatures, notes what it took, and then answers.

The file `mode` in its folder says how it behaves: `well`, `flaky` (it refuses, drops and delays some), or `gone`. It
shares no code with what signs.
"""

import base64
import hashlib
import hmac
import itertools
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock

TURNS = itertools.count()
NOTING = Lock()


class Handler(BaseHTTPRequestHandler):
    """Answers for the server it belongs to."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_POST(self) -> None:
        """Take a delivery, or not."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        mode, turn = (self.server.folder / "mode").read_text(), next(TURNS)
        status, more = 204, dict[str, str]()
        if not self.genuine(body):
            status = 401
            self.note("wrong.jsonl", body)
        elif mode == "gone":
            status = 410
        elif mode == "flaky" and turn % 7 == 2:
            self.close_connection = True
            return  # without an answer
        elif mode == "flaky" and turn % 5 == 1:
            status, more = (503, {"Retry-After": "0"}) if turn % 2 else (302, {"Location": "/elsewhere"})
        else:
            self.note("taken.jsonl", body)
            if mode == "flaky" and turn % 11 == 3:
                self.close_connection = True
                return  # taken, and the sender does not hear of it
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def genuine(self, body: bytes) -> bool:
        """Return whether the delivery is signed with this folder's secret, and fresh."""
        key = base64.b64decode((self.server.folder / "secret").read_text().strip().removeprefix("whsec_"))
        sent = self.headers["webhook-timestamp"]
        text = self.headers["webhook-id"].encode() + b"." + sent.encode() + b"." + body
        expected = "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
        return abs(time.time() - int(sent)) < 300 and self.headers["webhook-signature"] == expected

    def note(self, name: str, body: bytes) -> None:
        """Note a delivery, on disk before it is answered."""
        with NOTING, (self.server.folder / name).open("a") as output:
            output.write(json.dumps({"id": self.headers["webhook-id"], "body": body.decode()}) + "\n")

    def log_message(self, *_what: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Serves for a folder."""

    daemon_threads = True

    def __init__(self, port: int, folder: Path) -> None:
        self.folder = folder
        super().__init__(("127.0.0.1", port), Handler)


if __name__ == "__main__":
    Server(int(sys.argv[1]), Path(sys.argv[2])).serve_forever()

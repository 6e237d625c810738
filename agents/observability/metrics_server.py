"""Showing metrics and health over HTTP, in a thread of its own: it answers while the event loop is busy or stuck."""

import logging
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final

from agents.observability.registry import Area
from agents.settings.metrics_group import MetricsSettings

log = logging.getLogger(__name__)

TEXT: Final = "text/plain; charset=utf-8"
READ_SECONDS: Final = 10.0

Health = Callable[[], str]
"""Gives what is wrong in a few words, or nothing."""


def well() -> str:
    """Return nothing: whoever can answer is well."""
    return ""


class Shown:
    """What one process shows: its metrics, and whether it lives and is ready."""

    def __init__(self, area: Area, live: Health = well, ready: Health = well) -> None:
        self._area = area
        self._health = {"/livez": live, "/readyz": ready}

    def answer(self, path: str, accept: str) -> tuple[int, str, bytes]:
        """Return status, content type and body for a GET."""
        path = path.partition("?")[0]
        if path == "/metrics":
            body, content_type = self._area.exposition(accept)
            return 200, content_type, body
        health = self._health.get(path)
        if health is None:
            return 404, TEXT, b"there are /metrics, /livez and /readyz\n"
        wrong = health()
        return (503, TEXT, f"{wrong}\n".encode()) if wrong else (200, TEXT, b"ok\n")


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD for the server it belongs to; logs nothing, a scrape is no event."""

    server: "_Server"
    timeout = READ_SECONDS

    def do_GET(self) -> None:
        status, content_type, body = self.server.shown.answer(self.path, self.headers.get("Accept", ""))
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, *_what: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    """Serves what one process shows; a request that is still answered does not keep the process from ending."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], shown: Shown) -> None:
        self.shown = shown
        super().__init__(address, _Handler)


def show(settings: MetricsSettings, process: str, shown: Shown) -> int | None:
    """Serve from now on until the process ends; give the port, None if metrics are off or the port is taken.

    A taken port is logged and no more: judging goes on without being watched, and `TallygateDown` tells somebody.
    """
    port = settings.port_of(process)
    if port is None:
        return None
    try:
        server = _Server((settings.host, port), shown)
    except OSError as error:
        log.error("no metrics at %s:%d: %s", settings.host, port, error.strerror)  # noqa: TRY400 - nothing to trace
        return None
    Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    log.info("metrics at http://%s:%d/metrics", settings.host, port)
    return port

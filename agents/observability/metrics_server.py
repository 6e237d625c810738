"""Showing metrics and health over HTTP, in a thread of its own: it answers while the event loop is busy or stuck."""

import errno
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import monotonic, sleep
from typing import Any, Final

from agents.kafka.errors import RefusedError
from agents.observability.registry import Area
from agents.settings.metrics_group import APART, ELSE, LAST_PORT, MetricsSettings

log = logging.getLogger(__name__)

TEXT: Final = "text/plain; charset=utf-8"
READ_SECONDS: Final = 10.0
PATIENCE_SECONDS: Final = 15.0
"""A port may still be held by a process that is about to end, such as the worker of a supervisor that was killed."""
LOOK_SECONDS: Final = 0.2

Health = Callable[[], str]
"""Returns what is wrong in a few words, or nothing."""


def well() -> str:
    """Return nothing: a process that can answer is well."""
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

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a scraper that hung up; print any other error."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


def show(settings: MetricsSettings, process: str, shown: Shown, patience: float = PATIENCE_SECONDS) -> int | None:
    """Serve from now on until the process ends; return the port, None if metrics are off.

    Raise RefusedError if the port is still taken after `patience` seconds: no process runs unwatched by mistake.
    """
    port = settings.port_of(process)
    if port is None:
        return None
    server = _listen(settings, process, port, shown, monotonic() + patience)
    Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    log.info("metrics at http://%s:%d/metrics", settings.host, port)
    return port


def _listen(settings: MetricsSettings, process: str, port: int, shown: Shown, until: float) -> _Server:
    said = False
    while True:
        try:
            return _Server((settings.host, port), shown)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            if not taken or monotonic() > until:
                raise RefusedError(_refusal(settings, process, port, error, taken=taken)) from None
        if not said:
            log.warning("the metrics port %d of %s is taken; waiting for it", port, settings.host)
            said = True
        sleep(LOOK_SECONDS)


def _refusal(settings: MetricsSettings, process: str, port: int, error: OSError, *, taken: bool) -> str:
    where = f"{settings.host}:{port}, the metrics port of the {process} process"
    if not taken:
        return f"cannot listen at {where}: {error.strerror}; change TALLYGATE_METRICS__HOST or TALLYGATE_METRICS__PORT"
    free = _free_port(settings)
    remedy = "a number whose next five ports are free" if free is None else f"TALLYGATE_METRICS__PORT={free}"
    return f"{where}, is taken: give this process {remedy}; each worker and projection on a host has its own number"


def _free_port(settings: MetricsSettings) -> int | None:
    """Return the next number at which all ports that it stands for are free now."""
    for first in range(settings.port + APART, LAST_PORT + 1, APART):
        with suppress(OSError):
            for offset in range(ELSE + 1):
                ThreadingHTTPServer((settings.host, first + offset), BaseHTTPRequestHandler).server_close()
            return first
    return None

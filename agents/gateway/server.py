"""The gateway's application and its life: routes, what runs beside them, start, stop.

To add something, add one line below:

* `HANDLERS`: modules with `routes()`, which returns aiohttp's route definitions. A handler begins with
  `caller = require(request, "scan")` and finds everything else by `parts_of(request)`.
* `BACKGROUND`: functions `async def name(app): ...; yield; ...`. What stands before the `yield` starts it, with the
  application but before the first request; what follows stops it, after the last. They start in this order and stop in
  the reverse one. Put what handlers need of it under an `AppKey` of your module: `app[KEY] = ...` before the `yield`.
* `ON_SHUTDOWN`: functions `async def name(app)`, called when no new connection is taken any more, before requests under
  way are waited for: here open streams are closed.

An error raised as `Problem` anywhere becomes problem JSON; every answer gets the security headers it has not set.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final, Protocol

from aiohttp import web

from agents.gateway.assembly import make_parts, tls_context
from agents.gateway.endpoints import (
    bill_answers,
    bill_history,
    consignee_days,
    conveyances,
    dead_letters,
    headroom,
    health,
    ingest,
    listed_bills,
    openapi,
    session,
)
from agents.gateway.endpoints.countable import begin_counting
from agents.gateway.http import counting
from agents.gateway.http.client_connection import GatewayRunner
from agents.gateway.http.parts import PARTS, Parts, now
from agents.gateway.http.problems import problems
from agents.gateway.http.replies import finish_headers
from agents.gateway.live import scan_socket, sse
from agents.gateway.live.live_side import end_streams, run_live
from agents.gateway.pages import page_server as pages
from agents.settings.gateway_group import GatewaySettings
from agents.settings.settings import Settings

log = logging.getLogger(__name__)

MIB: Final = 1024 * 1024


class Handler(Protocol):
    """A module of handlers."""

    def routes(self) -> Iterable[web.RouteDef]:
        """Return its routes."""


async def watch_tokens(app: web.Application) -> AsyncIterator[None]:
    """Read the tokens file again and again."""
    async with beside(app[PARTS].tokens.watch()):
        yield


async def keep_connected(app: web.Application) -> AsyncIterator[None]:
    """Keep the producer connected to Kafka."""
    async with beside(app[PARTS].publisher.run()):
        yield


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run something that never returns while the block runs; a failure is logged."""
    task = asyncio.create_task(work)
    task.add_done_callback(_say_failure)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def _say_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.critical("%s has failed; start the gateway again", task.get_coro(), exc_info=error)


HANDLERS: Final[tuple[Handler, ...]] = (
    bill_answers,
    consignee_days,
    conveyances,
    counting,
    dead_letters,
    headroom,
    health,
    bill_history,
    ingest,
    listed_bills,
    openapi,
    pages,
    scan_socket,
    session,
    sse,
)
BACKGROUND: Final[tuple[Callable[[web.Application], AsyncIterator[None]], ...]] = (
    watch_tokens,
    keep_connected,
    bill_history.open_gate,
    dead_letters.open_gate,
    run_live,
)
ON_SHUTDOWN: Final[tuple[Callable[[web.Application], Awaitable[None]], ...]] = (end_streams,)


def build_app(parts: Parts) -> web.Application:
    """Make the application; it does nothing until it runs, and closes none of the parts."""
    gateway = parts.gateway
    app = web.Application(middlewares=[counting.counting, problems], client_max_size=gateway.body_mib * MIB)
    app[PARTS] = parts
    for module in HANDLERS:
        app.add_routes(module.routes())
    begin_counting(app)
    app.cleanup_ctx.extend(BACKGROUND)
    app.on_shutdown.extend(ON_SHUTDOWN)
    app.on_response_prepare.append(finish_headers)
    return app


def make_runner(app: web.Application, gateway: GatewaySettings) -> web.AppRunner:
    """Make what serves the application, with its limits of time and size."""
    return GatewayRunner(
        app,
        gateway.connections,
        gateway.body_mib * MIB,
        access_log=None,
        keepalive_timeout=float(gateway.idle_seconds),
        lingering_time=0.0,  # the connection lingers by itself, and not without end
        auto_decompress=False,
        shutdown_timeout=float(gateway.shutdown_seconds),
    )


@asynccontextmanager
async def serving(settings: Settings, clock: Callable[[], datetime] = now) -> AsyncIterator[str]:
    """Serve until the block ends; yield the address, such as `http://127.0.0.1:8080`. Raise RefusedError, OSError."""
    gateway = settings.gateway
    tls = tls_context(gateway)
    async with make_parts(settings, clock) as parts:
        runner = make_runner(build_app(parts), gateway)
        await runner.setup()
        try:
            site = web.TCPSite(runner, gateway.host, gateway.port, ssl_context=tls)
            await site.start()
            port = runner.addresses[0][1]
            address = f"{'https' if tls else 'http'}://{gateway.host}:{port}"
            log.info("serving at %s", address)
            yield address
            log.info("stopping")
        finally:
            await runner.cleanup()


async def run_gateway(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raise OSError, or RefusedError if it must not run as configured."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with serving(settings):
        await stop.wait()
    log.info("stopped")

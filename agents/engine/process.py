"""Running an engine as a process: event loop, Faust's worker with its signals, exit status."""

import asyncio
import faulthandler
import logging
import sys
from collections.abc import Callable
from typing import NoReturn

import faust
import uvloop

from agents.engine.app import build_app
from agents.engine.engine import Engine
from agents.engine.engine_progress import EngineProgress, Observer
from agents.engine.engine_settings import EngineSettings
from agents.engine.job import Job
from agents.engine.watchdog import Watchdog
from agents.kafka.errors import EngineError

log = logging.getLogger(__name__)

Attach = Callable[[Callable[[], EngineProgress], Watchdog], None]
"""Takes what looks up the counts, in any thread, and the watchdog, before the engine starts."""


def run_job(
    settings: EngineSettings, job: Job, observer: Observer | None = None, attach: Attach | None = None
) -> NoReturn:
    """Run a job in this process until SIGTERM or SIGINT, then leave in order; exits the process.

    Exit status 0 after a signal, 78 when the worker must not run as configured, 75 or another when it is worth starting
    again.
    """
    faulthandler.enable()  # the guardian's signal asks for the stacks
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        engine = Engine(settings, job, observer)
        app = build_app(engine)
        if attach is not None:
            attach(engine.look, app.watchdog)
    except EngineError as error:
        log.critical("%s", error)
        sys.exit(error.status)
    worker = faust.Worker(app, loop=loop, override_logging=False, redirect_stdouts=False, quiet=True)
    worker.spinner = None
    worker.execute_from_commandline()
    raise SystemExit(0)

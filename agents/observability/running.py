"""Running a process of its own from its settings to its exit status, as a worker does."""

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

import uvloop
from aiokafka.errors import KafkaError

from agents.kafka.errors import EngineError, RefusedError
from agents.kafka.probing import explained
from agents.observability.log import begin
from agents.settings.settings import Settings, read_settings


def run_process(process: str, serve: Callable[[Settings], Coroutine[Any, Any, None]], log: logging.Logger) -> NoReturn:
    """Run `serve` with the settings of the environment; exit with 0 after a signal, 78 refused, 75 try again."""
    try:
        settings = begin(process)
        uvloop.run(serve(settings))
    except EngineError as error:
        log.critical("%s", error, extra={"incident": "refused" if isinstance(error, RefusedError) else "crash"})
        sys.exit(error.status)
    except KafkaError as error:
        why = asyncio.run(explained(read_settings().kafka.connection(), error))
        log.critical("%s", why, extra={"incident": "crash"})
        sys.exit(why.status)
    sys.exit(0)

"""`tallygate webhooks run` as a process: it checks topics and file, stops on signals, and exits as a worker does."""

import asyncio
import logging
import signal
from typing import NoReturn

from agents.kafka.errors import RefusedError
from agents.kafka.topic_admin import HINT, find_topics
from agents.observability.metrics_server import Shown, show
from agents.observability.process_metrics import tell_build
from agents.observability.running import run_process
from agents.settings.enabled_rules import rulebook_of
from agents.settings.settings import Settings
from agents.webhooks.dispatch import Dispatch
from agents.webhooks.subscriptions import WebhookFileError, read_webhooks
from agents.webhooks.webhook_metrics import WEBHOOKS

log = logging.getLogger(__name__)

PROCESS = "webhooks"


async def check_topics(settings: Settings) -> None:
    """Check that the topics are there. Raise RefusedError, KafkaError."""
    topics = settings.kafka.topics()
    names = (topics.decisions, topics.control)
    found = await find_topics(settings.kafka.connection(), names, configs=False)
    if missing := [f"topic {name} is missing" for name in names if name not in found]:
        raise RefusedError(f"{'; '.join(missing)} at {settings.kafka.brokers}: {HINT}")


def make_dispatch(settings: Settings) -> Dispatch:
    """Make what serves the webhooks. Raise RefusedError."""
    file = settings.webhooks.file
    if file is None:
        raise RefusedError("TALLYGATE_WEBHOOKS__FILE is missing: name the file that `tallygate webhooks add` writes")
    try:
        if not read_webhooks(file):
            log.warning("there is no webhook in %s yet; `tallygate webhooks add` adds one", file)
    except WebhookFileError as error:
        raise RefusedError(str(error)) from None
    default = rulebook_of(settings).default_programme
    return Dispatch(file, settings.kafka.connection(), settings.kafka.topics(), settings.webhooks, default)


async def serve(settings: Settings) -> None:
    """Serve webhooks until SIGTERM or SIGINT. Raise EngineError, KafkaError."""
    dispatch = make_dispatch(settings)
    await check_topics(settings)
    if settings.metrics.port:
        tell_build(WEBHOOKS)
        show(settings.metrics, PROCESS, Shown(WEBHOOKS, dispatch.shown.stuck, dispatch.shown.unready))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await dispatch.run(stop)


def run_webhooks() -> NoReturn:
    """Run with the settings of the environment; exit with 0 after a signal, 78 refused, 75 try again."""
    run_process(PROCESS, serve, log)

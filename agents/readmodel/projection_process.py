"""The projection as a process: it checks the topics, stops on signals, and exits as a worker does."""

import asyncio
import logging
import signal
from typing import NoReturn

from agents.kafka.errors import RefusedError
from agents.kafka.topic_admin import HINT, find_topics
from agents.observability.running import run_process
from agents.readmodel.projection import Projection, projection_consumer
from agents.readmodel.projection_metrics import watch_projection
from agents.readmodel.store import StoreSettings, store_settings
from agents.readmodel.writing import Writer
from agents.settings.enabled_rules import rulebook_of
from agents.settings.settings import Settings

log = logging.getLogger(__name__)

STEP = "projection"


async def count_partitions(settings: Settings) -> int:
    """Return the partition count of both topics. Raise RefusedError if one is missing or the counts differ."""
    topics = settings.kafka.topics()
    names = (topics.decisions, topics.alerts)
    found = await find_topics(settings.kafka.connection(), names, configs=False)
    missing = [f"topic {name} is missing" for name in names if name not in found]
    counts = {topic.partitions for topic in found.values()}
    if missing or len(counts) != 1:
        raise RefusedError(f"{'; '.join(missing) or 'partition counts differ'} at {settings.kafka.brokers}: {HINT}")
    return counts.pop()


def kept_store_of(settings: Settings) -> StoreSettings:
    """Return where the read model is written. Raise RefusedError; a bill is kept while its ledger may be open."""
    longest = rulebook_of(settings).longest_kept
    return store_settings(settings.redis, settings.kafka.prefix, longest.kept_days)


def make_projection(settings: Settings, writer: Writer, partitions: int) -> Projection:
    """Make a projection in the group of this prefix and epoch."""
    topics = settings.kafka.topics()
    consumer = projection_consumer(settings.kafka.connection(), topics.group(STEP), settings.worker.session_timeout_ms)
    return Projection(consumer, writer, topics, partitions)


async def project(settings: Settings) -> None:
    """Run a projection until SIGTERM or SIGINT. Raise EngineError, KafkaError."""
    partitions = await count_partitions(settings)
    async with Writer(kept_store_of(settings)) as writer:
        policy = await writer.evicts()
        if policy is not None:
            log.warning("Redis may evict keys of the read model (%s): set maxmemory-policy to noeviction", policy)
        projection = make_projection(settings, writer, partitions)
        watch_projection(settings.metrics, projection)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, projection.stop)
        await projection.run()


def run_projection() -> NoReturn:
    """Run with the settings of the environment; exit with 0 after a signal, 78 refused, 75 try again."""
    run_process(STEP, project, log)

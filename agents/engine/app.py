"""The Faust app around an engine: Faust keeps membership, agent, lifecycle and signals, and commits nothing."""

import logging
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import faust
import faust.streams
from faust.app.base import BootStrategy
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery

from agents.engine.engine import Engine
from agents.engine.guardian import Guardian
from agents.engine.transport import ChunkSchema, ChunkTransport
from agents.engine.unpacking import unpack_leanly
from agents.engine.watchdog import Watchdog
from agents.kafka.errors import RefusedError

PINNED: Final = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0"}
"""The only versions this engine is known to be right with; the contract tests go with them."""

QUIET_LOGGERS: Final = ("aiokafka", "faust", "mode", "kafka", "agents.engine.app", "agents.engine.transport")
"""They stay at DEBUG under Faust and build records that nobody sees; the last two are Faust's classes, our names."""
NEVER_SECONDS: Final = 86_400.0


class EngineRecovery(Recovery):
    """In place of Faust's recovery: the engine's restore, after the rebalance callback, cancelled by the next one."""

    async def _resume_streams(self, generation_id: int = 0) -> None:
        source = self.app.engine.job.source
        assigned = {partition.partition for partition in self.app.consumer.assignment() if partition.topic == source}
        if await self.app.engine.take_over(assigned):
            await super()._resume_streams(generation_id=generation_id)


class EngineTables(TableManager):
    """Faust's table manager without tables: it only starts the recovery."""

    async def on_start(self) -> None:
        """Start the recovery at once; Faust waits a second for tables to be declared."""
        await self._update_channels()
        await self.recovery.start()

    @property
    def recovery(self) -> Recovery:
        """Return our recovery."""
        if self._recovery is None:
            self._recovery: Recovery = EngineRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery


class Boot(BootStrategy):
    """Faust's start-up without its producer: everything goes out through the engine's own."""

    enable_kafka_producer = False
    enable_web = False


class EngineApp(faust.App):
    """A Faust app that runs an engine."""

    BootStrategy = Boot
    engine: Engine
    watchdog: Watchdog

    async def on_first_start(self) -> None:
        """Start the engine before anything of Faust's."""
        await self.engine.start()
        self.watchdog.start()
        await super().on_first_start()

    def _crash(self, reason: BaseException) -> None:
        """End the process: Faust would try to stop in order, with parts of it gone."""
        self.engine.fail(reason)

    async def _stop_consumer(self) -> None:
        """Finish what is open before the group is left."""
        await self.engine.close()
        await super()._stop_consumer()


def check_versions() -> None:
    """Refuse other versions than those the engine was tried with."""
    found = {name: version(name) for name in PINNED}
    if found != PINNED:
        raise RefusedError(f"the engine needs {PINNED}, found {found}: install from constraints.txt")
    if faust.streams._CStreamIterator is None:
        raise RefusedError(
            "Faust's compiled stream iterator is missing (or NO_CYTHON is set): the other one skips chunks"
        )


def build_app(engine: Engine) -> EngineApp:
    """Return the app that runs an engine; starting it joins the group."""
    check_versions()
    unpack_leanly()
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Kafka 4 says "not enough replicas" while it verifies that a partition has joined the transaction; it is retried.
    logging.getLogger("aiokafka.producer.sender").setLevel(logging.ERROR)
    settings, job = engine.settings, engine.job
    app = EngineApp(
        job.group,
        broker="kafka://" + settings.connection.brokers.split(",")[0],
        datadir=Path(tempfile.gettempdir()) / "tallygate-faust",
        agent_supervisor="mode.CrashingSupervisor",
        TableManager=EngineTables,
        processing_guarantee="at_least_once",
        stream_wait_empty=False,
        stream_buffer_maxsize=1_000_000,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        web_enabled=False,
        broker_commit_interval=NEVER_SECONDS,
        broker_session_timeout=settings.session_timeout_ms / 1000,
        broker_heartbeat_interval=settings.heartbeat_ms / 1000,
        broker_rebalance_timeout=settings.rebalance_timeout_ms / 1000,
        broker_request_timeout=max(90.0, settings.session_timeout_ms / 1000),
    )
    app.engine = engine
    app.transport = ChunkTransport(app.conf.broker_consumer, app)
    guardian = Guardian(job.step.name, settings.stall_seconds)
    app.watchdog = Watchdog(lambda: pulse(app), settings.stall_seconds, engine.end_stalled, guardian.beat)
    topic = app.topic(job.source, schema=ChunkSchema(), internal=False, acks=False)

    @app.agent(topic, name=f"{job.group}-lanes")
    async def lanes(chunks: Any) -> None:
        async for event in chunks.noack().events():
            engine.take_in(event.value)

    @app.on_partitions_revoked.connect
    async def released(_app: Any, _revoked: Any, **_more: Any) -> None:
        await engine.release()

    return app


def pulse(app: EngineApp) -> tuple[str, object]:
    """Say what the worker is at: what the engine says, unless the group is changing."""
    at, token = app.engine.pulse()
    if not at and app.rebalancing:
        return "rebalancing", app.rebalancing_count
    return at, token

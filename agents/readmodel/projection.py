"""The loop of the projection: read committed records, have Redis apply them, and look up its position if it refuses.

Redis holds the position of each partition; the script that applies records writes it. So one way recovers from a new
assignment, from Redis away, emptied or restored from an old copy, and from another projection at work: ask for the
positions and read on from there, or from the beginning if there is none. The offsets committed in Kafka follow later;
they only show the lag of the group.
"""

import asyncio
import contextlib
import logging
import time
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaConnectionError, KafkaError, KafkaTimeoutError

from agents.engine.engine_settings import MIB
from agents.kafka.backoff import Backoff
from agents.kafka.clients import make_consumer
from agents.kafka.connection import Connection
from agents.kafka.errors import RefusedError
from agents.readmodel.position import ReadModelPosition
from agents.readmodel.projection_progress import LogPlace, ProjectionProgress
from agents.readmodel.runs import Runs
from agents.readmodel.store import StoreAwayError, StoreRefusedError
from agents.readmodel.writing import Applied, Run, Writer
from stream.topics import Topics

log = logging.getLogger(__name__)

RECORDS_A_TURN: Final = 4_000
POLL_MS: Final = 200
TICK_SECONDS: Final = 0.5
"""Interval at which Redis is told that nothing is new, and within which an emptied Redis is noticed."""
COMMIT_SECONDS: Final = 5.0
SAY_SECONDS: Final = 10.0
"""Interval of the log line that Redis is still away."""


def projection_consumer(connection: Connection, group: str, session_timeout_ms: int) -> AIOKafkaConsumer:
    """Return the consumer of a projection, not started."""
    return make_consumer(
        connection,
        group=group,
        # Positions are in Redis; this is for a position that is older than the topic's first record.
        auto_offset_reset="earliest",
        session_timeout_ms=session_timeout_ms,
        heartbeat_interval_ms=min(3_000, session_timeout_ms // 3),
        # While Redis is away nothing is read, however long that is.
        max_poll_interval_ms=86_400_000,
        max_partition_fetch_bytes=2 * MIB,
    )


class Projection(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka's classes are Any to mypy
    """Projects the partitions that the group assigns; `stop` ends it in order."""

    def __init__(self, consumer: AIOKafkaConsumer, writer: Writer, topics: Topics, partitions: int) -> None:
        self.progress = ProjectionProgress(turned=time.monotonic())
        self._consumer = consumer
        self._writer = writer
        self._topics = [topics.decisions, topics.alerts]
        self._runs = Runs(topics, partitions, self.progress)
        self._standings: dict[TopicPartition, ReadModelPosition] = {}
        """Partitions that are read, with the position of Redis."""
        self._unplaced: set[TopicPartition] = set()
        """Partitions whose position in Redis is not known; they are paused."""
        self._backoff = Backoff()
        self._stop = asyncio.Event()
        self._joined = False
        self._ticked = self._committed = self._said = 0.0
        self._away = ""

    def stop(self) -> None:
        """End the loop after its present turn."""
        self._stop.set()

    async def run(self) -> None:
        """Run until `stop`. Raise RefusedError if waiting cannot help, KafkaError if Kafka is away at the start."""
        await self._consumer.start()
        try:
            self._consumer.subscribe(self._topics, listener=self)
            while not self._stop.is_set():
                self.progress.turned = time.monotonic()
                try:
                    await self._turn()
                except StoreAwayError as error:
                    await self._wait("Redis", error)
                except IllegalStateError:
                    continue  # a partition was revoked during the turn
                except KafkaError as error:
                    if not (error.retriable or isinstance(error, KafkaConnectionError | KafkaTimeoutError)):
                        raise
                    await self._wait("Kafka", error)
                except StoreRefusedError as error:
                    raise RefusedError(f"Redis refuses: {error}") from None
            await self._commit()
        finally:
            await self._consumer.stop()

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """Forget partitions; Redis holds their positions."""
        for where in revoked:
            self._standings.pop(where, None)
            self._unplaced.discard(where)
            self.progress.places.pop(self._name(where), None)

    def unready(self) -> str:
        """Return why not every assigned partition is read, or an empty string."""
        if self.progress.away_since is not None:
            return "Redis or Kafka is away"
        if not self._joined:
            return "waiting for partitions"
        return "looking up where Redis stands" if self._unplaced else ""

    async def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        """Take partitions, paused until their position in Redis is known."""
        self._joined = True
        self._standings.clear()
        self._unplaced = set(assigned)
        self._consumer.pause(*assigned)

    async def _turn(self) -> None:
        if self._unplaced:
            await self._place()
        fetched = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_A_TURN)
        moment = time.monotonic()
        ticks = moment - self._ticked >= TICK_SECONDS
        if fetched or ticks:
            await self._apply(fetched, ticks=ticks)
        if ticks:
            self._ticked = moment
        if moment - self._committed >= COMMIT_SECONDS:
            self._committed = moment
            await self._commit()

    async def _apply(self, fetched: dict[TopicPartition, list[Any]], *, ticks: bool) -> None:
        """Have Redis apply the fetched records, and tell it how far the other partitions are without records."""
        runs: list[tuple[TopicPartition, Run]] = []
        for where in [*self._standings] if ticks else fetched:
            standing = self._standings.get(where)
            if standing is None:
                continue  # revoked, or to be looked up again, during the fetch
            end, asked_ms = self._consumer.last_stable_offset(where), self._consumer.last_poll_timestamp(where)
            standing.reach(await self._consumer.position(where), end, asked_ms)
            place = self.progress.places.setdefault(self._name(where), LogPlace())
            place.position, place.stable_offset = standing.position, end or 0
            records = fetched.get(where, ())
            parts = self._runs.of(where, standing.position, records, standing.reached, standing.fresh_ms)
            runs += ((where, run) for run in parts)
        answers = await self._writer.apply(run for _where, run in runs)
        for (where, run), answer in zip(runs, answers, strict=True):
            self._take(where, run, answer)
        self.progress.records += sum(len(records) for where, records in fetched.items() if where in self._standings)

    def _take(self, where: TopicPartition, run: Run, answer: object) -> None:
        if isinstance(answer, Applied):
            self.progress.changed += answer.changed
            if where in self._standings:
                self._standings[where].position = run.stop
                if (place := self.progress.places.get(self._name(where))) is not None:
                    place.position, place.fresh_ms = run.stop, run.fresh_ms or place.fresh_ms
        elif self._standings.pop(where, None) is not None:
            log.warning("Redis is no longer where it was in %s/%d; looking it up", where.topic, where.partition)
            self._unplaced.add(where)
            self._consumer.pause(where)

    async def _place(self) -> None:
        """Look up the positions of Redis in the partitions that are not read yet, and read on from there."""
        wanted = sorted(self._unplaced)
        self.progress.placings += 1
        positions = await self._writer.positions()
        token = positions.get("sweeping")
        if token is not None:
            log.warning("Redis is being emptied for a rebuild; helping")
            await self._writer.sweep(token)
            return
        begins = await self._consumer.beginning_offsets(wanted)
        ends = await self._consumer.end_offsets(wanted)
        await self._begin([where for where in wanted if self._at(positions, where) is None], begins)
        for where in wanted:
            at = self._at(positions, where)
            if at is not None and at > ends[where]:
                raise RefusedError(
                    f"Redis is filled up to {at} in partition {where.partition} of {where.topic}, which ends at "
                    f"{ends[where]}: it was filled from another Kafka; run `tallygate rebuild read-model`"
                )
            if at is not None and at < begins[where]:
                log.warning(
                    "%s/%d: %d offsets are gone, unread",
                    where.topic,
                    where.partition,
                    begins[where] - at,
                )
            self._resume(where, begins[where] if at is None else at, begins[where])
        self._found()

    async def _begin(self, missing: list[TopicPartition], begins: dict[TopicPartition, int]) -> None:
        """Mark in an empty Redis that these partitions are filled from their beginning."""
        if missing:
            self.progress.fills += len(missing)
            log.warning("Redis holds nothing of %d partitions; filling them from the beginning", len(missing))
            # Another projection may have begun meanwhile; the first run will tell.
            await self._writer.apply([self._runs.begin(where, begins[where]) for where in missing])

    def _resume(self, where: TopicPartition, position: int, begin: int) -> None:
        if where not in self._unplaced:
            return  # revoked meanwhile
        self._unplaced.discard(where)
        self._standings[where] = ReadModelPosition(position)
        self._consumer.seek(where, max(position, begin))
        self._consumer.resume(where)

    def _name(self, where: TopicPartition) -> tuple[str, int]:
        return self._runs.names[where.topic], where.partition

    def _at(self, positions: dict[str, str], where: TopicPartition) -> int | None:
        found = positions.get(f"at:{self._runs.names[where.topic]}/{where.partition}")
        return None if found is None else int(found)

    def _found(self) -> None:
        if self.progress.away_since is not None:
            seconds = time.monotonic() - self.progress.away_since
            more = {"incident": f"{self._away.lower()}-back", "seconds": round(seconds, 1)}
            log.warning("%s is back after %.1f s", self._away, seconds, extra=more)
            self.progress.away_since = None
        self._backoff.reset()

    async def _wait(self, who: str, error: Exception) -> None:
        """Forget the positions of Redis, log who is away, and wait."""
        self.progress.failures += 1
        moment = time.monotonic()
        if self.progress.away_since is None:
            self.progress.away_since = moment
            self._said = 0.0
            self._away = who
        if moment - self._said >= SAY_SECONDS:
            self._said = moment
            more = {"incident": f"{who.lower()}-away", "code": type(error).__name__}
            log.error("%s is away (%s: %s); trying again", who, type(error).__name__, error, extra=more)
        held = [*self._standings]
        self._standings.clear()
        self._unplaced.update(held)
        self._consumer.pause(*held)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), self._backoff.next())

    async def _commit(self) -> None:
        """Commit the offsets that Redis has applied."""
        offsets = {where: standing.position for where, standing in self._standings.items()}
        try:
            if offsets:
                await self._consumer.commit(offsets)
        except KafkaError as error:
            log.info("offsets are not committed, Redis knows them: %s", error)

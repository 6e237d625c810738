"""Our transport for Faust: its consumer hands on chunks, fetched in a thread by a loop of our own."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

import faust
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import OffsetOutOfRangeError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from agents.engine.chunk import Chunk, chunk_size
from agents.engine.gate import Gate
from agents.engine.membership import Membership
from agents.kafka.clients import make_consumer
from agents.kafka.errors import RefusedError
from agents.kafka.protocol import NO_MEMBER, GroupMember

IDLE_FETCH_MS = 500
"""How long the broker holds a fetch while nothing comes at all."""
NEVER_MS = 2_000_000_000
"""aiokafka would leave the group when a consumer is idle for long; ours may be restoring, and has a watchdog."""


class ChunkThread(driver.AIOKafkaConsumerThread):
    """The consumer's thread: fetches what the gates let through and sends it to the event loop, unasked."""

    def __post_init__(self) -> None:
        """Start without gates: nothing is fetched until the tables are restored."""
        super().__post_init__()
        self._gates: dict[TopicPartition, Gate] = {}
        self._eras = 0
        self._waiter: asyncio.Future[None] | None = None
        self._pumping: asyncio.Task[None] | None = None
        self._membership = Membership()

    @property
    def _idle_ms(self) -> int:
        """How long an idle fetch may be held; a mock broker holds it to the end, whatever comes meanwhile."""
        settings = self.app.engine.settings
        return settings.gather_ms if settings.mock_broker else IDLE_FETCH_MS

    def _create_worker_consumer(self, _transport: Any) -> AIOKafkaConsumer:
        """Return the group's consumer, read-committed, which never resets an offset by itself."""
        settings = self.app.engine.settings
        return make_consumer(
            settings.connection,
            group=self.app.conf.id,
            partition_assignment_strategy=[StickyPartitionAssignor],
            check_crcs=not settings.mock_broker,
            session_timeout_ms=settings.session_timeout_ms,
            heartbeat_interval_ms=settings.heartbeat_ms,
            rebalance_timeout_ms=settings.rebalance_timeout_ms,
            max_poll_interval_ms=NEVER_MS,
            max_partition_fetch_bytes=settings.fetch_bytes,
            fetch_max_wait_ms=self._idle_ms,
        )

    async def on_start(self) -> None:
        """Start the consumer and its pump."""
        await super().on_start()
        self._pumping = asyncio.ensure_future(self._pump())

    async def on_thread_stop(self) -> None:
        """Stop the pump, then the consumer, which leaves the group."""
        if self._pumping is not None:
            self._pumping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pumping
        await super().on_thread_stop()

    def member(self) -> GroupMember:
        """Return the generation and member id as they are now, or `NO_MEMBER` during a change; only in this thread."""
        consumer = self._ensure_consumer()
        if consumer._subscription.reassignment_in_progress:
            return NO_MEMBER
        return GroupMember(consumer._coordinator.generation, consumer._coordinator.member_id)

    async def open_gate(self, partition: TopicPartition, position: int) -> tuple[GroupMember, Gate]:
        """Let a partition be fetched from `position` on; `NO_MEMBER` says that it is not ours any more."""
        return cast("tuple[GroupMember, Gate]", await self.call_thread(self._open_gate, partition, position))

    async def _open_gate(self, partition: TopicPartition, position: int) -> tuple[GroupMember, Gate]:
        consumer = self._ensure_consumer()
        self._eras += 1
        member = self.member()
        gate = Gate(position, self._eras, member, self.app.engine.settings.lane_bytes, self.wake)
        if member == NO_MEMBER or partition not in consumer.assignment():
            return NO_MEMBER, gate
        consumer.seek(partition, position)
        self._gates[partition] = gate
        self._wake()
        return member, gate

    def wake(self) -> None:
        """Look at the gates again; called from the event loop."""
        self.thread_loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _pump(self) -> None:
        try:
            while True:
                self._membership.look(self._ensure_consumer()._coordinator)
                chunks = await self._fetched()
                if chunks:
                    self.parent_loop.call_soon_threadsafe(self.consumer.arrived, chunks)
                else:
                    await self._more()
        except OffsetOutOfRangeError as error:
            self._fail(
                RefusedError(f"the log of {error.args[0]} no longer holds the committed offset: records were lost")
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, it must end the process and not only this task
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self.parent_loop.call_soon_threadsafe(self.app.engine.fail, error)

    async def _fetched(self) -> list[Chunk]:
        """Take what has been fetched, as chunks; nothing in here waits, so no change of generation can come between."""
        fetcher = self._ensure_consumer()._fetcher
        member = self.member()
        # A gate left from a former generation stays shut: its partition has not been sought yet, if it is ours at all.
        wanted = {partition for partition, gate in self._gates.items() if gate.open and gate.member == member}
        if not wanted or member.generation < 0:
            return []
        fetched = await fetcher.fetched_records(wanted, timeout=0)
        if self.member() != member:
            # Cannot be: see above. If it is, the records are not ours, and the next generation seeks anyway.
            return []
        positions = self._positions(wanted)
        chunks = [self._chunk(partition, records, member, positions) for partition, records in fetched.items()]
        for partition in fetched:
            # A fetch may bring no more than a marker; a chunk starts where the chunk before it ended.
            self._gates[partition].position = positions[partition]
        last = len(chunks) - 1
        return [chunk._replace(following=last - number) for number, chunk in enumerate(chunks)]

    def _chunk(
        self, partition: TopicPartition, records: list[Any], member: GroupMember, ends: Mapping[TopicPartition, int]
    ) -> Chunk:
        gate = self._gates[partition]
        size = chunk_size(records)
        gate.fetched(size)
        return Chunk(partition.partition, member, gate.era, gate.position, ends[partition], records, size)

    def _positions(self, partitions: set[TopicPartition]) -> dict[TopicPartition, int]:
        assignment = self._ensure_consumer()._subscription.subscription.assignment
        states = {partition: assignment.state_value(partition) for partition in partitions}
        return {partition: state.position for partition, state in states.items() if state and state.has_valid_position}

    async def _more(self) -> None:
        """Wait for a fetch or a change of the gates; while records come, let the broker gather them."""
        settings = self.app.engine.settings
        fetcher = self._ensure_consumer()._fetcher
        self._waiter = fetcher._create_fetch_waiter()
        done, _ = await asyncio.wait([self._waiter], timeout=1.0)
        if done:
            fetcher._fetch_max_wait_ms, fetcher._fetch_min_bytes = settings.gather_ms, settings.gather_bytes
        else:
            self._waiter.cancel()
            fetcher._fetch_max_wait_ms, fetcher._fetch_min_bytes = self._idle_ms, 1

    async def ends(self) -> dict[TopicPartition, int]:
        """Return the partitions read to their last stable offset, as of their latest fetch: where the last chunk ended.

        Asked in the consumer's thread, so that no fetch comes between the two looks.
        """
        return cast("dict[TopicPartition, int]", await self.call_thread(self._ends))

    async def _ends(self) -> dict[TopicPartition, int]:
        member = self.member()
        open_gates = {partition: gate for partition, gate in self._gates.items() if gate.open and gate.member == member}
        positions = self._positions(set(open_gates))
        stable = {partition: self.stable_offset(partition)[0] for partition in positions}
        return {
            partition: open_gates[partition].position
            for partition, position in positions.items()
            if (end := stable[partition]) is not None and position >= end
        }

    def stable_offset(self, partition: TopicPartition) -> tuple[int | None, int | None]:
        """Return the last stable offset of the latest fetch, and when that was (Unix time, ms); in any thread."""
        consumer = self._consumer
        subscription = consumer and consumer._subscription.subscription
        assignment = subscription and subscription.assignment
        state = assignment and assignment.state_value(partition)
        return (state.lso, state.timestamp) if state else (None, None)


class ChunkConsumer(driver.Consumer):
    """Faust's side of the consumer: what the thread has sent becomes messages."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Start with an empty inbox."""
        super().__init__(*args, **kwargs)
        self._inbox: deque[Chunk] = deque()
        self._filled = asyncio.Event()

    def _new_consumer_thread(self) -> ChunkThread:
        return ChunkThread(self, loop=self.loop, beacon=self.beacon)

    def arrived(self, chunks: list[Chunk]) -> None:
        """Take chunks from the thread."""
        self._inbox.extend(chunks)
        self._filled.set()

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109 - Faust's
        """Return messages while the flow is on; come back after `timeout` without any, so that a stop is noticed."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        while self.flow_active and not self.should_stop:
            if not self._inbox:
                self._filled.clear()
                try:
                    await asyncio.wait_for(self._filled.wait(), timeout)
                except TimeoutError:
                    return
            while self._inbox and self.flow_active:
                chunk = self._inbox.popleft()
                partition = TP(self.app.engine.job.source, chunk.partition)
                yield partition, self._to_message(partition, chunk)

    def _to_message(self, tp: TP, record: Chunk) -> ConsumerMessage:
        offset = record.end - 1
        generation = record.member.generation
        return ConsumerMessage(
            tp.topic, tp.partition, offset, 0.0, 0, (), None, record, None, 0, 0, tp, generation_id=generation
        )

    async def perform_seek(self) -> None:
        """Open the gates where the tables stand; Faust would ask the group, and reset what it does not know."""
        self._inbox.clear()
        await self.app.engine.open_gates(self._thread)

    def on_buffer_full(self, tp: TP) -> None:
        """Ignore Faust's own back-pressure: the lanes are bounded by bytes."""


class ChunkTransport(driver.Transport):
    """aiokafka's transport with our consumer."""

    Consumer = ChunkConsumer


class ChunkSchema(faust.Schema):
    """Returns the chunk itself; nothing here can fail, so no record is lost to a decoder."""

    def loads_key(self, _app: Any, _message: Any, **_ignored: Any) -> None:
        """Return no key: a chunk has none."""

    def loads_value(self, _app: Any, message: Any, **_ignored: Any) -> Chunk:
        """Return the chunk."""
        return cast("Chunk", message.value)

"""Sending dead letters again: unchanged, to the topic they came from, each with a mark in the same transaction."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced

from agents.kafka.clients import make_producer, stop_producer
from agents.kafka.connection import Connection
from agents.kafka.log_reader import open_reader
from agents.ops.dead_letters.ledger import Ledger
from agents.ops.dead_letters.letter import Letter, LetterPlace, headers_to_send, letter_of
from agents.ops.dead_letters.letter_errors import FencedRetryError, NoSuchLetterError
from agents.ops.dead_letters.letter_reader import find_partitions, find_spans, read_ledger, read_records
from agents.ops.dead_letters.listing import read_places
from stream.partition import partition_of
from stream.records import Record
from stream.topics import TOPIC_RECORD_BYTES, Topics

TRANSACTION_RECORDS: Final = 500
TRANSACTION_BYTES: Final = 4_000_000
"""Limits of a transaction: readers wait for its end."""

TRANSACTION_SECONDS: Final = 30.0
ABORT_SECONDS: Final = 5.0
FRAME_BYTES: Final = 128
"""Most bytes that Kafka adds to the key, value and headers of a lone record; 10 more for each header."""

BEFORE: Final = {
    False: None,
    True: "sent again before; --again sends them once more",
    None: "whether they were sent again before cannot be read; --again sends them",
}

Sent = Callable[[int], None]
"""Called with the number of records that are committed so far."""


class RetrySelection(msgspec.Struct, frozen=True):
    """Which letters to send again: those of some codes, those at some places, or all."""

    codes: frozenset[str] = frozenset()
    places: frozenset[LetterPlace] = frozenset()
    again: bool = False
    """Also those that were sent again before."""

    def takes(self, letter: Letter) -> bool:
        """Return whether a letter is selected, whether marked or not."""
        return (not self.codes or letter.error in self.codes) and (not self.places or letter.place in self.places)


class RetryPlan:
    """The letters to send, counted by code, and those left out, counted by reason."""

    def __init__(self) -> None:
        self.places: list[LetterPlace] = []
        self.counts: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.complaints: list[str] = []
        """A sentence for each row of marks that cannot be read."""


async def plan_retry(connection: Connection, topics: Topics, selection: RetrySelection) -> RetryPlan:
    """Return the letters to send, up to the present end. Raise NoSuchLetterError for a place without one."""
    partitions = await find_partitions(connection, topics)
    ledger = await read_ledger(connection, topics)
    plan, missing = RetryPlan(), set(selection.places)
    plan.complaints = ledger.complaints
    async with open_reader(connection) as reader:
        spans = await find_spans(reader, topics.dead_letters, partitions, None)
        async for record in read_records(reader, topics.dead_letters, spans):
            letter = letter_of(record)
            if not selection.takes(letter):
                continue
            missing.discard(letter.place)
            reason = why_not(record, letter, topics.shipments)
            if reason is None and not selection.again:
                reason = BEFORE[ledger.sent(letter.place)]
            if reason is None:
                plan.places.append(letter.place)
                plan.counts[letter.error] += 1
            else:
                plan.left_out[reason] += 1
    if missing:
        raise NoSuchLetterError(f"no dead letter at {', '.join(map(str, sorted(missing)))}; nothing was sent")
    return plan


def why_not(record: Record, letter: Letter, shipments: str) -> str | None:
    """Return why a letter cannot be sent again, or None."""
    if letter.source is None:
        return "not put there by Tallygate"
    if letter.source.topic != shipments:
        return f"not from {shipments}"
    if record.key is None and record.value is None:
        return "neither key nor value: there is nothing to send"
    if sent_bytes(record) > TOPIC_RECORD_BYTES:
        return "too large for the topic with the header that is added"
    return None


def sent_bytes(record: Record) -> int:
    """Return the size of a record when it is sent again, or a little more."""
    headers = sum(len(name.encode()) + len(value or b"") + 10 for name, value in headers_to_send(record))
    return FRAME_BYTES + len(record.key or b"") + len(record.value or b"") + headers


async def send_again(
    connection: Connection, topics: Topics, places: Collection[LetterPlace], sent: Sent, *, again: bool = False
) -> int:
    """Send the letters at these places; return how many. A batch is sent and marked as a whole, or not at all."""
    count = 0
    async with _open_producer(connection, topics) as producer:
        # From here on no other retry can send, so the marks do not change.
        ledger = await read_ledger(connection, topics)
        left = [place for place in places if again or ledger.sent(place) is False]
        ledger.forget(await _starts(connection, topics))
        async for batch in _batches(read_places(connection, topics.dead_letters, left)):
            ledger.mark(LetterPlace(record.partition, record.offset) for record in batch)
            try:
                await _send_batch(producer, topics, batch, ledger)
            except ProducerFenced:
                raise FencedRetryError(count) from None
            count += len(batch)
            sent(count)
    return count


async def _starts(connection: Connection, topics: Topics) -> dict[int, int]:
    partitions = await find_partitions(connection, topics)
    async with open_reader(connection) as reader:
        spans = await find_spans(reader, topics.dead_letters, partitions, None)
    return {number: first for number, (first, _end) in spans.items()}


async def _batches(records: AsyncIterator[Any]) -> AsyncIterator[list[Any]]:
    batch: list[Any] = []
    held = 0
    async for record in records:
        batch.append(record)
        held += sent_bytes(record)
        if len(batch) >= TRANSACTION_RECORDS or held >= TRANSACTION_BYTES:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


@asynccontextmanager
async def _open_producer(connection: Connection, topics: Topics) -> AsyncIterator[AIOKafkaProducer]:
    """Return a producer with the transactional id of retries; it fences an older one and aborts its transaction."""
    producer = make_producer(
        connection,
        transactional_id=f"{topics.prefix}.dead-letters-retry",
        transaction_timeout_ms=10_000,
        max_request_size=2 * TOPIC_RECORD_BYTES,
    )
    try:
        async with asyncio.timeout(TRANSACTION_SECONDS):
            await producer.start()
            # An empty transaction, since the first one waits until the broker has authorised the producer.
            await producer.begin_transaction()
            await producer.commit_transaction()
        yield producer
    finally:
        await stop_producer(producer, ABORT_SECONDS)


async def _send_batch(producer: AIOKafkaProducer, topics: Topics, batch: Sequence[Any], ledger: Ledger) -> None:
    partitions = len(await producer.partitions_for(topics.shipments))
    await producer.begin_transaction()
    try:
        async with asyncio.timeout(TRANSACTION_SECONDS):
            waiting = [
                await producer.send(
                    topics.shipments, record.value, record.key, partition_to(record, partitions),
                    headers=headers_to_send(record),
                )
                for record in batch
            ]  # fmt: skip
            for partition, key, row in ledger.changes():
                waiting.append(await producer.send(topics.control, row, key, partition))
            # aiokafka commits although a batch failed, so each future is checked.
            await asyncio.gather(*waiting)
            await producer.commit_transaction()
    except BaseException:
        # A fenced or committing transaction cannot be aborted; aiokafka raises AssertionError then.
        with suppress(TimeoutError, KafkaError, AssertionError):
            async with asyncio.timeout(ABORT_SECONDS):
                await producer.abort_transaction()
        raise


def partition_to(record: Record, partitions: int) -> int:
    """Return the partition of the shipments topic: murmur2 of the key; without a key, the original partition."""
    if record.key is not None:
        return partition_of(record.key, partitions)
    source = letter_of(record).source
    return source.partition % partitions if source else 0

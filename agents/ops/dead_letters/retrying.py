"""Sending dead letters again: as they came, to where they came from, each with a mark in the same transaction."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced

from agents.kafka.connection import Connection
from agents.ops.dead_letters.ledger import Ledger
from agents.ops.dead_letters.letter import Letter, LetterPlace, headers_to_send, letter_of
from agents.ops.dead_letters.letter_errors import FencedRetryError, NoSuchLetterError
from agents.ops.dead_letters.letter_reader import find_partitions, find_spans, open_reader, read_ledger, read_records
from agents.ops.dead_letters.listing import read_places
from stream.partition import partition_of
from stream.records import Record
from stream.topics import TOPIC_RECORD_BYTES, Topics

PORTION_RECORDS: Final = 500
PORTION_BYTES: Final = 4_000_000
"""A transaction is no larger: readers wait for its end."""

TRANSACTION_SECONDS: Final = 30.0
ABORT_SECONDS: Final = 5.0
FRAME_BYTES: Final = 128
"""What Kafka puts around the key, value and headers of a lone record, at most; for each header 10 more."""

BEFORE: Final = {
    False: None,
    True: "sent again before; --again sends them once more",
    None: "whether they were sent again before cannot be read; --again sends them",
}

Sent = Callable[[int], None]
"""Told how many records are sent for good so far."""


class Selection(msgspec.Struct, frozen=True):
    """Which letters to send again; one of the first two, or every letter."""

    codes: frozenset[str] = frozenset()
    places: frozenset[LetterPlace] = frozenset()
    again: bool = False
    """Those as well that were sent again before."""

    def takes(self, letter: Letter) -> bool:
        """Whether a letter is selected, marked or not."""
        return (not self.codes or letter.error in self.codes) and (not self.places or letter.place in self.places)


class Plan:
    """What would be sent, by code, and what is left out, by reason."""

    def __init__(self) -> None:
        self.places: list[LetterPlace] = []
        self.counts: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.complaints: list[str] = []
        """A sentence for each row of marks that cannot be read."""


async def plan_retry(connection: Connection, topics: Topics, selection: Selection) -> Plan:
    """Read the dead letters up to their present end, and choose. Raise NoSuchLetterError for a place with none."""
    partitions = await find_partitions(connection, topics)
    ledger = await read_ledger(connection, topics)
    plan, missing = Plan(), set(selection.places)
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
    """Say why a letter cannot be sent again, or None."""
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
    """Return how large the record is when it is sent again, or a little more."""
    headers = sum(len(name.encode()) + len(value or b"") + 10 for name, value in headers_to_send(record))
    return FRAME_BYTES + len(record.key or b"") + len(record.value or b"") + headers


async def send_again(
    connection: Connection, topics: Topics, places: Collection[LetterPlace], sent: Sent, *, again: bool = False
) -> int:
    """Send the letters at these places; give how many. Each portion is all sent and marked, or not at all."""
    count = 0
    async with _open_producer(connection, topics) as producer:
        # From here on no other retry can send, so the marks are what they will be.
        ledger = await read_ledger(connection, topics)
        left = [place for place in places if again or ledger.sent(place) is False]
        ledger.forget(await _starts(connection, topics))
        async for portion in _portions(read_places(connection, topics.dead_letters, left)):
            ledger.mark(LetterPlace(record.partition, record.offset) for record in portion)
            try:
                await _send_portion(producer, topics, portion, ledger)
            except ProducerFenced:
                raise FencedRetryError(count) from None
            count += len(portion)
            sent(count)
    return count


async def _starts(connection: Connection, topics: Topics) -> dict[int, int]:
    partitions = await find_partitions(connection, topics)
    async with open_reader(connection) as reader:
        spans = await find_spans(reader, topics.dead_letters, partitions, None)
    return {number: first for number, (first, _end) in spans.items()}


async def _portions(records: AsyncIterator[Any]) -> AsyncIterator[list[Any]]:
    portion: list[Any] = []
    held = 0
    async for record in records:
        portion.append(record)
        held += sent_bytes(record)
        if len(portion) >= PORTION_RECORDS or held >= PORTION_BYTES:
            yield portion
            portion, held = [], 0
    if portion:
        yield portion


@asynccontextmanager
async def _open_producer(connection: Connection, topics: Topics) -> AsyncIterator[AIOKafkaProducer]:
    """Return a producer under the one transactional id of retries: an older one is fenced, and what it left aborted."""
    producer = AIOKafkaProducer(
        **connection.arguments(),
        transactional_id=f"{topics.prefix}.dead-letters-retry",
        transaction_timeout_ms=10_000,
        enable_idempotence=True,
        acks="all",
        max_request_size=2 * TOPIC_RECORD_BYTES,
    )
    try:
        async with asyncio.timeout(TRANSACTION_SECONDS):
            await producer.start()
            # An empty transaction: the first waits until the broker has let us in.
            await producer.begin_transaction()
            await producer.commit_transaction()
        yield producer
    finally:
        # Where the broker is away there is nobody to say goodbye to.
        with suppress(TimeoutError, KafkaError):
            async with asyncio.timeout(ABORT_SECONDS):
                await producer.stop()


async def _send_portion(producer: AIOKafkaProducer, topics: Topics, portion: Sequence[Any], ledger: Ledger) -> None:
    partitions = len(await producer.partitions_for(topics.shipments))
    await producer.begin_transaction()
    try:
        async with asyncio.timeout(TRANSACTION_SECONDS):
            waiting = [
                await producer.send(
                    topics.shipments, record.value, record.key, partition_to(record, partitions),
                    headers=headers_to_send(record),
                )
                for record in portion
            ]  # fmt: skip
            for partition, key, row in ledger.changes():
                waiting.append(await producer.send(topics.control, row, key, partition))
            # A failed batch does not fail aiokafka's commit, so each is looked at.
            await asyncio.gather(*waiting)
            await producer.commit_transaction()
    except BaseException:
        # What was fenced or is being committed cannot be aborted; aiokafka asserts it.
        with suppress(TimeoutError, KafkaError, AssertionError):
            async with asyncio.timeout(ABORT_SECONDS):
                await producer.abort_transaction()
        raise


def partition_to(record: Record, partitions: int) -> int:
    """Return the partition of the shipments topic: murmur2 of the key; without a key, where it was."""
    if record.key is not None:
        return partition_of(record.key, partitions)
    source = letter_of(record).source
    return source.partition % partitions if source else 0

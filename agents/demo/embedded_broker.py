"""The embedded broker: librdkafka's mock broker, which comes inside the confluent-kafka wheel, in a process of its own.

It knows produce, fetch, groups and transactions, needs no Java and starts at once. It is not Kafka: it keeps little,
returns open transactions to every reader, and forgets offsets that were committed in a transaction. Only the demo may
use it, and it proves nothing about exactly once.

As a module it hosts the broker: it takes the topics' names, prints the address, and ends when its input ends.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from agents.demo.agenda import Planned
from agents.demo.demo_errors import BrokerError, DayTooLargeError, LogMovedError
from stream.partition import partition_of

PARTITIONS: Final = 4
"""Partitions of every topic of this broker; the number is fixed."""

PARTITION_BYTES_MAX: Final = 5 * 1024 * 1024
"""What it keeps of a partition; it silently drops older batches (`max_size` in librdkafka's rdkafka_mock.c)."""

COMPRESSED: Final = 1.5
"""Shipment events are at least this many times smaller in the log; at the usual pace about 2 times."""

DECISIONS_BYTES: Final = 650
"""Bytes of decisions in the log for each shipment record; at the usual pace it is about 500, and no topic has more."""

_START_SECONDS: Final = 20.0
_STOP_SECONDS: Final = 5.0
_LINGER_SECONDS: Final = 3.0
"""When the demo dies, its workers still need a broker to end in order."""


@asynccontextmanager
async def embedded_broker(topics: Sequence[str]) -> AsyncIterator[str]:
    """Run the embedded broker with these topics; return its address."""
    # In its own session: Ctrl-C goes to the demo, which stops its children in the right order.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, *topics,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert process.stdin is not None  # noqa: S101 - asked for above
    assert process.stdout is not None  # noqa: S101 - as well
    try:
        address = (await asyncio.wait_for(process.stdout.readline(), _START_SECONDS)).decode().strip()
        if not address:
            raise BrokerError("the embedded broker did not start")
        yield address
    finally:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


def fitting(day: Iterable[Planned]) -> Iterator[Planned]:
    """Return the day's records. Raise DayTooLargeError at one too many: the broker would silently drop the first."""
    shipments: Counter[int] = Counter()
    bills = decisions = 0.0
    for planned in day:
        bills += planned.kind == "bill.manifested"
        decisions += DECISIONS_BYTES / PARTITIONS
        partition = partition_of(planned.key, PARTITIONS)
        # The one record that is too large is mostly blanks, which compress well.
        shipments[partition] += min(len(planned.value), 2_000)
        if max(decisions, shipments[partition] / COMPRESSED) > PARTITION_BYTES_MAX:
            raise DayTooLargeError(
                f"the embedded broker keeps 5 MiB a partition, about {bills // 1000:.0f},000 bills; "
                "for a larger day give it a Kafka with --broker"
            )
        yield planned


def check_log_starts(starts: Mapping[Any, int]) -> None:
    """Raise LogMovedError if a partition (topic, number) no longer starts at 0: the broker has dropped records."""
    moved = sorted(f"{topic}/{partition}" for (topic, partition), start in starts.items() if start > 0)
    if moved:
        raise LogMovedError(f"the embedded broker dropped records of {', '.join(moved)}; try fewer bills")


def host(topics: Sequence[str]) -> None:
    """Host the broker in this process until standard input ends."""
    from confluent_kafka import Producer  # noqa: PLC0415 - only this process needs librdkafka

    # The broker lives inside this client and dies with it.
    client = Producer({"test.mock.num.brokers": 1, "log_level": 2})
    for topic in topics:
        client.list_topics(topic, timeout=_START_SECONDS)  # a topic appears when its metadata is asked for
    broker = next(iter(client.list_topics(timeout=_START_SECONDS).brokers.values()))
    sys.stdout.write(f"{broker.host}:{broker.port}\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    time.sleep(_LINGER_SECONDS)


if __name__ == "__main__":
    host(sys.argv[1:])

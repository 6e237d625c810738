"""The gateway's producer while there is no Kafka."""

import asyncio
from functools import partial

import pytest

from agents.gateway.http import reconnecting_producer
from agents.gateway.http.reconnecting_producer import ReconnectingProducer
from agents.kafka.backoff import Backoff
from agents.kafka.connection import Connection
from agents.publish.publish_errors import PublishAwayError
from agents.publish.shipment_producer import ShipmentProducer
from agents.tallygate_client.partition_queues import BatchShare, Keyed

NOWHERE = Connection("127.0.0.1:9")
EVENT = Keyed(b"air:1", b"x" * 100)


async def test_what_was_never_connected_publishes_nothing() -> None:
    """Before Kafka was reached publishing fails at once and says so."""
    with pytest.raises(PublishAwayError, match="not been reached yet"):
        await ReconnectingProducer(NOWHERE, "topic", 1).publish([EVENT])


async def test_unreachable_kafka_is_told_and_tried_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While no broker answers it goes on trying, and says in the log once what keeps it from publishing."""
    # Ten tries would take 20 s.
    monkeypatch.setattr(reconnecting_producer, "Backoff", partial(Backoff, longest=0.2))
    tries = 0

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal tries
        tries += 1
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        running = asyncio.create_task(ReconnectingProducer(Connection(f"127.0.0.1:{port}"), "topic", 1).run())
        for _ in range(1_200):
            await asyncio.sleep(0.05)
            if tries >= 10 and "is away" in caplog.text:
                break
        running.cancel()
        await asyncio.wait([running])
    assert tries >= 10
    assert caplog.text.count(f"nothing can be published: Kafka at 127.0.0.1:{port} is away") == 1


async def test_memory_for_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not acknowledged yet counts against a bound, and its room is free again once it is given up."""
    monkeypatch.setattr(reconnecting_producer, "WAITING_BYTES_MAX", 1_000)
    busy = ReconnectingProducer(NOWHERE, "topic", 1)
    producer = ShipmentProducer(NOWHERE, "topic", 1)
    busy.problem, busy._producer = None, producer
    producer._queues._join(0, BatchShare([EVENT] * 9))
    with pytest.raises(PublishAwayError, match="too many events wait"):
        await busy.publish([EVENT] * 2)
    await producer.stop()
    assert producer.waiting_bytes == 0

"""`GET /v1/decisions`: every subscriber gets each decision once, in order, wherever it begins."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from agents.gateway.http.gateway_metrics import GATEWAY
from agents.gateway.live.places import encode_places
from agents.kafka.topic_admin import admin_client
from stream.decisions import Decision
from stream.instants import rfc3339
from tests.integration.gateway_live.auditing import committed, compare
from tests.integration.gateway_live.decision_writer import DecisionWriter
from tests.integration.gateway_live.live_gateway import LiveGateway, live_gateway_on, until
from tests.kafka.harness import KafkaHarness
from tests.redis.server import RedisServer
from tests.unit.observability.scraping import scrape, value

pytestmark = [pytest.mark.kafka, pytest.mark.redis]


def of_conveyance(decision: Decision) -> bool:
    return decision.data.conveyance == "air:2"


def withheld_or_rejected(decision: Decision) -> bool:
    return decision.data.outcome in {"withhold", "reject"}


async def test_each_decision_is_told_once_in_order(
    harness: KafkaHarness, redis_server: RedisServer, tmp_path: Path
) -> None:
    """From now on, from the beginning, with filters, by scope scan: exactly what was committed, aborted ones never."""
    async with live_gateway_on(harness, redis_server, tmp_path) as running:
        await running.commit(100)
        fresh = running.subscriber()
        await until(lambda: fresh.start, "an id before any decision")
        everything = running.subscriber(last=encode_places([0] * 4))
        beginning = running.subscriber("?after=beginning")
        by_conveyance = running.subscriber("?conveyance=air:2")
        by_outcome = running.subscriber("?outcome=withhold&outcome=reject", last=encode_places([0] * 4))
        plain = running.subscriber(scope="scan")
        everyone = (beginning, by_conveyance, by_outcome, plain)
        await until(lambda: all(each.start for each in everyone), "all to be there")
        await running.commit(200)
        await until(lambda: len(everything.told) == len(beginning.told) == 300, "all decisions")
        await until(lambda: len(fresh.told) == 200, "all decisions from now on")
        # A quiet reader's id moves on with decisions that are not for it, and with nothing at all.
        await until(lambda: {fresh.last, by_conveyance.last, by_outcome.last} == {everything.last}, "heartbeats' ids")
        await running.leave()
    rows = committed(harness)
    for subscriber in (fresh, everything):
        compare(rows, subscriber)
    assert [each["bill"] for each in beginning.told] == [each["bill"] for each in everything.told]
    compare(rows, by_conveyance, of_conveyance)
    compare(rows, by_outcome, withheld_or_rejected)
    assert len(plain.told) == 200
    assert not {"consignee", "order", "total_cents", "as_of", "stale"} & plain.told[0].keys()
    assert fresh.heartbeats > 0


async def test_a_reader_begins_at_a_time(harness: KafkaHarness, redis_server: RedisServer, tmp_path: Path) -> None:
    """From an instant on it gets what Kafka has since then; with an id the instant does not matter any more."""
    async with live_gateway_on(harness, redis_server, tmp_path) as running:
        await running.commit(100)
        between = datetime.now(UTC)
        await running.commit(60)
        zone = timezone(timedelta(hours=5))
        queries = (rfc3339(between), between.astimezone(zone).isoformat().replace("+", "%2B"), "1999-01-01T00:00:00Z")
        one, other, all_of_it = (running.subscriber(f"?since={each}") for each in queries)
        late = running.subscriber(f"?since={(between + timedelta(days=1)).isoformat().replace('+', '%2B')}")
        resumed = running.subscriber(f"?since={queries[0]}", last=encode_places(running.live.feed.window.ends))
        await until(lambda: late.start and resumed.connections, "all to be there")
        await running.commit(40)
        await until(lambda: len(all_of_it.told) == 200 and len(one.told) == len(other.told) == 100, "all since then")
        await until(lambda: len(late.told) == len(resumed.told) == 40, "what came last")
    # Their numbers, as the writer counts them.
    assert {each["revision"] for each in one.told} == {each["revision"] for each in other.told} == {*range(101, 201)}
    assert {each["revision"] for each in late.told} == {each["revision"] for each in resumed.told} == {*range(161, 201)}


def deliveries() -> float:
    """Return how many deliveries to readers of events were timed so far."""
    return value(scrape(GATEWAY), "tallygate_gateway_verdict_seconds_count", kind="sse")


async def test_a_resumed_reader_is_timed_once_it_is_up_to_date(
    harness: KafkaHarness, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Neither what was there before the gateway nor what a reader missed is late; what comes from then on is timed."""
    writer = DecisionWriter(harness, rate=0)
    await asyncio.to_thread(writer.commit, 100)
    async with live_gateway_on(harness, redis_server, tmp_path) as running:
        window = running.live.feed.window
        await until(lambda: window.next == 100, "what was there before")
        assert {entry.is_past for entry in window.after(window.first, 100)} == {True}
        running.writer.sent = 100
        await running.commit(100)
        assert {entry.is_past for entry in window.after(window.first + 100, 100)} == {False}
        before = deliveries()
        resumed = running.subscriber(last=encode_places([0] * 4))
        await until(lambda: len(resumed.told) == 200, "all that it missed")
        assert deliveries() == before
        await running.commit(10)
        await until(lambda: len(resumed.told) == 210, "what comes now")
        assert deliveries() > before


async def test_a_subscriber_that_hangs_up_is_no_error(
    harness: KafkaHarness, redis_server: RedisServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its stream counts with the status that it began with, and nothing is logged as a failure."""
    async with live_gateway_on(harness, redis_server, tmp_path) as running:
        before, gone = streams_ended(), running.live.streams.gone
        async with (
            ClientSession() as client,
            client.get(f"{running.address}/v1/decisions", headers=running.setup.bearer("scan")) as response,
        ):
            await response.content.readline()
            assert response.connection is not None
            assert response.connection.transport is not None
            response.connection.transport.abort()
        await running.commit(20)
        await until(lambda: running.live.streams.gone > gone, "the gateway to notice")
        await until(lambda: streams_ended() > before, "the stream to be counted")
        assert streams_ended() == before + 1
    assert [record for record in caplog.records if record.name.startswith("agents.gateway.http")] == []


def streams_ended() -> float:
    """Return how many requests for decisions were counted as answered with 200."""
    labels = {"route": "/v1/decisions", "method": "GET", "status": "200"}
    return value(scrape(GATEWAY), "tallygate_gateway_requests_total", **labels)


async def test_resuming_goes_over_kafka_where_the_window_is_short(
    harness: KafkaHarness, redis_server: RedisServer, tmp_path: Path
) -> None:
    """A dozen readers from various places, over two replay consumers, under load: handed over without gap or repeat."""
    async with live_gateway_on(harness, redis_server, tmp_path, window_records=100, replays=2) as running:
        await running.commit(600)
        first = running.subscriber(last=encode_places([0] * 4))
        await until(lambda: len(first.told) == 600, "all from the beginning")
        starts = [encode_places([0, 0, each * 11, each * 7]) for each in range(12)]
        resuming = [running.subscriber(last=start) for start in starts]
        playing = asyncio.create_task(running.commit(600))
        await until(lambda: all(each.told for each in resuming), "all to have their turn")
        await playing
        window, readers = running.live.feed.window, [first, *resuming]
        await until(lambda: {each.last for each in readers} == {window.id.decode()}, "all to be at the end")
        await running.leave()
    rows = committed(harness)
    assert len(rows) == 1_200
    for subscriber in readers:
        compare(rows, subscriber)
        assert subscriber.problems == []


async def get(running: LiveGateway, client: ClientSession, place: str) -> tuple[int, dict[str, Any]]:
    """Ask for decisions after a place that will not do; return the problem."""
    url = f"{running.address}/v1/decisions"
    async with client.get(url, params={"after": place}, headers=running.setup.bearer("scan")) as response:
        assert response.content_type == "application/problem+json"
        return response.status, await response.json(content_type=None)


async def test_places_that_will_not_do_are_refused(
    harness: KafkaHarness, redis_server: RedisServer, tmp_path: Path
) -> None:
    """410 for a place older than the log, beyond its end or of other partitions; 400 for what is no place."""
    async with (
        live_gateway_on(harness, redis_server, tmp_path, window_records=100) as running,
        ClientSession() as client,
    ):
        await running.commit(400)
        await until(lambda: running.live.feed.window.first > 0, "the window to move on")
        ends = running.live.feed.window.ends
        async with admin_client(harness.connection) as admin:
            topic = harness.topics.decisions
            await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=ends[0] // 2)})
        found = [
            await get(running, client, place)
            for place in (
                encode_places([0, *ends[1:]]), encode_places([*ends[:3], ends[3] + 1_000]), encode_places(ends[:3]),
                "2.0.0.0.0", "1", "1.x.0.0.0", "1.0.0.0.fffffffffffffffff", "Beginning",
            )
        ]  # fmt: skip
        wrong = ("outcome=lost", "since=yesterday", "since=2025-08-20T12:00:00", "since=2025-02-30T12:00:00Z")
        for query in (*wrong, "since=2025-08-20T12:00:00Z&after=beginning"):
            async with client.get(
                f"{running.address}/v1/decisions?{query}", headers=running.setup.bearer("scan")
            ) as response:
                assert response.status == 400
    assert [status for status, _ in found] == [410, 410, 410, 400, 400, 400, 400, 400]
    assert "no longer goes back" in found[0][1]["detail"]
    assert "beyond the end" in found[1][1]["detail"]


async def test_another_topic_ends_all_streams(harness: KafkaHarness, redis_server: RedisServer, tmp_path: Path) -> None:
    """Where the feed's place is gone it starts again, and no client goes on as if nothing had happened."""
    async with live_gateway_on(harness, redis_server, tmp_path) as running:
        await running.commit(50)
        subscriber, scanner = running.subscriber(), running.scanner("ACME0001", again=False)
        await until(lambda: subscriber.start and scanner.beats, "both to be there")
        topic = harness.topics.decisions
        plan = next(plan for plan in harness.topics.plans() if plan.name == topic)
        async with admin_client(harness.connection) as admin:
            await admin.delete_topics([topic])
        await asyncio.to_thread(
            harness.create_topics, 4, [each.name for each in harness.topics.plans() if each != plan]
        )
        await until(lambda: scanner.codes, "the scanner to be told")
        await until(lambda: 410 in subscriber.statuses, "the subscriber to be refused its old place")
        assert scanner.codes == [1012]
        assert [each["status"] for each in subscriber.problems if each["status"] != 503] == [410, 410]
        await until(lambda: running.live.feed.live, "the feed to have started again")

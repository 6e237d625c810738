"""`GET /v1/scan`: a verdict at once, every change of it, limits, and how a connection is ended from our side."""

import asyncio
import json
from pathlib import Path

import pytest
from aiohttp import ClientSession, WSMsgType

from agents.gateway.http.token_file import revoke_token
from agents.gateway.live import scan_socket, sse
from stream.reasons import STALE_LINE, UNKNOWN_LINE
from tests.integration.gateway_live.auditing import committed, compare, count_gos, lives_of, shows_all
from tests.integration.gateway_live.decision_writer import bill_of, writing
from tests.integration.gateway_live.listening import Json
from tests.integration.gateway_live.live_gateway import LiveGateway, live_gateway_on, until
from tests.integration.readmodel.projections import read_model_on
from tests.kafka.harness import KafkaHarness
from tests.redis.server import RedisServer

pytestmark = [pytest.mark.kafka, pytest.mark.redis]


async def test_verdicts_come_at_once_and_with_every_change(
    harness: KafkaHarness, own_redis: RedisServer, tmp_path: Path
) -> None:
    """Two scanners of one bill, one of many, one auditor: each is shown the truth, and in the end the last of it."""
    with read_model_on(harness, own_redis) as read_model:
        read_model.project()
        async with live_gateway_on(harness, own_redis, tmp_path) as running:
            await running.commit(200)
            with writing(harness, 100) as (writer, seen):
                scanners = [
                    running.scanner(bill_of(1)), running.scanner("acme-0001"),
                    running.scanner(*map(bill_of, range(20))),
                    running.scanner(bill_of(2), scope="audit"),
                ]  # fmt: skip
                scanners[1].bills = [bill_of(1)]  # as it is folded
                await until(lambda: writer.sent >= 500, "changes")
                writer.ended.set()
            rows = committed(harness)
            lives = lives_of(rows, seen, writer.begun_ms | running.writer.begun_ms)
            await until(lambda: all(shows_all(each, lives) for each in scanners), "the last verdicts")
            await running.leave()
    assert sum(count_gos(lives, each) for each in scanners) > 0
    first, audited = scanners[0].shown[0][1], scanners[3].shown[-1][1]
    assert first["changed"] is False
    assert "consignee" not in first
    assert audited["changed"] is True
    assert audited["consignee"] == "na2:a"
    assert [each["conveyance"] for each in audited["conveyances"]] != [audited["conveyance"]]


async def ask(running: LiveGateway, *messages: str | bytes, scope: str = "scan") -> list[Json]:
    """Send messages over a connection of its own, one after another; return what came back, greeting and all."""
    found: list[Json] = []
    url, headers = f"{running.address}/v1/scan", running.setup.bearer(scope)
    async with ClientSession() as client, client.ws_connect(url, headers=headers) as socket:
        found.append(await socket.receive_json())
        for message in messages:
            await (socket.send_str(message) if isinstance(message, str) else socket.send_bytes(message))
            while (answer := await socket.receive_json())["type"] == "heartbeat":
                pass
            found.append(answer)
    return found


async def test_what_is_not_known_is_held(harness: KafkaHarness, own_redis: RedisServer, tmp_path: Path) -> None:
    """An unknown bill is HOLD; so is every bill while Redis is empty or away, until it and the feed make one whole."""
    async with live_gateway_on(harness, own_redis, tmp_path) as running:
        await running.commit(30)
        hello, known, unknown = await ask(running, json.dumps({"bill": bill_of(1)}), '{"bill": "NOSUCH1"}')
        assert (hello["type"], hello["heartbeat_seconds"]) == ("hello", 1)
        for verdict in (known, unknown):  # Redis is empty, no projection runs
            assert (verdict["action"], verdict["line"], verdict["stale"]) == ("HOLD", STALE_LINE, True)
        scanner = running.scanner(bill_of(1), "NOSUCH1")
        with read_model_on(harness, own_redis) as read_model:
            read_model.project()
            await until(lambda: scanner.last("NOSUCH1").get("stale") is False, "Redis to be filled")
        assert (scanner.last("NOSUCH1")["action"], scanner.last("NOSUCH1")["line"]) == ("HOLD", UNKNOWN_LINE)
        await until(lambda: scanner.last(bill_of(1))["action"] == "GO", "the bill to be shown")
        own_redis.kill()
        # What is watched goes on by the feed alone; what is new is held.
        await running.commit(30)
        await until(lambda: scanner.last(bill_of(1))["action"] == "HOLD", "the change")
        assert scanner.last(bill_of(1))["stale"] is False
        _, other = await ask(running, json.dumps({"bill": bill_of(2)}))
        assert (other["action"], other["stale"]) == ("HOLD", True)


async def test_messages_that_will_not_do_are_answered(
    harness: KafkaHarness, redis_server: RedisServer, tmp_path: Path
) -> None:
    """What is no JSON, no text, no bill number gets an error, the connection goes on; the oldest bill is let go."""
    async with live_gateway_on(harness, redis_server, tmp_path, watched_bills=2) as running:
        found = await ask(running, "GO", b"x", "{}", '{"bill": 7}', '{"bill": "!"}', '{"bill": "ACME1"}')
        assert [each.get("status") for each in found] == [None, 400, 400, 400, 400, 400, None]
        scanner = running.scanner("ACME1", "ACME2", "ACME1", "ACME3")
        await until(lambda: scanner.errors, "the oldest to be let go")
        assert [(each["status"], each["bill"]) for each in scanner.errors] == [(429, "ACME2")]
        await running.leave()
        await until(lambda: not len(running.live.watches) and not len(running.live.streams), "everything to be let go")


async def test_streams_are_limited(harness: KafkaHarness, redis_server: RedisServer, tmp_path: Path) -> None:
    """One token's share and the sum of all are limited, scanners by 4429 and readers by 429; who goes makes room."""
    async with live_gateway_on(harness, redis_server, tmp_path, streams=3, streams_per_token=2) as running:
        first, second = running.scanner("ACME1"), running.scanner("ACME2")
        await until(lambda: first.beats and second.beats, "two scanners")
        third = running.scanner("ACME3", again=False)
        await until(lambda: third.codes, "the third to be refused")
        assert third.codes == [4429]
        reader = running.subscriber(scope="audit")
        await until(lambda: reader.connections, "another token's reader")
        refused = running.subscriber(scope="audit")
        await until(lambda: refused.statuses, "a fourth stream to be refused")
        assert refused.problems[0]["status"] == refused.statuses[0] == 429
        await running.leave()
        await until(lambda: not len(running.live.streams), "room")


async def test_a_revoked_token_ends_its_streams(
    harness: KafkaHarness, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Scanner and reader of a revoked token are ended, others go on."""
    async with live_gateway_on(harness, redis_server, tmp_path) as running:
        scanner, reader = running.scanner("ACME1", again=False), running.subscriber(scope="scan")
        other = running.scanner("ACME1", scope="audit")
        await until(lambda: scanner.beats and reader.start and other.beats, "all to be there")
        revoke_token(running.setup.tokens_file, running.setup.ids["scan"])
        await until(lambda: scanner.codes and reader.problems, "both to be ended")
        assert scanner.codes == [4401]
        assert reader.problems[0]["status"] == 401
        assert other.codes == []


async def test_a_gateway_that_stops_says_so(harness: KafkaHarness, redis_server: RedisServer, tmp_path: Path) -> None:
    """Scanners are closed with 1001, readers with a last event."""
    async with live_gateway_on(harness, redis_server, tmp_path) as running:
        scanner, reader = running.scanner("ACME1", again=False), running.subscriber()
        await until(lambda: scanner.beats and reader.start, "both to be there")
        running.live.streams.stop()
        await until(lambda: scanner.codes and reader.problems, "both to be told")
        assert scanner.codes == [1001]
        assert reader.problems[0]["title"] == "Going away"


async def test_slow_readers_are_cut_off(
    harness: KafkaHarness, redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scanner and a reader that read nothing are cut off with the reason; one beside them misses nothing."""
    monkeypatch.setattr(scan_socket, "CLOSE_SECONDS", 20.0)
    monkeypatch.setattr(sse, "LAST_SECONDS", 20.0)
    limits = {"queue_messages": 600, "window_records": 1_000, "write_seconds": 1}
    async with (
        live_gateway_on(harness, redis_server, tmp_path, **limits) as running,
        ClientSession(read_bufsize=1_024) as client,
    ):
        beside = running.subscriber()
        await until(lambda: beside.start, "the reader beside")
        headers = running.setup.bearer("audit")
        async with (
            client.ws_connect(f"{running.address}/v1/scan", headers=headers) as socket,
            client.get(f"{running.address}/v1/decisions", headers=headers) as response,
        ):
            for number in range(30):
                await socket.send_json({"bill": bill_of(number)})
            await until(lambda: len(running.live.watches) == 30, "the scanner to watch")
            assert socket._conn is not None
            for connection in (socket._conn, response.connection):
                assert connection is not None
                connection.transport.pause_reading()  # type: ignore[union-attr]
            while [stream.kind for stream in running.live.streams._open if not stream.ending.done()] != ["sse"]:
                await running.commit(200)
                assert running.writer.sent < 10_000
            for connection in (socket._conn, response.connection):
                assert connection is not None
                connection.transport.resume_reading()  # type: ignore[union-attr]
            async for message in socket:
                assert message.type is WSMsgType.TEXT
            assert socket.close_code == 4408
            text = (await asyncio.wait_for(response.content.read(), 30)).decode()
        assert text.rpartition("event: error\ndata: ")[2].startswith('{"type":"about:blank","status":408')
        await until(lambda: len(beside.told) == running.writer.sent, "the reader beside to hear all")
        await running.leave()
    compare(committed(harness), beside)


async def test_a_request_waits_for_a_bill_that_was_just_published(
    harness: KafkaHarness, own_redis: RedisServer, tmp_path: Path
) -> None:
    """It is answered as soon as the feed has the decision, with 404 when the time is over, and counts as a stream."""
    with read_model_on(harness, own_redis) as read_model:
        read_model.project()
        read_model.settle()
        async with (
            live_gateway_on(harness, own_redis, tmp_path, streams=1) as running,
            ClientSession(running.address, headers=running.setup.bearer("scan")) as client,
        ):

            async def asked(bill: str, wait: str) -> tuple[int, Json]:
                async with client.get(f"/v1/bills/{bill}", params={"wait": wait}) as response:
                    return response.status, await response.json(content_type=None)

            first = asyncio.create_task(asked(bill_of(1), "9s"))
            await until(lambda: len(running.live.waits) == 1, "the request to wait")
            assert (await asked("NOSUCH1", "2s"))[0] == 429
            await running.commit(2)
            status, found = await first
            assert (status, found["bill"], found["stale"], found["action"]) == (200, bill_of(1), False, "GO")
            assert (await asked(bill_of(1), "9s"))[1]["action"] == "GO"
            assert [(await asked("NOSUCH1", wait))[0] for wait in ("0.05s", "0s", "2", "soon")] == [404, 404, 400, 400]
            assert (len(running.live.waits), len(running.live.streams)) == (0, 0)

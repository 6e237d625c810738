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
from tests.integration.gateway_live.listening import Json
from tests.integration.gateway_live.play import bill_of, playing
from tests.integration.gateway_live.stand import Stand, standing, until
from tests.integration.readmodel.stage import stage_on
from tests.kafka.field import Field
from tests.redis.server import RedisServer

pytestmark = [pytest.mark.kafka, pytest.mark.redis]


async def test_verdicts_come_at_once_and_with_every_change(
    field: Field, own_redis: RedisServer, tmp_path: Path
) -> None:
    """Two scanners of one bill, one of many, one auditor: each is shown the truth, and in the end the last of it."""
    with stage_on(field, own_redis) as stage:
        stage.project()
        async with standing(field, own_redis, tmp_path) as stand:
            await stand.play(200)
            with playing(field, 100) as (player, seen):
                scanners = [
                    stand.scanner(bill_of(1)), stand.scanner("acme-0001"), stand.scanner(*map(bill_of, range(20))),
                    stand.scanner(bill_of(2), scope="audit"),
                ]  # fmt: skip
                scanners[1].bills = [bill_of(1)]  # as it is folded
                await until(lambda: player.sent >= 500, "changes")
                player.ended.set()
            rows = committed(field)
            lives = lives_of(rows, seen, player.begun_ms | stand.player.begun_ms)
            await until(lambda: all(shows_all(each, lives) for each in scanners), "the last verdicts")
            await stand.leave()
    assert sum(count_gos(lives, each) for each in scanners) > 0
    first, audited = scanners[0].shown[0][1], scanners[3].shown[-1][1]
    assert first["changed"] is False
    assert "consignee" not in first
    assert audited["changed"] is True
    assert audited["consignee"] == "na2:a"
    assert [each["conveyance"] for each in audited["conveyances"]] != [audited["conveyance"]]


async def ask(stand: Stand, *messages: str | bytes, scope: str = "scan") -> list[Json]:
    """Send messages over a connection of its own, one after another; give what came back, greeting and all."""
    found: list[Json] = []
    url, headers = f"{stand.address}/v1/scan", stand.gate.bearer(scope)
    async with ClientSession() as client, client.ws_connect(url, headers=headers) as socket:
        found.append(await socket.receive_json())
        for message in messages:
            await (socket.send_str(message) if isinstance(message, str) else socket.send_bytes(message))
            while (answer := await socket.receive_json())["type"] == "heartbeat":
                pass
            found.append(answer)
    return found


async def test_what_is_not_known_is_held(field: Field, own_redis: RedisServer, tmp_path: Path) -> None:
    """An unknown bill is HOLD; so is every bill while Redis is empty or away, until it and the feed make one whole."""
    async with standing(field, own_redis, tmp_path) as stand:
        await stand.play(30)
        hello, known, unknown = await ask(stand, json.dumps({"bill": bill_of(1)}), '{"bill": "NOSUCH1"}')
        assert (hello["type"], hello["heartbeat_seconds"]) == ("hello", 1)
        for verdict in (known, unknown):  # Redis is empty, nobody projects
            assert (verdict["action"], verdict["line"], verdict["stale"]) == ("HOLD", STALE_LINE, True)
        scanner = stand.scanner(bill_of(1), "NOSUCH1")
        with stage_on(field, own_redis) as stage:
            stage.project()
            await until(lambda: scanner.last("NOSUCH1").get("stale") is False, "Redis to be filled")
        assert (scanner.last("NOSUCH1")["action"], scanner.last("NOSUCH1")["line"]) == ("HOLD", UNKNOWN_LINE)
        await until(lambda: scanner.last(bill_of(1))["action"] == "GO", "the bill to be shown")
        own_redis.kill()
        # What is watched goes on by the feed alone; what is new is held.
        await stand.play(30)
        await until(lambda: scanner.last(bill_of(1))["action"] == "HOLD", "the change")
        assert scanner.last(bill_of(1))["stale"] is False
        _, other = await ask(stand, json.dumps({"bill": bill_of(2)}))
        assert (other["action"], other["stale"]) == ("HOLD", True)


async def test_messages_that_will_not_do_are_answered(field: Field, redis_server: RedisServer, tmp_path: Path) -> None:
    """What is no JSON, no text, no bill number gets an error, the connection goes on; the oldest bill is let go."""
    async with standing(field, redis_server, tmp_path, watched_bills=2) as stand:
        found = await ask(stand, "GO", b"x", "{}", '{"bill": 7}', '{"bill": "!"}', '{"bill": "ACME1"}')
        assert [each.get("status") for each in found] == [None, 400, 400, 400, 400, 400, None]
        scanner = stand.scanner("ACME1", "ACME2", "ACME1", "ACME3")
        await until(lambda: scanner.errors, "the oldest to be let go")
        assert [(each["status"], each["bill"]) for each in scanner.errors] == [(429, "ACME2")]
        await stand.leave()
        await until(lambda: not len(stand.live.watches) and not len(stand.live.streams), "everything to be let go")


async def test_streams_are_limited(field: Field, redis_server: RedisServer, tmp_path: Path) -> None:
    """One token's share and the sum of all are limited, scanners by 4429 and readers by 429; who goes makes room."""
    async with standing(field, redis_server, tmp_path, streams=3, streams_per_token=2) as stand:
        first, second = stand.scanner("ACME1"), stand.scanner("ACME2")
        await until(lambda: first.beats and second.beats, "two scanners")
        third = stand.scanner("ACME3", again=False)
        await until(lambda: third.codes, "the third to be refused")
        assert third.codes == [4429]
        reader = stand.subscriber(scope="audit")
        await until(lambda: reader.connections, "another token's reader")
        refused = stand.subscriber(scope="audit")
        await until(lambda: refused.statuses, "a fourth stream to be refused")
        assert refused.problems[0]["status"] == refused.statuses[0] == 429
        await stand.leave()
        await until(lambda: not len(stand.live.streams), "room")


async def test_a_revoked_token_ends_its_streams(field: Field, redis_server: RedisServer, tmp_path: Path) -> None:
    """Scanner and reader of a revoked token are ended, others go on."""
    async with standing(field, redis_server, tmp_path) as stand:
        scanner, reader = stand.scanner("ACME1", again=False), stand.subscriber(scope="scan")
        other = stand.scanner("ACME1", scope="audit")
        await until(lambda: scanner.beats and reader.start and other.beats, "all to be there")
        revoke_token(stand.gate.tokens_file, stand.gate.ids["scan"])
        await until(lambda: scanner.codes and reader.problems, "both to be ended")
        assert scanner.codes == [4401]
        assert reader.problems[0]["status"] == 401
        assert other.codes == []


async def test_a_gateway_that_stops_says_so(field: Field, redis_server: RedisServer, tmp_path: Path) -> None:
    """Scanners are closed with 1001, readers with a last event."""
    async with standing(field, redis_server, tmp_path) as stand:
        scanner, reader = stand.scanner("ACME1", again=False), stand.subscriber()
        await until(lambda: scanner.beats and reader.start, "both to be there")
        stand.live.streams.stop()
        await until(lambda: scanner.codes and reader.problems, "both to be told")
        assert scanner.codes == [1001]
        assert reader.problems[0]["title"] == "Going away"


async def test_slow_readers_are_cut_off(
    field: Field, redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scanner and a reader that read nothing are cut off with the reason; one beside them misses nothing."""
    monkeypatch.setattr(scan_socket, "CLOSE_SECONDS", 20.0)
    monkeypatch.setattr(sse, "LAST_SECONDS", 20.0)
    limits = {"queue_messages": 600, "window_records": 1_000, "write_seconds": 1}
    async with standing(field, redis_server, tmp_path, **limits) as stand, ClientSession(read_bufsize=1_024) as client:
        beside = stand.subscriber()
        await until(lambda: beside.start, "the reader beside")
        headers = stand.gate.bearer("audit")
        async with (
            client.ws_connect(f"{stand.address}/v1/scan", headers=headers) as socket,
            client.get(f"{stand.address}/v1/decisions", headers=headers) as response,
        ):
            for number in range(30):
                await socket.send_json({"bill": bill_of(number)})
            await until(lambda: len(stand.live.watches) == 30, "the scanner to watch")
            assert socket._conn is not None
            for connection in (socket._conn, response.connection):
                assert connection is not None
                connection.transport.pause_reading()  # type: ignore[union-attr]
            while [stream.kind for stream in stand.live.streams._open if not stream.ending.done()] != ["sse"]:
                await stand.play(200)
                assert stand.player.sent < 10_000
            for connection in (socket._conn, response.connection):
                assert connection is not None
                connection.transport.resume_reading()  # type: ignore[union-attr]
            async for message in socket:
                assert message.type is WSMsgType.TEXT
            assert socket.close_code == 4408
            text = (await asyncio.wait_for(response.content.read(), 30)).decode()
        assert text.rpartition("event: error\ndata: ")[2].startswith('{"type":"about:blank","status":408')
        await until(lambda: len(beside.told) == stand.player.sent, "the reader beside to hear all")
        await stand.leave()
    compare(committed(field), beside)

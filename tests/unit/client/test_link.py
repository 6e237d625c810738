"""The scanner's connection: it comes back, asks again, distrusts silence, and ends where it is refused."""

import asyncio

import pytest
from aiohttp import web

from agents.client import Gateway, GatewayError
from agents.client.link import BILLS_KEPT, Link, Listener
from tests.unit.client.scripted import HELLO, Noted, answering, linked, scripted, verdict


async def test_bill_is_asked_and_answered() -> None:
    """What is asked while connected is answered."""
    noted = Noted()
    async with scripted(answering) as gateway, linked(gateway, noted) as link:
        await noted.wait_for("live")
        await link.ask("ACME0001")
        await noted.wait_for("ACME0001", "GO")
        assert link.is_live


async def test_bills_asked_before_the_connection_are_asked_then() -> None:
    """What is asked while there is no connection is asked as soon as there is one, all of it."""
    noted = Noted()
    async with scripted(answering) as gateway:
        link = Link(gateway, noted)
        await link.ask("ACME0001")
        await link.ask("ACME0002")
        running = asyncio.create_task(link.run())
        await noted.wait_for("ACME0002")
        assert [told for told, _ in noted.told] == ["live", "ACME0001", "ACME0002"]
        running.cancel()
        await asyncio.wait([running])


async def test_it_comes_back_and_asks_again() -> None:
    """After a break everything that was scanned is asked again, since it may have changed meanwhile."""

    async def breaks(socket: web.WebSocketResponse) -> None:
        await socket.send_json(HELLO)
        await socket.send_json(verdict((await socket.receive_json())["bill"]))
        await socket.close(code=1001)

    async def changed(socket: web.WebSocketResponse) -> None:
        await socket.send_json(HELLO)
        await socket.send_json(verdict((await socket.receive_json())["bill"], "HOLD"))
        await socket.receive()

    noted = Noted()
    async with scripted(breaks, changed) as gateway, linked(gateway, noted) as link:
        await link.ask("ACME0001")
        await noted.wait_for("ACME0001", "HOLD")
    assert ("ACME0001", "GO") in noted.told
    assert ("lost", "the gateway closed the connection (1001)") in noted.told
    assert [told for told, _ in noted.told].count("live") == 2


async def test_silence_is_no_connection() -> None:
    """Without a sign of life for two and a half heartbeats it is lost, though nobody closed it."""

    async def silent(socket: web.WebSocketResponse) -> None:
        await socket.send_json({**HELLO, "heartbeat_seconds": 0.05})
        await socket.receive()

    noted = Noted()
    async with scripted(silent, answering) as gateway, linked(gateway, noted):
        await noted.wait_for("lost", "the gateway has stopped answering")
        await noted.wait_for("live")
    assert noted.told[0] == ("live", "")


async def test_gateway_that_is_behind_is_not_live() -> None:
    """A heartbeat that says stale loses the connection's trust, one that is fresh gives it back and asks again."""
    go_on = asyncio.Event()

    async def behind(socket: web.WebSocketResponse) -> None:
        await socket.send_json({**HELLO, "stale": True})
        await socket.receive_json()
        await go_on.wait()
        await socket.send_json({"type": "heartbeat", "stale": False, "as_of": None})
        await socket.send_json(verdict((await socket.receive_json())["bill"]))
        await socket.receive()

    noted = Noted()
    async with scripted(behind) as gateway, linked(gateway, noted) as link:
        await noted.wait_for("lost", "the gateway is behind")
        await link.ask("ACME0001")
        assert not link.is_live
        go_on.set()
        await noted.wait_for("ACME0001", "GO")
        assert link.is_live


async def test_stale_verdict_is_passed_on_and_ends_trust() -> None:
    """A verdict that says stale between two heartbeats loses the connection's trust at once, not with the next beat."""

    async def falls_behind(socket: web.WebSocketResponse) -> None:
        await socket.send_json(HELLO)
        asked = await socket.receive_json()
        await socket.send_json(verdict(asked["bill"], "HOLD", stale=True))
        await socket.receive()

    noted = Noted()
    async with scripted(falls_behind) as gateway, linked(gateway, noted) as link:
        await link.ask("ACME0001")
        await noted.wait_for("lost", "the gateway is behind")
        assert not link.is_live
    assert noted.told[:3] == [("live", ""), ("ACME0001", "HOLD"), ("lost", "the gateway is behind")]


@pytest.mark.parametrize(("status", "said"), [(401, "valid token"), (403, "valid token"), (404, "no Tallygate")])
async def test_refusal_ends_it(status: int, said: str) -> None:
    """Where the token is no good, or there is no gateway, trying again would not help."""
    async with scripted(answering, status=status) as gateway:
        with pytest.raises(GatewayError, match=said):
            await Link(gateway, Listener()).run()


async def test_ended_token_ends_it() -> None:
    """A connection that is closed because the token was revoked is not opened again."""

    async def revoked(socket: web.WebSocketResponse) -> None:
        await socket.send_json(HELLO)
        await socket.close(code=4401)

    async with scripted(revoked) as gateway:
        with pytest.raises(GatewayError, match="revoked"):
            await Link(gateway, Listener()).run()


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_busy_gateway_is_tried_again(status: int) -> None:
    """A gateway that cannot now is asked again, later each time up to a limit."""
    pauses: list[float] = []
    tried = asyncio.Event()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 8:
            tried.set()
            await asyncio.Event().wait()

    noted = Noted()
    async with scripted(answering, status=status) as gateway:
        running = asyncio.create_task(Link(gateway, noted, pause).run())
        await asyncio.wait_for(tried.wait(), 60)
        running.cancel()
        await asyncio.wait([running])
    assert pauses == sorted(pauses)
    assert pauses[0] < 1 < pauses[-1] <= 5
    assert ("lost", f"the gateway refuses the connection for now ({status})") in noted.told


async def test_nonsense_from_the_other_side_is_a_lost_connection() -> None:
    """What is not the protocol ends the connection, not the scanner."""

    async def odd(socket: web.WebSocketResponse) -> None:
        await socket.send_str("not json")
        await socket.receive()

    noted = Noted()
    async with scripted(odd, answering) as gateway, linked(gateway, noted):
        await noted.wait_for("lost", "the gateway's answer is not as expected")
        await noted.wait_for("live")
        assert noted.told[-1] == ("live", "")


async def test_messages_of_later_gateways_are_passed_over() -> None:
    """A kind of message that is not known here changes nothing."""

    async def newer(socket: web.WebSocketResponse) -> None:
        await socket.send_json(HELLO)
        await socket.send_json({"type": "weather", "stale": True})
        await socket.send_json({"type": "error", "status": 429, "title": "t", "detail": "d"})
        await socket.send_json(verdict("ACME0001"))
        await socket.receive()

    noted = Noted()
    async with scripted(newer) as gateway, linked(gateway, noted) as link:
        await noted.wait_for("ACME0001")
        assert link.is_live


async def test_watched_bills_are_bounded() -> None:
    """Of very many bills the one scanned longest ago is let go, and the gateway is told."""
    forgotten: list[str] = []
    enough = asyncio.Event()

    async def noting(socket: web.WebSocketResponse) -> None:
        await socket.send_json(HELLO)
        async for message in socket:
            forgotten.extend(filter(None, [message.json().get("forget")]))
            if len(forgotten) == 3:
                enough.set()

    noted = Noted()
    async with scripted(noting) as gateway, linked(gateway, noted) as link:
        await noted.wait_for("live")
        for number in range(BILLS_KEPT + 3):
            await link.ask(f"ACME{number:04}")
        await asyncio.wait_for(enough.wait(), 60)
    assert forgotten == ["ACME0000", "ACME0001", "ACME0002"]


async def test_address_that_is_none_is_said() -> None:
    """Something that cannot be an address is bad usage, not a gateway that is away."""
    async with Gateway("localhost", "a-token") as gateway:
        with pytest.raises(GatewayError, match="no address"):
            await Link(gateway, Listener()).run()

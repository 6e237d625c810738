"""Requests that wait for a bill: woken by its decision alone, counted, ended, and none is left behind."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from agents.gateway.http.problems import Problem
from agents.gateway.live.bill_waits import BillWaits
from agents.gateway.live.streams import OTHER_TOPIC, TOKEN_ENDED, Streams
from agents.gateway.live.window import WindowEntry
from tests.redis.events import decision
from tests.unit.gateway_live.test_streams import someone

LONG = 600.0


class Heard:
    """A live feed that tells what a test says."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def tell(self, *bills: str) -> None:
        """Tell of decisions on bills."""
        for hear in self.heard:
            hear([WindowEntry(0, number, decision(bill), 1, 0, 0) for number, bill in enumerate(bills)])


def made(most: float = LONG, streams: int = 9) -> tuple[Heard, Streams, BillWaits]:
    """Return a feed, open streams and the requests that wait."""
    feed, opened = Heard(), Streams(streams, streams)
    return feed, opened, BillWaits(feed, opened, most)  # type: ignore[arg-type]


async def test_decision_on_the_bill_wakes_all_that_wait_for_it() -> None:
    """Two requests wait for one bill, a third for another: the first two go on, also for what came before the wait."""
    feed, streams, waits = made()

    async def request(bill: str) -> str:
        with waits.expecting(bill, someone("a")) as wait:
            await wait(LONG)
        return bill

    tasks = [asyncio.create_task(request(bill)) for bill in ("ACME0001", "ACME0001", "ACME0002")]
    await asyncio.sleep(0)
    feed.tell("ACME0009", "ACME0001")
    assert await asyncio.gather(*tasks[:2]) == ["ACME0001"] * 2
    assert (tasks[2].done(), len(waits), len(streams)) == (False, 1, 1)
    with waits.expecting("ACME0003", someone("a")) as wait:
        feed.tell("ACME0003")
        await wait(LONG)
    tasks[2].cancel()
    with suppress(asyncio.CancelledError):
        await tasks[2]
    assert (len(waits), len(streams)) == (0, 0)


async def test_wait_is_no_longer_than_allowed() -> None:
    """A request that asks for ten minutes waits for as long as the setting allows."""
    _feed, _streams, waits = made(most=0.01)
    with waits.expecting("ACME0001", someone("a")) as wait:
        await wait(LONG)
    assert len(waits) == 0


async def test_requests_that_wait_are_limited() -> None:
    """One more than streams may be open is 429, and tells when to come back."""
    _feed, streams, waits = made(streams=1)
    with (
        waits.expecting("ACME0001", someone("a")),
        pytest.raises(Problem) as raised,
        waits.expecting("B", someone("b")),
    ):
        pass
    assert (raised.value.status, raised.value.headers["Retry-After"], len(streams)) == (429, "10", 0)


async def test_wait_ends_with_its_token_and_with_the_gateway() -> None:
    """A revoked token is 401, a gateway that stops 503; a topic that was created again ends the wait and no more."""
    for ending, status in ((TOKEN_ENDED, 401), (None, 503), (OTHER_TOPIC, None)):
        _feed, streams, waits = made()
        with waits.expecting("ACME0001", someone("a")) as wait:
            streams.stop() if ending is None else streams.end_all(ending)
            if status is None:
                await wait(LONG)
            else:
                with pytest.raises(Problem) as raised:
                    await wait(LONG)
                assert raised.value.status == status
                assert {"WWW-Authenticate", "Retry-After"} & raised.value.headers.keys()
        assert len(waits) == 0

"""Following decisions on a gateway by script: where the client resumes, when it connects again, what ends it."""

from pathlib import Path
from typing import Any

import pytest

from agents.tallygate_client import GoneError, NotAllowedError, RefusedError, TallygateError
from agents.tallygate_client.following import PAUSE_SECONDS_MAX
from tests.unit.tallygate_client.scripted_gateway import Asked, Said, client_of, decision, gateway, problem

pytestmark = pytest.mark.parametrize("kind", ["sync", "async"])

HELLO = "retry: 2000\n\n: here you are\nid: 1.0\n\n"
GONE = Said(410, problem(410, "Gone", "the id is older than the topic; connect without an id"))


def ended(status: int) -> str:
    """Return the last event of a stream that the gateway ends."""
    return f'event: error\ndata: {{"status":{status},"title":"Over","detail":"why"}}\n\n'


def resumed(asked: list[Asked]) -> list[str | None]:
    """Return the ids that were sent."""
    return [request.headers.get("Last-Event-ID") for request in asked]


async def test_reconnects_without_gap_or_repeat(kind: str) -> None:
    """After a break each connection resumes at the last decision that was handed out, whatever else had come."""
    script = [
        Said(stream=(HELLO,)),
        Said(stream=(decision(1), decision(2)[:20])),
        Said(503, problem(503), {"Retry-After": "7"}),
        Said(stream=(decision(2), ": heartbeat\nid: 1.a\n\n", ended(503))),
        Said(stream=(decision(11),)),
        GONE,
    ]
    async with gateway(*script) as (url, asked), client_of(kind, url) as client:
        decisions = client.client.decisions()
        bills = [(await client.next(decisions))["bill"] for _ in range(3)]
        with pytest.raises(GoneError):
            await client.next(decisions)
    assert bills == ["ACME0001", "ACME0002", "ACME0011"]
    assert resumed(asked) == [None, "1.0", "1.1", "1.1", "1.a", "1.b"]
    assert max(client.waits) == 7


async def test_pauses_grow_while_nothing_answers_and_begin_again(kind: str) -> None:
    """Each pause is about twice the one before, up to a bound, and short again once a stream was served."""
    away = [Said(502, "")] * 9
    async with gateway(*away, Said(stream=(decision(1),)), GONE) as (url, _), client_of(kind, url) as client:
        decisions = client.client.decisions()
        assert (await client.next(decisions))["bill"] == "ACME0001"
        with pytest.raises(GoneError):
            await client.next(decisions)
    assert all(1 <= pause <= PAUSE_SECONDS_MAX for pause in client.waits[:9])
    assert client.waits[8] >= PAUSE_SECONDS_MAX / 2
    assert client.waits[9] <= 0.2


async def test_filters_and_place_are_in_the_request(kind: str) -> None:
    """Each filter may be one value or several; `after` is where the first connection begins."""
    async with gateway(GONE) as (url, asked), client_of(kind, url) as client:
        decisions = client.client.decisions(conveyance="air:1", outcome=["withhold", "reject"], after="1.7")
        with pytest.raises(GoneError, match="begin without an id"):
            await client.next(decisions)
    assert asked[0].path == "/v1/decisions?conveyance=air%3A1&outcome=withhold&outcome=reject"
    assert (resumed(asked), asked[0].headers["Accept"]) == (["1.7"], "text/event-stream")


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (Said(400, problem(400)), RefusedError),
        (Said(401, problem(401)), NotAllowedError),
        (Said(stream=(ended(401),)), NotAllowedError),
        (Said(stream=(ended(410),)), GoneError),
    ],
)
async def test_what_no_further_connection_mends_is_an_error(kind: str, said: Said, error: type[TallygateError]) -> None:
    """A refusal ends the stream at once, whether it comes as an answer or within the stream."""
    async with gateway(said) as (url, asked), client_of(kind, url) as client:
        with pytest.raises(error):
            await client.next(client.client.decisions())
    assert len(asked) == 1


async def test_id_is_kept_only_once_a_decision_is_processed(kind: str, tmp_path: Path) -> None:
    """The file has the decision before the one in hand; `done` adds that one; the next run goes on there."""
    file, told = tmp_path / "last-id", list[str]()
    script = Said(stream=(HELLO, decision(1), decision(2), decision(3)))
    async with gateway(script, GONE) as (url, asked):
        async with client_of(kind, url) as client:
            decisions = client.client.decisions(id_file=file, processed=told.append)
            for _ in range(2):
                await client.next(decisions)
            assert (told, decisions.last_id) == (["1.0", "1.1"], "1.1")
        assert file.read_text() == "1.1\n"
        async with client_of(kind, url) as client:
            decisions = client.client.decisions(id_file=str(file), after="1.99")
            with pytest.raises(GoneError):
                await client.next(decisions)
    assert resumed(asked) == [None, "1.1"]


async def test_done_says_that_the_last_one_is_processed(kind: str, tmp_path: Path) -> None:
    """A program that leaves its loop keeps the last decision by `done`; without it the decision would come again."""
    file = tmp_path / "last-id"
    async with gateway(Said(stream=(decision(1), decision(2)))) as (url, _), client_of(kind, url) as client:
        decisions = client.client.decisions(id_file=file)
        await client.next(decisions)
        decisions.done()
        await client.run(decisions.close)
    assert file.read_text() == "1.1\n"


async def test_dead_connection_is_noticed(kind: str) -> None:
    """If nothing comes for the time named, the client connects again, though the connection is still open."""
    silent = Said(stream=(HELLO,), holds=True)
    async with gateway(silent, GONE) as (url, asked), client_of(kind, url) as client:
        with pytest.raises(GoneError):
            await client.next(client.client.decisions(silence_seconds=0.05))
    assert resumed(asked) == [None, "1.0"]


@pytest.mark.parametrize("text", ["", "two words", "ä"])
async def test_file_without_an_id_is_refused(kind: str, text: str, tmp_path: Path) -> None:
    """A file that holds no id is no reason to begin now: the error says so before anything is asked."""
    file: Any = tmp_path / "last-id"
    file.write_text(text)
    async with client_of(kind, "http://127.0.0.1:9") as client:
        with pytest.raises(RefusedError, match=r"no id: .*last-id"):
            client.client.decisions(id_file=file)

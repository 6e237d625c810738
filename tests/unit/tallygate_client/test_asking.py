"""Publishing and asking: what is sent, what the answer means, and when a request is made again."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from agents.tallygate_client import (
    AwayError,
    NotAllowedError,
    NotFoundError,
    RefusedError,
    TallygateError,
    WrongEventsError,
)
from agents.tallygate_client.exchange import BATCH_EVENTS, TRIES, WAIT_SECONDS_MAX
from tests.unit.tallygate_client.scripted_gateway import Both, Said, client_of, gateway, problem

pytestmark = pytest.mark.parametrize("kind", ["sync", "async"])

EVENT: dict[str, Any] = {
    "id": "e-1",
    "time": datetime(2025, 8, 20, 18, 40, tzinfo=UTC),
    "data": {"conveyance": "air:1"},
}
SENT = {"id": "e-1", "time": "2025-08-20T18:40:00+00:00", "data": {"conveyance": "air:1"}}
TAKEN = Said(202, {"accepted": 1})


async def test_event_is_sent_with_the_token(kind: str) -> None:
    """One event goes out as a batch of one, moments as text, the token in its header and nowhere else."""
    async with gateway(TAKEN) as (url, asked), client_of(kind, url) as client:
        assert await client.call("publish", EVENT) == 1
    (request,) = asked
    assert (request.method, request.path, json.loads(request.body)) == ("POST", "/v1/events", [SENT])
    assert request.headers["Authorization"] == "Bearer a-token"
    assert request.headers["Content-Type"] == "application/cloudevents-batch+json"


async def test_long_list_is_sent_in_pieces(kind: str) -> None:
    """Events keep their order over the requests they take, and all are counted."""
    events = [{**EVENT, "id": f"e-{number}", "day": date(2025, 8, 20)} for number in range(BATCH_EVENTS + 2)]
    async with gateway(TAKEN) as (url, asked), client_of(kind, url) as client:
        assert await client.call("publish", iter(events)) == len(events)
        assert await client.call("publish", []) == 0
    sent = [[event["id"] for event in json.loads(request.body)] for request in asked]
    assert [len(ids) for ids in sent] == [BATCH_EVENTS, 2]
    assert [each for ids in sent for each in ids] == [event["id"] for event in events]


async def test_bad_event_is_named_by_its_place_in_the_whole_list(kind: str) -> None:
    """The error counts places over all requests, and says how many events were acknowledged before."""
    bad = problem(400, "Bad events", "see errors", errors=[{"index": 1, "code": "wrong-shape", "detail": "$.id: text"}])
    events = [EVENT] * (BATCH_EVENTS + 2)
    async with gateway(TAKEN, Said(400, bad)) as (url, _), client_of(kind, url) as client:
        with pytest.raises(
            WrongEventsError, match=r"Bad events \(400\): event 1001: wrong-shape: \$\.id: text"
        ) as caught:
            await client.call("publish", events)
    assert caught.value.events == [{"index": BATCH_EVENTS + 1, "code": "wrong-shape", "detail": "$.id: text"}]
    assert (caught.value.accepted, caught.value.status) == (BATCH_EVENTS, 400)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"time": datetime(2025, 8, 20)}, "time zone"),  # noqa: DTZ001 - the fault that is meant
        ({"data": {1, 2}}, "set has no form"),
        ({"data": float("nan")}, "expected what JSON"),
        ({"id": "\ud800secret"}, "expected what JSON"),
    ],
)
async def test_what_json_cannot_hold_is_refused_before_anything_is_sent(
    kind: str, wrong: dict[str, Any], says: str
) -> None:
    """Such an event is named, nothing of it is quoted, and no request is made."""
    async with gateway(TAKEN) as (url, asked), client_of(kind, url) as client:
        with pytest.raises(WrongEventsError, match=f"event 1: not-json: .*{says}") as caught:
            await client.call("publish", [EVENT, {**EVENT, **wrong}])
    assert asked == []
    assert "secret" not in str(caught.value)


async def test_bill_is_asked_by_its_number_alone(kind: str) -> None:
    """The answer is that of the gateway; a number with odd characters stays within its part of the address."""
    async with gateway(Said(200, {"bill": "ACME1"})) as (url, asked), client_of(kind, url) as client:
        assert await client.call("bill", "ACME1") == {"bill": "ACME1"}
        assert await client.call("history", "a/../b?c") == {"bill": "ACME1"}
    assert [request.path for request in asked] == ["/v1/bills/ACME1", "/v1/bills/a%2F..%2Fb%3Fc/history"]


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, RefusedError), (401, NotAllowedError), (403, NotAllowedError), (404, NotFoundError), (500, AwayError)],
)
async def test_problem_is_an_error_in_the_gateways_words(kind: str, status: int, error: type[TallygateError]) -> None:
    """Each status has its error; title, status and detail are in its text."""
    async with (
        gateway(Said(status, problem(status, "A title", "what to do"))) as (url, _),
        client_of(kind, url) as client,
    ):
        with pytest.raises(TallygateError, match=rf"A title \({status}\): what to do") as caught:
            await client.call("bill", "ACME1")
    assert type(caught.value) is error


@pytest.mark.parametrize(("body", "says"), [("<html>", "without details"), ({"detail": "x" * 999}, "x" * 300)])
async def test_answer_of_something_between_is_an_error_too(kind: str, body: Any, says: str) -> None:
    """What is no problem document counts by its status, and a long text is cut."""
    async with gateway(Said(413, body)) as (url, _), client_of(kind, url) as client:
        with pytest.raises(RefusedError, match=rf"^Refused \(413\): {says}$"):
            await client.call("publish", EVENT)


@pytest.mark.parametrize("status", [429, 503])
async def test_busy_gateway_is_asked_again_as_it_says(kind: str, status: int) -> None:
    """It is asked after as long as it says, within a bound, and then its answer counts."""
    busy = [Said(status, problem(status), {"Retry-After": seconds}) for seconds in ("3", "9999", "soon")]
    async with gateway(*busy, TAKEN) as (url, asked), client_of(kind, url) as client:
        assert await client.call("publish", EVENT) == 1
        assert client.waits == [3, WAIT_SECONDS_MAX, 1]
    assert len(asked) == 4


async def test_gateway_that_stays_busy_is_away(kind: str) -> None:
    """Patience has an end, and then the error says why."""
    async with gateway(Said(503, problem(503, "Kafka is away"))) as (url, asked), client_of(kind, url) as client:
        with pytest.raises(AwayError, match=r"cannot answer now: Kafka is away \(503\)"):
            await client.call("publish", EVENT)
    assert len(asked) == TRIES


async def test_absent_gateway_is_tried_again_and_then_away(kind: str) -> None:
    """If no process listens, so many tries are made, and then the error names the address."""
    async with client_of(kind, "http://127.0.0.1:9", tries=3) as client:
        with pytest.raises(AwayError, match=r"the gateway at http://127\.0\.0\.1:9 does not answer \(ConnectError\)"):
            await client.call("bill", "ACME1")
        assert client.waits == [1, 1]


@pytest.mark.parametrize("address", ["localhost", "http://a:b", "ftp://a", "http://", ""])
def test_what_cannot_be_an_address_is_refused_at_once(kind: str, address: str) -> None:
    """The error shows what an address looks like, and comes before anything is asked."""
    with pytest.raises(RefusedError, match="no address: expected one such as"):
        Both(kind, address)

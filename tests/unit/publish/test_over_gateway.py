"""Publishing through a gateway by script: what is a refusal, what is worth another try, and what is asked again."""

from typing import Any

import pytest

from agents.publish import PublishAwayError, PublishRefusedError
from agents.publish.event_checks import Good
from agents.publish.over_gateway import GatewaySender
from agents.publish.publish_errors import PublishError, WrongEventError
from stream.deadletters import Fault
from stream.faultfinding import FaultFound
from tests.unit.client.test_gateway import answering

GOOD = [Good(1, b'{"n":1}', "a"), Good(2, b'{"n":2}', "a")]
ACCEPTED = (202, {"accepted": 2})
BUSY = (503, {"title": "Kafka is away", "detail": "send all again"})


def problem(status: int, title: str) -> tuple[int, dict[str, str]]:
    return status, {"title": title, "detail": "more of it"}


async def test_batch_is_one_request_with_the_events_as_they_are() -> None:
    """Events go as an array of their own bytes, under the media type of a batch."""
    async with answering(ACCEPTED) as (gateway, asked):
        await GatewaySender(gateway).send(GOOD)
        await GatewaySender(gateway).send([])
    (request,) = asked
    assert request.path == "/v1/events"
    assert request.content_type == "application/cloudevents-batch+json"
    assert await request.read() == b'[{"n":1},{"n":2}]'


async def test_busy_gateway_gets_the_same_again() -> None:
    """While Kafka is away behind the gateway the same batch is sent again, which has no second effect."""
    async with answering(BUSY, ACCEPTED) as (gateway, asked):
        await GatewaySender(gateway).send(GOOD)
    assert len({await request.read() for request in asked}) == 1
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (problem(400, "Bad events"), PublishRefusedError),
        (problem(401, "Not signed in"), PublishRefusedError),
        (problem(403, "Not allowed"), PublishRefusedError),
        (problem(413, "Too large"), PublishRefusedError),
        (problem(500, "Internal Server Error"), PublishAwayError),
        (BUSY, PublishAwayError),
    ],
)
async def test_refusals_and_absence_are_told_apart(answer: tuple[int, Any], error: type[PublishError]) -> None:
    """What the gateway refuses for good is a refusal in its words; what may pass by itself is worth another try."""
    async with answering(answer) as (gateway, _asked):
        with pytest.raises(error, match=answer[1]["title"]):
            await GatewaySender(gateway).send(GOOD)


async def test_place_is_named_without_the_token() -> None:
    """Where events went is said by the gateway's address, and the token is no part of it."""
    async with answering(ACCEPTED) as (gateway, _asked):
        place = GatewaySender(gateway).place
    assert place == f"the gateway at {gateway.url}"
    assert "a-token" not in place


def test_wrong_event_says_its_place_and_nothing_of_it() -> None:
    """The error of the typed client has the event's number, the code and what was expected."""
    found = FaultFound(Fault.WRONG_SHAPE, "$.data.bill: expected text such as ACME00000017")
    error = WrongEventError(7, found)
    assert (error.index, error.found) == (7, found)
    assert str(error) == "event 7: wrong-shape: $.data.bill: expected text such as ACME00000017"

"""Events of a batch that repeat or contradict an earlier one of it."""

import msgspec
import pytest

from agents.gateway.endpoints.batch_repeats import Subjects
from agents.tallygate_client.partition_queues import Keyed
from state.rules import load_rulebook
from stream.events import Shipment
from tests.unit.manifest.step_in_words import Event, event, whole_bill

BILL = event("bill.manifested", whole_bill())
OTHER = event("bill.manifested", whole_bill(order="another"))
NEXT = event("bill.amended", whole_bill(order="another", version=2))
ELSEWHERE = event("bill.manifested", whole_bill(conveyance="air:2"))
ARRIVED = event("conveyance.arrived", {"conveyance": "air:1", "arrived_at": "2025-08-20T12:00:00Z"})
LATER = event("conveyance.arrived", {"conveyance": "air:1", "arrived_at": "2025-08-20T13:00:00Z"})


async def compared(*events: Event) -> tuple[list[int], list[int]]:
    """Return what a batch of these events states twice."""
    values = [msgspec.json.encode(each) for each in events]
    subjects = Subjects()
    for value in values:
        subjects.add(msgspec.json.decode(value, type=Shipment))
    return await subjects.compare([Keyed(b"", value) for value in values], 2**41, load_rulebook())


@pytest.mark.parametrize(
    ("events", "repeats", "conflicts"),
    [
        ([BILL], [], []),
        ([BILL, ELSEWHERE, ARRIVED], [], []),
        ([BILL, ARRIVED, BILL, BILL], [2, 3], []),
        ([BILL, OTHER, ELSEWHERE], [], [1]),
        ([BILL, NEXT, BILL], [], []),
        ([BILL, NEXT, NEXT, OTHER], [2], []),
        ([ARRIVED, LATER, ARRIVED, ARRIVED], [3], []),
    ],
)
async def test_what_a_batch_states_twice(events: list[Event], repeats: list[int], conflicts: list[int]) -> None:
    """The same again is a repeat, another content under one version a conflict, and a later version neither."""
    assert await compared(*events) == (repeats, conflicts)


async def test_long_batch_of_one_bill_is_compared() -> None:
    """A batch that is all about one bill lets others have their turn, and misses nothing."""
    assert await compared(*[BILL] * 350) == ([*range(1, 350)], [])

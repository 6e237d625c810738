"""What a batch states twice: its events that repeat an earlier one of it, and those that contradict one."""

import asyncio
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Final

from agents.publish.repeated_events import Repeats
from agents.tallygate_client.partition_queues import Keyed
from state.rules import Rulebook
from stream.events import ConveyanceArrived, ConveyanceEstimated, Shipment
from stream.faultfinding import FaultFound
from stream.reading import Reader
from stream.records import PlainRecord

EVENTS_A_TURN: Final = 100
"""Events that are compared before others get a turn."""


class Subjects:
    """What the events of a batch are about; only those that share one are read again, so most batches cost little."""

    def __init__(self) -> None:
        self._subjects: list[Hashable] = []

    def add(self, event: Shipment) -> None:
        """Take the next event of the batch."""
        is_conveyance = isinstance(event, ConveyanceArrived | ConveyanceEstimated)
        about = type(event) if is_conveyance else event.data.bill  # type: ignore[union-attr]
        self._subjects.append((event.data.conveyance, about))

    async def compare(self, events: Sequence[Keyed], now_ms: int, rules: Rulebook) -> tuple[list[int], list[int]]:
        """Return the places of events that repeat an earlier one, and of those that contradict one."""
        times = Counter(self._subjects)
        again = [place for place, subject in enumerate(self._subjects) if times[subject] > 1]
        read, seen = Reader(None).read, Repeats(rules)
        repeats: list[int] = []
        conflicts: list[int] = []
        for count, place in enumerate(again, 1):
            event = read(PlainRecord("", 0, place, now_ms, None, events[place].value))
            if not isinstance(event, FaultFound):
                found = seen.look(event, place)
                if found.repeats:
                    repeats.append(place)
                elif found.conflict is not None:
                    conflicts.append(place)
            if count % EVENTS_A_TURN == 0:
                await asyncio.sleep(0)
        return repeats, conflicts

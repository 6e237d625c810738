"""What the feed has read lately, in its order: a log in memory, bounded by count and bytes, for all subscribers.

Of each partition it holds every committed decision from `starts` up to `ends`, so a subscriber whose place is at
`starts` or later finds all that follows here. Subscribers share it, so a slow one costs nothing: the log is trimmed
past its place, and it is cut off.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from agents.gateway.endpoints.views import verdict
from agents.gateway.live.places import encode_places
from stream.decisions import Decision
from stream.postings import US_321

ENTRY_BYTES: Final = 2_000
"""About what an entry takes beside its text, decoded."""


class WindowEntry:
    """One decision of the topic."""

    __slots__ = ("_shown", "arrived_ms", "decision", "id", "is_past", "offset", "partition", "record_ms", "size")

    def __init__(
        self,
        partition: int,
        offset: int,
        decision: Decision,
        size: int,
        arrived_ms: int,
        record_ms: int,
        *,
        is_past: bool = False,
    ) -> None:
        self.partition = partition
        self.offset = offset
        self.decision = decision
        self.size = size
        self.arrived_ms = arrived_ms
        """When the feed read it."""
        self.record_ms = record_ms
        """Timestamp of its record in Kafka."""
        self.is_past = is_past
        """It was there before the feed began: how late it is told says nothing."""
        self.id = b""
        """The place after it, in the feed's order."""
        self._shown: dict[bool, bytes] = {}

    def shown(self, *, audit: bool, default: str = US_321) -> bytes:
        """Return its JSON for a scope, made once for all subscribers."""
        found = self._shown.get(audit)
        if found is None:
            found = self._shown[audit] = msgspec.json.encode(verdict(self.decision, audit=audit, default=default))
        return found


class Window:
    """The log. Entries have numbers that rise by one; `first` is the oldest kept, `next` that of the next to come."""

    def __init__(self, records_max: int, bytes_max: int) -> None:
        self.records_max = records_max
        self._bytes_max = bytes_max
        self._entries: list[WindowEntry] = []
        self._gone = 0
        """How many at the head of the list are trimmed, but not yet removed."""
        self._by_bill: dict[str, list[WindowEntry]] = {}
        self.size = 0
        """Bytes kept."""
        self.next = 0
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.since_ms: int | None = None
        """Every decision committed after this time is, or was, here."""

    @property
    def first(self) -> int:
        """Return the number of the oldest entry kept."""
        return self.next - self.kept

    @property
    def kept(self) -> int:
        """Return how many entries are kept."""
        return len(self._entries) - self._gone

    @property
    def partitions(self) -> int:
        """Return the partition count; 0 until the topic has been found."""
        return len(self.starts)

    @property
    def id(self) -> bytes:
        """Return the place behind everything that has been read."""
        return encode_places(self.ends).encode()

    def begin(self, starts: Sequence[int], asked_ms: int) -> None:
        """Start again, empty, at these offsets, which were asked for at `asked_ms` or before."""
        self._entries.clear()
        self._by_bill.clear()
        self._gone = self.size = 0
        self.starts = list(starts)
        self.ends = list(starts)
        self.since_ms = asked_ms

    def forget(self) -> None:
        """Forget everything, even how many partitions there are; the numbers go on."""
        self.begin((), 0)
        self.since_ms = None

    def add(self, entry: WindowEntry) -> None:
        """Take the next decision of a partition."""
        self.ends[entry.partition] = entry.offset + 1
        entry.id = self.id
        self._entries.append(entry)
        self._by_bill.setdefault(entry.decision.data.bill, []).append(entry)
        self.size += entry.size + ENTRY_BYTES
        self.next += 1
        while self.kept > self.records_max or self.size > self._bytes_max:
            self._trim()

    def reach(self, partition: int, position: int) -> None:
        """Note that everything before `position` has been read: transactions leave offsets that hold no record."""
        self.ends[partition] = max(self.ends[partition], position)

    def after(self, number: int, count: int) -> Sequence[WindowEntry]:
        """Return up to `count` entries from number `number` on, which must be kept."""
        at = self._gone + number - self.first
        return self._entries[at : at + count]

    def of_bill(self, bill: str) -> Sequence[WindowEntry]:
        """Return the bill's entries, in their order."""
        return self._by_bill.get(bill, ())

    def _trim(self) -> None:
        entry = self._entries[self._gone]
        self._gone += 1
        self.size -= entry.size + ENTRY_BYTES
        self.starts[entry.partition] = entry.offset + 1
        self.since_ms = max(self.since_ms or 0, entry.arrived_ms)
        bill = entry.decision.data.bill
        held = self._by_bill[bill]
        held.pop(0)
        if not held:
            del self._by_bill[bill]
        if self._gone * 2 > len(self._entries):
            del self._entries[: self._gone]
            self._gone = 0

"""Gates: whether a partition may be fetched now, shared between the consumer's thread and the event loop."""

from collections.abc import Callable
from threading import Lock

from agents.kafka.protocol import GroupMember


class Gate:
    """One partition's gate: how much of it waits to be judged, and where its last fetch ended.

    A partition whose lane is full, or that is halted, is not fetched; nothing ever waits for it, so no partition blocks
    another. A gate is of one generation of the group: after a change it lets nothing through, and a new one is opened.
    `position` belongs to the consumer's thread, the number of bytes to both.
    """

    def __init__(self, position: int, era: int, member: GroupMember, limit: int, wake: Callable[[], None]) -> None:
        """Open a gate at `position`; `wake` is called when it has been full and is no longer."""
        self.position = position
        self.era = era
        self.member = member
        self._limit = limit
        self._wake = wake
        self._waiting = 0
        self._shut = False
        self._lock = Lock()

    @property
    def open(self) -> bool:
        """Tell whether the partition may be fetched."""
        return self._waiting < self._limit and not self._shut

    @property
    def waiting(self) -> int:
        """Bytes that wait to be judged, about."""
        return self._waiting

    def shut(self) -> None:
        """Let nothing through any more: the lane is halted or given up."""
        self._shut = True

    def fetched(self, size: int) -> None:
        """Count bytes that go to the lane; called in the consumer's thread."""
        with self._lock:
            self._waiting += size

    def judged(self, size: int) -> None:
        """Count bytes that are judged and committed; called in the event loop."""
        with self._lock:
            was_open = self.open
            self._waiting -= size
        if not was_open and self.open:
            self._wake()

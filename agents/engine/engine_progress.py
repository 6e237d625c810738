"""What the engine has done and how far behind it is, as plain numbers; observers turn them into metrics."""

from collections import Counter
from typing import Protocol

import msgspec

from stream.records import Fate


class PartitionProgress(msgspec.Struct):
    """Counts of one input partition since this worker took it over; lags as of now."""

    fates: Counter[tuple[Fate, str]] = msgspec.field(default_factory=Counter)
    """Records by what became of them and the step's word for it."""
    position: int = 0
    """Offset that the next transaction starts from."""
    stable_offset: int | None = None
    """The input's last stable offset, as of the latest fetch; offsets have holes, so lag is counted against this."""
    event_lag_ms: int = 0
    """How old the newest judged record was when it was committed, by the record's timestamp."""
    halted: str = ""
    """Why the partition stands still, or nothing."""
    restored_rows: int = 0
    """Changelog records read to restore the table."""
    restore_left: int = 0
    """Offsets of the changelog still to be read."""
    heard_ms: int | None = None
    """When the broker last answered a fetch of this partition, Unix time."""
    waiting_records: int = 0
    """Records fetched and not judged yet."""
    waiting_bytes: int = 0
    """About the memory that they take."""
    table_rows: int = 0
    table_bytes: int = 0
    """Bytes of the rows themselves, without what keeping them costs."""

    @property
    def offset_lag(self) -> int:
        """Offsets between the position and the last stable offset."""
        return 0 if self.stable_offset is None else max(0, self.stable_offset - self.position)

    def count(self, fate: Fate) -> int:
        """Return how many records met this fate."""
        return sum(number for (met, _code), number in self.fates.items() if met is fate)

    def dead_letters(self) -> dict[str, int]:
        """Return the number of dead letters by code."""
        return {code: number for (fate, code), number in self.fates.items() if fate is Fate.DEAD_LETTERED}


class EngineProgress(msgspec.Struct):
    """Counts of one worker."""

    partitions: dict[int, PartitionProgress] = msgspec.field(default_factory=dict)
    settled: bool = False
    """Whether the partitions that the group gave it are taken over and restored."""
    stale_offsets: int = 0
    """Partitions whose table is ahead of the group's committed offset; judging waits for the broker to know better."""
    fates: Counter[tuple[Fate, str]] = msgspec.field(default_factory=Counter)
    """Records by what became of them, whichever partition they were of, in committed transactions."""
    transactions: int = 0
    """Committed."""
    aborted: int = 0
    """Aborted: a step raised, or a record needed a transaction of its own."""
    records: int = 0
    """Input records judged in committed transactions."""
    outputs: int = 0
    """Records sent in committed transactions, changelog included."""
    restored_rows: int = 0
    restore_seconds: float = 0.0
    stall_ms: float = 0.0
    """The longest time for which judging kept the event loop from everything else."""


class Observer(Protocol):
    """Told what the engine does, in its event loop; must be quick and never raise."""

    def sent(self) -> None:
        """Everything of a transaction is sent and acknowledged; it is committed next."""

    def committed(self, progress: EngineProgress, seconds: float) -> None:
        """A transaction is committed; it took this long."""

    def aborted(self) -> None:
        """A transaction was aborted: whatever was judged since the last commit is judged again, or never was."""

    def fetched(self, records: int, size: int) -> None:
        """A chunk came, of so many records and about so many bytes."""

    def ready(self, progress: EngineProgress) -> None:
        """The tables are restored and judging begins."""


class SilentObserver:
    """Observes nothing."""

    def sent(self) -> None:
        """Do nothing."""

    def committed(self, progress: EngineProgress, seconds: float) -> None:
        """Do nothing."""

    def aborted(self) -> None:
        """Do nothing."""

    def fetched(self, records: int, size: int) -> None:
        """Do nothing."""

    def ready(self, progress: EngineProgress) -> None:
        """Do nothing."""

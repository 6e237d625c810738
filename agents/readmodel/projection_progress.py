"""Counts and positions of a projection."""

import msgspec


class LogPlace(msgspec.Struct):
    """The position of Redis in one partition, kept while Redis is away."""

    position: int = 0
    """Redis has applied everything before this offset."""
    stable_offset: int = 0
    """The partition's last stable offset at the latest fetch."""
    fresh_ms: int | None = None
    """Everything committed at this time (Unix, ms) is in Redis; None: not known yet."""

    @property
    def lag(self) -> int:
        """Offsets between the two."""
        return max(0, self.stable_offset - self.position)


class ProjectionProgress(msgspec.Struct):
    """Counts since the process began."""

    records: int = 0
    """Records applied, repeated and outranked ones included."""
    changed: int = 0
    """Decisions that became current, and alerts that were new."""
    unreadable: int = 0
    """Records in our topics that are not decisions or alerts; they are logged by offset and skipped."""
    placings: int = 0
    """Lookups of positions in Redis: at assignments, and after Redis was away or had another position."""
    fills: int = 0
    """Partitions filled from their beginning because Redis held nothing of them."""
    failures: int = 0
    """Times that Redis or Kafka did not answer."""
    away_since: float | None = None
    """When Redis or Kafka went away (seconds, monotonic clock); None while both answer."""
    places: dict[tuple[str, int], LogPlace] = msgspec.field(default_factory=dict)
    """Position in each partition of this process, by `decisions` or `alerts` and number."""
    turned: float = 0.0
    """When the loop last began a turn (seconds, monotonic clock)."""

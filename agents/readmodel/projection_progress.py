"""What a projection has done and where it stands, in numbers."""

import msgspec


class LogPlace(msgspec.Struct):
    """Where Redis stands in one partition; kept while Redis is away."""

    position: int = 0
    """Up to here Redis has applied it."""
    stable_offset: int = 0
    """The partition's last stable offset, as of the latest fetch."""
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
    """Records in our topics that are no decisions or alerts; they are logged by offset and passed over."""
    placings: int = 0
    """How often partitions were looked up in Redis: at assignments and whenever Redis was away or stood elsewhere."""
    fills: int = 0
    """Partitions that were filled from their beginning because Redis held nothing of them."""
    failures: int = 0
    """How often Redis, or Kafka when it was asked, did not answer."""
    away_since: float | None = None
    """When it went away (seconds, monotonic clock); None while all is well."""
    places: dict[tuple[str, int], LogPlace] = msgspec.field(default_factory=dict)
    """Where Redis stands in each partition that this process has, by `decisions` or `alerts` and number."""
    turned: float = 0.0
    """When the loop last began anew (seconds, monotonic clock)."""

"""What a projection has done and where it stands, in numbers."""

import msgspec


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

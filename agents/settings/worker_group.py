"""Settings of a worker process."""

from typing import Annotated

from pydantic import Field

from agents.settings.settings_group import Name, SettingsGroup


class WorkerSettings(SettingsGroup):
    """One worker process, and how it balances latency against throughput."""

    name: Name = "0"
    """Stable name, unique among the workers of a step; in Kubernetes the ordinal. A restart under the same name
    aborts at once the transaction that the dead process left open."""
    gather_ms: Annotated[int, Field(ge=0, le=1000)] = 16
    """How long the broker may hold a fetch to collect more records."""
    lane_mib: Annotated[int, Field(ge=1, le=1024)] = 8
    """Memory for the waiting records of one partition. Beyond it the worker does not fetch that partition."""
    portion_records: Annotated[int, Field(ge=1)] = 10_000
    """Most records of one partition in one transaction."""
    session_timeout_ms: Annotated[int, Field(ge=1000)] = 10_000
    """A worker that sends no heartbeat for this long loses its partitions."""
    stall_seconds: Annotated[int, Field(ge=10)] = 60
    """A worker that has work but makes no progress for this long ends itself."""
    stale_offsets_seconds: Annotated[int, Field(ge=0)] = 180
    """How long a worker whose tables are ahead of the group's committed offsets asks for the offsets again."""

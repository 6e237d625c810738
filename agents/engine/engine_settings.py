"""What the engine must be told: the broker, its own name towards it, and how much it may hold or wait."""

import msgspec

from agents.kafka.connection import Connection

MIB = 1024 * 1024


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one engine, that is of one worker process."""

    connection: Connection
    transactional_id: str
    """Stable name of this worker, unique among those of a step: a restart aborts what its predecessor left open."""

    session_timeout_ms: int = 10_000
    """Without a heartbeat for this long a worker loses its partitions."""
    heartbeat_ms: int = 3_000
    rebalance_timeout_ms: int = 15_000
    """When the group changes it waits for each member for so long: one transaction, which the broker aborts after 10 s,
    and a heartbeat. A member that does not hear of the change holds the others up no longer than this."""
    transaction_timeout_ms: int = 10_000
    """The broker aborts what a dead worker left open after this time; it looks every 10 s."""
    retry_backoff_ms: int = 4
    """Wait before asking again while the previous transaction is being completed (aiokafka's 100 ms costs latency)."""

    gather_ms: int = 16
    """The broker holds a fetch for this long while records trickle in: fewer transactions for a little latency."""
    gather_bytes: int = 64 * 1024
    """The broker answers a fetch at once when this much waits."""
    fetch_bytes: int = MIB
    """A partition's share of one fetch, about the size of a chunk."""
    lane_bytes: int = 8 * MIB
    """A partition of which this much waits to be judged is not fetched."""
    slice_records: int = 10_000
    """Records of one partition in one transaction: bounds how long a revocation waits."""
    transaction_seconds: float = 1.0
    """A transaction takes no further records once it has judged for this long: far below the broker's time-out, however
    slow the machine or large the records."""
    batch_bytes: int = 900_000
    """Batches sent are at most this large; must stay below `max.message.bytes` of every topic."""
    compression: str | None = None
    """How batches are compressed, such as `lz4`; none costs the least processor time."""
    output_bytes: int = 1_000_000
    """A larger key and value of a changelog row or output fails the record that made it, before the broker would."""
    dead_letter_bytes: int = 2_000_000
    """The same for dead letters, whose topic takes twice as much."""

    in_order: bool = False
    """Judge the records of all partitions in the order of the broker's time on them: for a rebuild, whose one worker
    has every partition. Nothing is judged while one of them stands still."""

    stale_offsets_seconds: int = 180
    """A worker whose tables are ahead of the group's committed offsets asks for them again for this long."""
    stall_seconds: int = 60
    """The watchdog ends a process that has work and commits nothing, or restores nothing, for this long."""
    mock_broker: bool = False
    """Only for the embedded demo: no waiting for stable offsets, no topic checks, no checksums."""

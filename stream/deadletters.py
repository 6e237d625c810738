"""Dead letters: records with a fault of the producer, kept unchanged and with a reason (DESIGN section 2)."""

from enum import StrEnum
from typing import Final

from stream.records import Outgoing, Record, Sink


class Fault(StrEnum):
    """Error codes of dead letters, in the order in which they are looked for."""

    TOO_LARGE = "too-large"
    NOT_JSON = "not-json"
    WRONG_ENVELOPE = "wrong-envelope"
    UNKNOWN_TYPE = "unknown-type"
    WRONG_SHAPE = "wrong-shape"
    KEY_MISMATCH = "key-mismatch"
    WRONG_PARTITION = "wrong-partition"
    TIME_AHEAD = "time-ahead"
    VERSION_CONFLICT = "version-conflict"


EXEMPT_FAULTS: Final = frozenset({Fault.UNKNOWN_TYPE, Fault.VERSION_CONFLICT})
"""Faults that a newer or a repeating producer makes by the thousand: they never halt a partition."""


def dead_letter(record: Record, fault: Fault, detail: str) -> Outgoing:
    """Return the record unchanged, with headers for its origin and the fault; `detail` must not quote any value."""
    headers = (
        *record.headers,
        ("x-error", fault.value.encode()),
        ("x-detail", detail.encode()),
        ("x-topic", record.topic.encode()),
        ("x-partition", str(record.partition).encode()),
        ("x-offset", str(record.offset).encode()),
    )
    return Outgoing(Sink.DEAD_LETTERS, record.partition, record.key, record.value, headers)

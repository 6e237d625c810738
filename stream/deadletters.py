"""Dead letters: records with a fault of the producer, kept unchanged and with a reason (DESIGN section 2)."""

from collections.abc import Mapping
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


REMEDIES: Final[Mapping[Fault, str]] = {
    Fault.TOO_LARGE: "send fewer lines per bill; 999 lines fit",
    Fault.NOT_JSON: "check your serializer, and whether the value was cut off",
    Fault.WRONG_ENVELOPE: "compare with the attributes of the envelope",
    Fault.UNKNOWN_TYPE: "correct a typing error; if the event is newer than this Tallygate, upgrade and retry",
    Fault.WRONG_SHAPE: "compare with the schemas",
    Fault.KEY_MISMATCH: "set the key",
    Fault.WRONG_PARTITION: "set partitioner=murmur2_random",
    Fault.TIME_AHEAD: "correct the clock of the sender, and its time zone",
    Fault.VERSION_CONFLICT: "assign versions in one place; send the correct bill as a higher version",
}
"""What the producer does about each; docs/events.md has the same words."""

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

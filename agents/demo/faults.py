"""Bad records, one kind for each code of a dead letter, as a broken or hostile producer sends them."""

from collections.abc import Callable
from typing import Final, NamedTuple

from stream.deadletters import Fault
from stream.topics import RECORD_BYTES_MAX

RARE: Final = frozenset({Fault.TOO_LARGE})
"""Kinds that come once a day: a record of more than 1 MB would fill the embedded broker."""


class BadRecord(NamedTuple):
    """A record to send; `shift` is its distance in partitions from the partition of its key."""

    key: str
    value: bytes
    shift: int = 0


def _padded(event: str) -> bytes:
    return event.encode().ljust(RECORD_BYTES_MAX + 1)


def _changed(old: str, new: str) -> Callable[[str, str], BadRecord]:
    return lambda key, event: BadRecord(key, event.replace(old, new).encode())


# Each makes its record from a valid event of an open bill and the event's conveyance.
_MADE: Final[dict[Fault, Callable[[str, str], BadRecord]]] = {
    Fault.TOO_LARGE: lambda key, event: BadRecord(key, _padded(event)),
    Fault.NOT_JSON: lambda key, event: BadRecord(key, event[: len(event) // 2].encode()),
    Fault.WRONG_ENVELOPE: _changed('"specversion":"1.0",', ""),
    Fault.UNKNOWN_TYPE: _changed(".manifested.v1", ".teleported.v1"),
    Fault.WRONG_SHAPE: _changed('"quantity":1', '"quantity":-1'),
    Fault.KEY_MISMATCH: lambda key, event: BadRecord(f"{key}.copy", event.encode()),
    Fault.WRONG_PARTITION: lambda key, event: BadRecord(key, event.encode(), 1),
    Fault.TIME_AHEAD: _changed('"time":"20', '"time":"21'),
    # The same version of the bill has other content.
    Fault.VERSION_CONFLICT: _changed('"value":{"amount":"', '"value":{"amount":"7'),
}


def bad_record(fault: Fault, key: str, event: str) -> BadRecord:
    """Return a valid `manifested` event changed so that it becomes a dead letter with the code `fault`."""
    return _MADE[fault](key, event)

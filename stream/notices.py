"""Notices of dead letters: what is wrong with which event, without the record, for readers who may see no person.

A notice is sent with its dead letter. Anyone can put a name into any field. So a notice states the event's `id` only if
it has a digit and no space, and of its `source` a digest: a reader that knows the source can find its own letters.
"""

import re
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, Literal

import msgspec

from stream.deadletters import Fault
from stream.decisions import SOURCE, STRUCTURED, Cause
from stream.faultfinding import VALUE_BYTES_MAX
from stream.instants import from_micros
from stream.records import Outgoing, Record, Sink

TYPE: Final = "tallygate.dead-letter.v1"
SHOWN: Final = re.compile(r"[A-Za-z0-9:._/@#+~-]{1,200}")
"""What an `id` looks like that a notice states, if it has a digit too."""
DIGITS: Final = frozenset("0123456789")
DIGEST_DIGITS: Final = 32


class NoticeData(msgspec.Struct, frozen=True):
    """Why an event is a dead letter; nothing of its `data` is quoted."""

    event_id: str | None
    """The event's `id`; null where it cannot be read, has no digit, or has more than ASCII letters and `:._/@#+~-`."""
    source_digest: str | None
    """The first 32 hexadecimal digits of the SHA-256 of the event's `source`; null where it cannot be read."""
    code: Fault
    detail: str
    """The place in the event, and what was expected there."""
    record: Cause
    """The record of the shipments topic."""


class Notice(msgspec.Struct, frozen=True):
    """The CloudEvents envelope of a notice."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["tallygate.dead-letter.v1"]
    time: datetime
    """When the broker took the record."""
    data: NoticeData


class _EventNames(msgspec.Struct, gc=False):
    id: Any = None
    source: Any = None


_read: Final = msgspec.json.Decoder(_EventNames).decode
_write: Final = msgspec.json.Encoder().encode


def source_digest(source: str) -> str:
    """Return the digest by which a reader finds the letters of a source."""
    return sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_DIGITS]


def notice(record: Record, fault: Fault, detail: str) -> Outgoing:
    """Return the notice of a dead letter; `detail` must not quote any value."""
    event_id, digest = _named(record.value)
    cause = Cause(record.topic, record.partition, record.offset)
    place = f"{record.topic}/{record.partition}/{record.offset}"
    time = from_micros(max(0, record.timestamp) * 1_000)
    made = Notice("1.0", place, SOURCE, TYPE, time, NoticeData(event_id, digest, fault, detail, cause))
    return Outgoing(Sink.NOTICES, record.partition, None, _write(made), STRUCTURED)


def _named(value: bytes | None) -> tuple[str | None, str | None]:
    if value is None or len(value) > VALUE_BYTES_MAX:
        return None, None
    try:
        found = _read(value)
    except (ValueError, RecursionError):
        return None, None
    is_shown = isinstance(found.id, str) and SHOWN.fullmatch(found.id) and not DIGITS.isdisjoint(found.id)
    event_id = found.id if is_shown else None
    digest = source_digest(found.source) if isinstance(found.source, str) and found.source else None
    return event_id, digest

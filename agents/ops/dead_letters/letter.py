"""A dead letter as it may be shown: where it is, why, where it came from; never what it says.

The manifest step appends its labels to the headers of the record (`stream.deadletters.dead_letter`), so the last five
are ours whatever a producer sent before them.
"""

import re
from collections.abc import Iterable, Sequence
from sys import intern
from typing import Any, Final, NamedTuple, Self

import msgspec

from stream.deadletters import Fault
from stream.records import Record

LABELS: Final = ("x-error", "x-detail", "x-topic", "x-partition", "x-offset")
RETRIED_FROM: Final = "x-retried-from"
UNLABELLED: Final = "unlabelled"
"""Stands for the code of a record that no Tallygate put there."""

_CONVEYANCE: Final = re.compile(rb"[A-Za-z0-9:._-]{1,100}")
_PLACE: Final = re.compile(r"([0-9]{1,9}):([0-9]{1,18})")
_NUMBER: Final = re.compile(rb"[0-9]{1,18}")
_TOPIC: Final = re.compile(rb"[A-Za-z0-9._-]{1,249}")

Headers = Sequence[tuple[str, bytes | None]]


class LetterPlace(NamedTuple):
    """Partition and offset in the topic of dead letters, written `3:17`."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}:{self.offset}"

    @classmethod
    def parsed(cls, text: str) -> Self:
        """Read `3:17`; raises ValueError."""
        found = _PLACE.fullmatch(text)
        if found is None:
            raise ValueError("expected PARTITION:OFFSET, such as 3:17")
        return cls(int(found[1]), int(found[2]))


class LetterSource(NamedTuple):
    """Where the record was when it was judged."""

    topic: str
    partition: int
    offset: int


class Letter(msgspec.Struct, frozen=True, gc=False):
    """What may be known of a dead letter without reading it."""

    place: LetterPlace
    millis: int
    """When it was put there, in milliseconds since the epoch."""
    error: str
    """A `Fault`, or `UNLABELLED`."""
    detail: str
    source: LetterSource | None
    """None if unlabelled."""
    conveyance: str | None
    """The record key where it looks like a conveyance and was not found to be something else."""
    key_bytes: int | None
    """None: no key."""
    size: int
    """Bytes of the value; 0 where there is none."""
    retried_from: LetterPlace | None
    """The dead letter that was sent again and became this one."""


def letter_of(record: Record) -> Letter:
    """Read the labels of a dead letter."""
    headers, key = tuple(record.headers), record.key
    error, detail, source = _labels(headers)
    return Letter(
        place=LetterPlace(record.partition, record.offset),
        millis=record.timestamp,
        error=error,
        detail=detail,
        source=source,
        conveyance=_conveyance(key, error),
        key_bytes=None if key is None else len(key),
        size=len(record.value or b""),
        retried_from=_retried_from(headers),
    )


def headers_to_send(record: Record) -> list[tuple[str, bytes]]:
    """Return the producer's own headers and where the letter lay: what a record is sent again with."""
    headers = tuple(record.headers)
    own = [header for header in headers[: -len(LABELS)] if header[0] != RETRIED_FROM]
    return [*own, (RETRIED_FROM, str(LetterPlace(record.partition, record.offset)).encode())]


def concerns(record: Record, conveyance: str) -> bool:
    """Whether the record's key is this conveyance, or the event in it says so under a wrong key."""
    if record.key == conveyance.encode():
        return True
    if letter_of(record).error != Fault.KEY_MISMATCH:
        return False
    try:
        event: Any = msgspec.json.decode(record.value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    data = event.get("data") if isinstance(event, dict) else None
    return isinstance(data, dict) and data.get("conveyance") == conveyance


def _labels(headers: Headers) -> tuple[str, str, LetterSource | None]:
    names, values = zip(*headers[-len(LABELS) :], strict=True) if headers else ((), ())
    if names != LABELS or None in values:
        return UNLABELLED, "", None
    error, detail, topic, partition, offset = values
    code = next((fault.value for fault in Fault if fault.value.encode() == error), None)
    right = _TOPIC.fullmatch(topic) and _NUMBER.fullmatch(partition) and _NUMBER.fullmatch(offset)
    if code is None or not right:
        return UNLABELLED, "", None
    source = LetterSource(intern(topic.decode()), int(partition), int(offset))
    return code, intern(detail.decode(errors="replace")), source


def _conveyance(key: bytes | None, error: str) -> str | None:
    # Under `key-mismatch` the key is known to be something else, and that may be anything, a person's name too.
    if key is None or error == Fault.KEY_MISMATCH or not _CONVEYANCE.fullmatch(key):
        return None
    return key.decode()


def _retried_from(headers: Iterable[tuple[str, bytes | None]]) -> LetterPlace | None:
    said = next((value for name, value in headers if name == RETRIED_FROM and value), b"")
    try:
        return LetterPlace.parsed(said.decode("ascii"))
    except ValueError:
        return None

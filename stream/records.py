"""The contract of a step: a record in, outgoing records out, and the fate of the record.

A step is a pure function over a table. The engine, the offline judge and the simulator run the same steps, only through
these types.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple, Protocol


class Record(Protocol):
    """A record read from an input topic; aiokafka's `ConsumerRecord` has this shape."""

    @property
    def topic(self) -> str:
        """Full topic name, prefix included."""

    @property
    def partition(self) -> int:
        """Partition that it was read from."""

    @property
    def offset(self) -> int:
        """Offset in the partition."""

    @property
    def timestamp(self) -> int:
        """The broker's append time in milliseconds since the epoch; -1 where no broker was involved."""

    @property
    def key(self) -> bytes | None:
        """Record key as it was sent."""

    @property
    def value(self) -> bytes | None:
        """Record value as it was sent."""

    @property
    def headers(self) -> Iterable[tuple[str, bytes]]:
        """Record headers as they were sent."""


class PlainRecord(NamedTuple):
    """A `Record` for runners without a broker, and for tests."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Sink(StrEnum):
    """The kind of topic that an outgoing record goes to; the runner knows the full topic name."""

    POSTINGS = "postings"
    DECISIONS = "decisions"
    ALERTS = "alerts"
    DEAD_LETTERS = "dead-letters"
    NOTICES = "dead-letter-notices"


class Outgoing(NamedTuple):
    """A record that a step sends."""

    sink: Sink
    partition: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Fate(StrEnum):
    """What happened to an input record; per partition, records read = applied + stale + dead-lettered."""

    APPLIED = "applied"
    STALE = "stale"
    DEAD_LETTERED = "dead-lettered"


class Result(NamedTuple):
    """The result of a step for one record.

    `code` is the dead letter's error code, or a word that is counted (such as `day-closed`), else "". `outputs` must be
    drained before the next record is judged; a `None` in it means that the event loop may run other work there.
    """

    fate: Fate
    code: str
    outputs: Iterable[Outgoing | None]

"""Chunks: all records of one fetch of a partition, handed through Faust as one message."""

from typing import Any, NamedTuple

from agents.kafka.protocol import GroupMember


class Chunk(NamedTuple):
    """Records of one fetch, in offset order, at least one."""

    partition: int
    member: GroupMember
    """The generation and member id at the moment of the fetch, taken in the consumer's thread."""
    era: int
    """Which opening of the partition's gate it came through; chunks of an earlier one are void."""
    start: int
    """Where the previous fetch of the partition ended; offsets have holes, so this is not the first record's."""
    end: int
    """Where this fetch ended, past any control records: what is committed when the whole chunk is judged."""
    records: list[Any]
    size: int
    """About the bytes that the records take in memory."""
    following: int = 0
    """How many chunks of the same fetch come after this one: one transaction is to take them all."""


RECORD_OVERHEAD = 400
"""Bytes that a record takes beside its key and value, about."""


def chunk_size(records: list[Any]) -> int:
    """Estimate the bytes that records take in memory."""
    size = RECORD_OVERHEAD * len(records)
    for record in records:
        size += len(record.value or b"")
    return size

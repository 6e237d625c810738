"""A broker in memory: logs, committed offsets and group generations; a transaction is seen whole or not at all."""

from collections import defaultdict
from dataclasses import dataclass, field

from stream.records import Fate, Outgoing, PlainRecord

Change = tuple[bytes, bytes | None]

INPUT = {"manifest": "shipments", "withholding": "postings"}
"""Topic that each step reads."""


@dataclass
class Transaction:
    """What a worker wants to become visible together."""

    step: str
    generation: int
    """Of the group when the records were fetched."""
    outputs: list[Outgoing] = field(default_factory=list)
    changes: dict[int, list[Change]] = field(default_factory=dict)
    fates: dict[int, list[tuple[Fate, str]]] = field(default_factory=dict)
    offsets: dict[int, int] = field(default_factory=dict)


class Broker:
    """All that outlives a worker."""

    def __init__(self, partitions: int) -> None:
        self.partitions = partitions
        self.logs: defaultdict[tuple[str, int], list[PlainRecord]] = defaultdict(list)
        self.changelogs: defaultdict[tuple[str, int], list[Change]] = defaultdict(list)
        self.offsets: defaultdict[tuple[str, int], int] = defaultdict(int)
        self.fates: defaultdict[tuple[str, int], list[tuple[Fate, str]]] = defaultdict(list)
        self.generations: defaultdict[str, int] = defaultdict(int)
        self.owners: dict[tuple[str, int], str] = {}

    def append(self, topic: str, record: Outgoing, timestamp: int = -1) -> None:
        """Put a record at the end of its partition's log."""
        log = self.logs[topic, record.partition]
        log.append(
            PlainRecord(topic, record.partition, len(log), timestamp, record.key, record.value, tuple(record.headers))
        )

    def waiting(self, step: str, partition: int) -> list[PlainRecord]:
        """Return the records that the group of a step has not committed yet."""
        return self.logs[INPUT[step], partition][self.offsets[step, partition] :]

    def assign(self, step: str, owners: dict[int, str]) -> None:
        """Hand out the partitions of a group again: a new generation begins."""
        self.generations[step] += 1
        for partition, owner in owners.items():
            self.owners[step, partition] = owner

    def commit(self, transaction: Transaction) -> bool:
        """Make a transaction visible, unless its records were fetched under another generation."""
        if transaction.generation != self.generations[transaction.step]:
            return False
        self.publish(transaction)
        return True

    def publish(self, transaction: Transaction) -> None:
        """Make a transaction visible."""
        for outgoing in transaction.outputs:
            self.append(outgoing.sink.value, outgoing)
        for partition, changes in transaction.changes.items():
            self.changelogs[transaction.step, partition] += changes
        for partition, fates in transaction.fates.items():
            self.fates[transaction.step, partition] += fates
        for partition, offset in transaction.offsets.items():
            self.offsets[transaction.step, partition] = offset

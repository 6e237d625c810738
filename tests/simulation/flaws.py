"""Runners that are wrong on purpose, each by one classic mistake: the auditor must catch every one of them."""

from collections.abc import Iterator

from state.table import Overlay
from stream.records import Outgoing
from tests.simulation.broker import Transaction
from tests.simulation.worker import Worker


class SendsAtOnce(Worker):
    """Outputs leave before the commit: a crash repeats them."""

    def send(self, transaction: Transaction, outgoing: Outgoing) -> None:  # noqa: ARG002 - that is the mistake
        self.broker.append(outgoing.sink.value, outgoing)


class CommitsOffsetsFirst(Worker):
    """Offsets are committed before the outputs: a crash loses them."""

    def end(self, transaction: Transaction, overlays: dict[int, Overlay]) -> Iterator[None]:
        self.broker.publish(Transaction(transaction.step, 0, offsets=transaction.offsets))
        yield
        yield from super().end(transaction, overlays)


class WritesChangelogFirst(Worker):
    """The changelog is written outside the transaction: after a crash the table is ahead of its input."""

    def end(self, transaction: Transaction, overlays: dict[int, Overlay]) -> Iterator[None]:
        self.broker.publish(Transaction(transaction.step, 0, changes=transaction.changes))
        transaction.changes = {partition: [] for partition in transaction.changes}
        yield
        yield from super().end(transaction, overlays)


class IgnoresGeneration(Worker):
    """The generation is read when it commits: a worker that slept through a rebalance commits its old chunks."""

    def end(self, transaction: Transaction, overlays: dict[int, Overlay]) -> Iterator[None]:
        yield
        transaction.generation = self.broker.generations[self.step.name]
        yield from super().end(transaction, overlays)


class JoinsBeforeCommit(Worker):
    """The tables have the changes before the commit: a refused one leaves them there."""

    def end(self, transaction: Transaction, overlays: dict[int, Overlay]) -> Iterator[None]:
        self.join(transaction, overlays)
        yield from super().end(transaction, {})


class RestoresTooLittle(Worker):
    """The restore stops short of the changelog's end, as one that does not wait for stable offsets may."""

    @staticmethod
    def restore_until(end: int) -> int:
        return max(0, end - 3)


FLAWS = (
    SendsAtOnce,
    CommitsOffsetsFirst,
    WritesChangelogFirst,
    IgnoresGeneration,
    JoinsBeforeCommit,
    RestoresTooLittle,
)

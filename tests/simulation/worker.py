"""A worker: one process of one step, with its tables. It can die between any two effects, and others act meanwhile."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from state.step import Step
from state.table import Overlay, Table
from stream.records import Outgoing, PlainRecord
from tests.simulation.broker import Broker, Transaction

RECORDS_MAX = 6
"""Records of one partition in one transaction."""


@dataclass
class Kept:
    """A table, and how far in the changelog it stands."""

    table: Table
    position: int


class Worker:
    """Runs transactions one after another; `transaction` stops before every effect."""

    def __init__(self, name: str, step: Step, broker: Broker, rng: Random) -> None:
        self.name = name
        self.step = step
        self.broker = broker
        self.rng = rng
        self.kept: dict[int, Kept] = {}

    def assigned(self) -> list[int]:
        """Return the partitions that this worker owns now and that have records waiting."""
        owners, step = self.broker.owners, self.step.name
        partitions = range(self.broker.partitions)
        return [one for one in partitions if owners[step, one] == self.name and self.broker.waiting(step, one)]

    def transaction(self) -> Iterator[None]:
        """Read what waits, judge it, send and commit it; join the tables only once that is done."""
        step = self.step.name
        transaction = Transaction(step, self.broker.generations[step])
        chunks = {one: self.broker.waiting(step, one)[: self.rng.randint(1, RECORDS_MAX)] for one in self.assigned()}
        yield
        overlays: dict[int, Overlay] = {}
        for partition, chunk in chunks.items():
            yield from self.restore(partition)
            if transaction.generation != self.broker.generations[step]:
                return  # the fetch spans a change of the group: it is dropped
            if self.rng.random() < 0.2:
                self.lose_books(partition)
            overlays[partition] = self.kept[partition].table.overlay()
            yield from self.judge(transaction, overlays[partition], chunk)
            self.step.sweep(overlays[partition], self.rng.choice((0, 3, 50)))
            transaction.changes[partition] = list(overlays[partition].changes())
            transaction.offsets[partition] = chunk[-1].offset + 1
        if chunks:
            yield from self.end(transaction, overlays)

    def end(self, transaction: Transaction, overlays: dict[int, Overlay]) -> Iterator[None]:
        """Commit, then join; a refused or failed transaction leaves the tables as they were."""
        yield
        if self.rng.random() < 0.05 or not self.broker.commit(transaction):
            return
        yield
        self.join(transaction, overlays)

    def join(self, transaction: Transaction, overlays: dict[int, Overlay]) -> None:
        """Let the tables have the changes, and remember how far they stand."""
        for partition, overlay in overlays.items():
            overlay.join()
            self.kept[partition].position += len(transaction.changes[partition])

    def judge(self, transaction: Transaction, overlay: Overlay, chunk: list[PlainRecord]) -> Iterator[None]:
        """Run a chunk through the step."""
        fates = transaction.fates.setdefault(chunk[0].partition, [])
        for record in chunk:
            result = self.step(record, overlay)
            for outgoing in result.outputs:
                yield
                if outgoing is not None:
                    self.send(transaction, outgoing)
            fates.append((result.fate, result.code))
            yield

    def send(self, transaction: Transaction, outgoing: Outgoing) -> None:
        """Send within the transaction."""
        transaction.outputs.append(outgoing)

    def restore(self, partition: int) -> Iterator[None]:
        """Bring the table to the end of its changelog: one kept over a rebalance catches up from where it stands."""
        changelog = self.broker.changelogs[self.step.name, partition]
        kept = self.kept.get(partition)
        if kept is None:
            kept = Kept(Table(), 0)
        if kept.position < len(changelog):
            self.kept.pop(partition, None)  # what a cancelled restore read is not used
            end = len(changelog)
            # A changelog is compacted up to some point: of a key at most its last record is left before it.
            cut = self.rng.randint(kept.position, end)
            for records in (changelog[kept.position : cut], changelog[cut : self.restore_until(end)]):
                for _ in kept.table.restore(dict(records), slice_rows=7):
                    yield
            kept.position = end
        self.kept[partition] = kept

    def lose_books(self, partition: int) -> None:
        """Lose what is kept beside the rows, as when other partitions need the room."""
        table = self.kept[partition].table
        for root in table.roots():
            table.take_cache(root)

    @staticmethod
    def restore_until(end: int) -> int:
        """Say how far a restore reads a changelog that ends here."""
        return end

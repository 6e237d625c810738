"""Runners and steps that are wrong on purpose, each by one classic mistake: the auditor must catch every one."""

from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace

from state.rules.rulebook import Rulebook
from state.table import Overlay
from state.withholding.bill import Bill
from state.withholding.plain_ledgers import PlainLedgers
from state.withholding.terms import LedgerLimits, Terms
from state.withholding.walked_ledger import SkipLedger
from stream.days import ZONE_NAME, day_of_micros
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


def covers_a_cent_too_much(patch: pytest.MonkeyPatch) -> None:
    """Under `excess` a cent more than is left of the limit is covered."""
    sound = PlainLedgers._cover

    def cover(self: PlainLedgers, bills: list[Bill], total: int, limit: int, found: list[tuple[Bill, bool]]) -> int:
        total = sound(self, bills, total, limit, found)
        partly = [bill for bill in bills if self._covered.get(bill)]
        for bill in partly:
            self._covered[bill] += 1
        return total + len(partly)

    patch.setattr(PlainLedgers, "_cover", cover)


def takes_every_day_in_eastern_time(patch: pytest.MonkeyPatch) -> None:
    """A bill is on the day that it is in New York, in whatever zone its programme is."""
    patch.setattr("state.manifest.stand.day_of_micros", lambda micros, _zone: day_of_micros(micros, ZONE_NAME))


def closes_by_eastern_time(patch: pytest.MonkeyPatch) -> None:
    """A period is over when it is over in New York."""
    patch.setattr("state.withholding.clock.day_of_micros", lambda micros, _zone="": day_of_micros(micros, ZONE_NAME))


def keeps_freed_headroom(patch: pytest.MonkeyPatch) -> None:
    """A bill that was withheld once stays withheld, whatever leaves the ledger."""
    patch.setattr(SkipLedger, "_release_what_fits", lambda *_: iter(()))


def sums_all_sellers(patch: pytest.MonkeyPatch) -> None:
    """A total per seller is of all sellers of the person."""
    sound = Terms.ledger
    patch.setattr(Terms, "ledger", lambda self, day, conveyance, _seller: sound(self, day, conveyance, None))


def ignores_weight(patch: pytest.MonkeyPatch) -> None:
    """Of several measures, weight is not asked."""
    sound = LedgerLimits.hold
    patch.setattr(LedgerLimits, "hold", lambda self, sums: sound(self, replace(sums, weight=0)))


def forgets_as_soon_as_us_321(patch: pytest.MonkeyPatch) -> None:
    """A conveyance is kept no longer than a day's programme needs it, whatever the others need."""
    patch.setattr(Rulebook, "conveyance_days", property(lambda book: book.least_conveyance_days))


FLAWS_OF_PROGRAMMES: tuple[Callable[[pytest.MonkeyPatch], None], ...] = (
    covers_a_cent_too_much,
    takes_every_day_in_eastern_time,
    closes_by_eastern_time,
    keeps_freed_headroom,
    sums_all_sellers,
    ignores_weight,
    forgets_as_soon_as_us_321,
)

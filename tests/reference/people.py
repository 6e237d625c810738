"""What the plain model holds: bills on conveyances, as their consignee has them, and the figures of ledgers."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from stream.postings import PostedBill
from tests.reference.plain import Measure
from tests.reference.rules import Limits

Amounts = dict[Measure, int]


class Ledger(NamedTuple):
    """What is summed of a consignee: in the order in which ledgers are taken, but for sellers."""

    programme: str
    first: date
    """First day of the period; of a conveyance the earliest date there is."""
    conveyance: str
    """Of a programme by conveyance, else empty."""
    seller: str | None
    text: str
    """The period as decisions have it."""


@dataclass(eq=False)
class Held:
    """A bill on a conveyance, as its consignee has it."""

    bill: PostedBill
    conveyance: str
    ledger: Ledger | None
    """The ledger that its day falls into, whether open or not; None without a day or a known programme."""
    outcome: str = ""
    reason: str = ""
    rule: str | None = None
    kept: Amounts | None = None
    """What it counts with, released in full; null if it does not count, or only in part."""
    covered: int | None = None
    """Under `excess`, of a misfit what counts of it, in hundredths."""
    gone: bool = False
    """Its ledger has closed, or was closed when it came."""
    revision: int = 0

    @property
    def live(self) -> bool:
        """Not out by an exit."""
        return self.bill.stand != "closed"

    @property
    def in_ledger(self) -> bool:
        """In an open ledger: live, or closed and still counting."""
        return self.ledger is not None and not self.gone and (self.live or self.kept is not None)

    @property
    def arrived(self) -> bool:
        """In a ledger as arrived, and live."""
        return self.bill.stand == "arrived"

    @property
    def was_released(self) -> bool:
        """Released, or out of the country since and still counting: if live again, then as if released before."""
        return not self.gone and (self.outcome == "release" or self.kept is not None)

    @property
    def counts(self) -> bool:
        """Whether it is in the released total, if only in part."""
        return self.kept is not None or (self.arrived and bool(self.covered))

    @property
    def place(self) -> tuple[datetime, str, int, str]:
        """Manifest order."""
        return self.bill.manifested_at, self.conveyance, self.bill.sequence, self.bill.bill


@dataclass
class Totals:
    """The figures of a ledger once it is judged."""

    limits: Limits
    released: Amounts
    projected: Amounts

    @property
    def actual(self) -> int:
        """Return the released value."""
        return self.released["value"]


@dataclass
class Person:
    """All bills of a consignee, and the alerts raised."""

    bills: dict[tuple[str, str], Held] = field(default_factory=dict)
    ledgers: dict[Ledger, Totals] = field(default_factory=dict)
    latest: dict[Ledger, date] = field(default_factory=dict)
    """The latest date that any bill has had in a ledger: a conveyance, which has no last day, ends after it."""
    left: set[Ledger] = field(default_factory=set)
    """Ledgers that the date of a bill has left since they were judged: their figures are of before."""
    alerted: set[tuple[object, ...]] = field(default_factory=set)

    @property
    def days(self) -> dict[date, Totals]:
        """Return the figures of the days of `us-321`."""
        return {ledger.first: totals for ledger, totals in self.ledgers.items() if ledger.programme == "us-321"}

    def forget(self, ledger: Ledger) -> None:
        """Let go of a ledger that has closed, and of the alerts that it raised."""
        del self.latest[ledger]
        self.ledgers.pop(ledger, None)
        self.left.discard(ledger)
        self.alerted = {what for what in self.alerted if ledger not in what}

    def within(self, ledger: Ledger) -> list[Held]:
        """Return the bills of an open ledger in manifest order: live ones, and closed ones that still count."""
        bills = [held for held in self.bills.values() if held.ledger == ledger and held.in_ledger]
        return sorted(bills, key=lambda held: held.place)

"""What the plain model holds: bills on conveyances, as their consignee has them, and the figures of days."""

from dataclasses import dataclass, field
from datetime import date, datetime

from stream.alerts import AlertKind
from stream.postings import PostedBill


@dataclass(eq=False)
class Held:
    """A bill on a conveyance, as its consignee has it."""

    bill: PostedBill
    conveyance: str
    outcome: str = ""
    reason: str = ""
    rule: str | None = None
    counts_cents: int | None = None
    """What it counts with in the day's released total; null if it does not count."""
    revision: int = 0

    @property
    def live(self) -> bool:
        """Not out by an exit."""
        return self.bill.stand != "closed"

    @property
    def on_its_day(self) -> bool:
        """Live, or closed and still counting."""
        return self.live or self.counts_cents is not None

    @property
    def arrived(self) -> bool:
        """On a day as arrived, and live."""
        return self.bill.stand == "arrived"

    @property
    def was_released(self) -> bool:
        """Released, or out of the country since and still counting: if live again, then as if released before."""
        return self.outcome == "release" or self.counts_cents is not None

    @property
    def place(self) -> tuple[datetime, str, int, str]:
        """Manifest order."""
        return self.bill.manifested_at, self.conveyance, self.bill.sequence, self.bill.bill


@dataclass
class Totals:
    """The figures of a day once it is judged."""

    actual: int = 0
    estimated: int = 0


@dataclass
class Person:
    """All bills of a consignee, and the alerts raised."""

    bills: dict[tuple[str, str], Held] = field(default_factory=dict)
    days: dict[date, Totals] = field(default_factory=dict)
    alerted: set[tuple[AlertKind, date | str | None, str | None]] = field(default_factory=set)

    def on(self, day: date) -> list[Held]:
        """Return the bills whose day this is, in manifest order: live ones, and closed ones that still count."""
        bills = [held for held in self.bills.values() if held.bill.day == day and held.on_its_day]
        return sorted(bills, key=lambda held: held.place)

"""A bill on one conveyance as it is judged, and where it stands among others."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from tests.second_judge.manifest import Held

MISFITS: Final = frozenset({"daily-limit", "period-limit"})
WALKED: Final = MISFITS | {"within-limit"}


class Ledger(NamedTuple):
    """What is summed for a consignee, in the order in which ledgers are judged."""

    programme: str
    begins: str
    """First day of the period, or the conveyance."""
    seller: str | None


@dataclass(eq=False)
class Copy:
    """A bill on one conveyance; `gone`: its ledger has closed, and it is a part of its order alone."""

    held: Held
    conveyance: str
    shown: tuple[date | None, bool]
    ledger: Ledger | None = None
    day: date | None = None
    arrived: bool = False
    value: int | None = None
    weight: int = 0
    outcome: str = ""
    reason: str = ""
    asked: str | None = None
    """Of rows 8, 10 and 11 the measure that decided."""
    revision: int = 1
    released: bool = False
    counts: bool = False
    covered: int | None = None
    superseded: bool = False
    gone: bool = False

    @property
    def place(self) -> tuple[datetime, str, int, str]:
        """Return its place in manifest order."""
        return self.held.manifested, self.conveyance, self.held.sequence, self.held.bill

    @property
    def arrival_order(self) -> tuple[bool, bool, int, str]:
        """Return what decides which of several copies counts, the first of them."""
        return not self.released, not self.arrived, -self.held.version, self.conveyance

    @property
    def verdict(self) -> tuple[str, str, int | None]:
        """Return what must change for another bill's event to bring a decision."""
        return self.outcome, self.reason, self.covered


Copies = dict[tuple[str, str], Copy]


def in_order(copies: Iterable[Copy]) -> list[Copy]:
    """Sort by place in the manifest."""
    return sorted(copies, key=lambda copy: copy.place)

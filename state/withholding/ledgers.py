"""The ledgers of a consignee, as the judging of a record asks them.

There are three forms that always agree. `PlainLedgers` applies the definition of DESIGN section 3 to all bills of a
ledger each time. `Book` keeps the ledgers of a large consignee and changes only what a posting affects. `HeadLedgers`
reads no bill but the record's own: the head rows of long periods tell it enough, in the usual cases.
"""

from collections.abc import Iterable
from typing import Protocol

from state.withholding.bill import Bill
from state.withholding.head import Head
from state.withholding.ledger_ids import LedgerId
from state.withholding.terms import LedgerLimits, Sums

Found = tuple[Bill | bytes, bool]
"""A bill, or its manifest key, and whether it fits."""


class Ledgers(Protocol):
    """The interface of a consignee's ledgers for the judging of a record."""

    def enter(self, bill: Bill) -> None:
        """Note that a bill is in its ledger now, whatever decides on it. Asked of programmes by conveyance."""

    def leave(self, bill: Bill) -> None:
        """Note that a bill is in its ledger no more."""

    def take_out(self, bill: Bill) -> None:
        """Take a bill, with the status it has, out of what its ledger sums up."""

    def count_closed(self, bill: Bill) -> None:
        """Count a released bill that left by an exit and keeps counting."""

    def put(self, bill: Bill, counted: int) -> None:
        """Put a bill into its ledger: unjudged, or with a release that stands."""

    def limits(self, ledger: LedgerId) -> LedgerLimits:
        """Return the limits of a ledger."""

    def settle(self, ledger: LedgerId, limits: LedgerLimits) -> Iterable[Found | None]:
        """Walk the ledger. Return the bills that are new or may have changed, and whether each fits.

        None means that the caller may run other work; the rest must still be read.
        """

    def covered(self, bill: Bill) -> int:
        """Return what is covered, under `excess`, of a bill that does not fit."""

    def totals(self, ledger: LedgerId) -> tuple[int, int]:
        """Return the ledger's released total, and the total with its clear bills, in the measure that is walked."""

    def sums(self, ledger: LedgerId, limits: LedgerLimits) -> tuple[Sums, Sums]:
        """Return the same in every measure that is limited."""

    def join_copy(self, copy: Bill, *, counted: bool) -> None:
        """Add a copy of a shared number to its ledger; `counted` if it is the copy that is not superseded."""

    def leave_copy(self, copy: Bill) -> None:
        """Take a copy of a shared number out of its ledger."""

    def contenders(self, number: str, ledger: LedgerId) -> tuple[int, Iterable[str]]:
        """Return how many copies of a shared number the ledger has, and the conveyances of those that may count."""

    def note_counted(self, number: str, ledger: LedgerId, conveyance: str) -> None:
        """Note the copy that is not superseded."""

    def copied(self, ledger: LedgerId) -> Iterable[str]:
        """Return the shared numbers with several copies in the ledger."""

    def would_release(self, ledger: LedgerId, bill: Bill, counted: int, limits: LedgerLimits) -> bool:
        """Whether the bill would be released as things stand, had it arrived and were it in that ledger.

        An arrived bill is not asked of its own ledger: where it does not fit now it would not fit then.
        """

    def head(self, ledger: LedgerId) -> Head | None:
        """Return the head of a ledger as it is at rest, None if nothing is in it."""

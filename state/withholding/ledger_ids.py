"""Ledgers by name: what is summed together, for one consignee (DESIGN section 3, "Programmes")."""

from typing import Final, NamedTuple

from stream.postings import US_321


class PeriodId(NamedTuple):
    """A ledger of any programme but us-321."""

    programme: str
    period: int | str
    """Ordinal of its first day; the conveyance, where the programme sums up what travels together."""
    seller: str
    """Seller key where the programme sums per seller, else empty."""


LedgerId = int | PeriodId
"""A ledger. That of us-321 is the ordinal of its day: most ledgers are, and an int is compared soonest."""

NO_LEDGER: Final = 0
"""Stands for "in no ledger"."""


def goes_by_dates(ledger: LedgerId) -> bool:
    """Whether a ledger is that of a conveyance, whose limit follows from the dates in it."""
    return not isinstance(ledger, int) and isinstance(ledger.period, str)


def place_of(ledger: LedgerId) -> tuple[str, int | str]:
    """Return programme and period, by which ledgers are taken in order."""
    return (US_321, ledger) if isinstance(ledger, int) else ledger[:2]


def sort_key(ledger: LedgerId) -> tuple[str, int | str, str]:
    """Return what tells all ledgers apart, to sort them by where no other order matters."""
    return (*place_of(ledger), "" if isinstance(ledger, int) else ledger.seller)

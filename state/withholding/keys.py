"""Keys of rows: what a consignee's group holds, one letter for each kind of row.

    b  bill number                       its one copy; or, where conveyances share the number, how many copies there are
    c  bill number, NUL, conveyance      one copy of a shared number
    d  bill number, NUL, ledger          the alert duplicate-bill was raised
    l  ledger                            of a day: the alert near-limit was raised; of a longer period: its head
    o  programme, NUL, order             the live bills of an order

A ledger is programme, NUL, period, and the seller key if the programme sums per seller. The period is the ordinal of
its first day, four bytes from the highest; for a conveyance it is the name and NUL. The programme us-321 is written as
empty, since most ledgers are of it.
"""

from typing import Final, NamedTuple

from state.withholding.ledger_ids import LedgerId
from stream.postings import US_321

BILL_KIND: Final = b"b"
COPY_KIND: Final = b"c"
DUPLICATE_KIND: Final = b"d"
LEDGER_KIND: Final = b"l"
ORDER_KIND: Final = b"o"

_US_321: Final = b"\0"
_DAY_BYTES: Final = 4


class LedgerPeriod(NamedTuple):
    """What the suffix of a ledger's row tells of its period."""

    programme: str
    first: int
    """Ordinal of its first day; of a conveyance it means nothing."""


def bill_suffix(number: bytes) -> bytes:
    """Return the suffix of the row of a bill number."""
    return BILL_KIND + number


def copy_suffix(number: bytes, conveyance: bytes) -> bytes:
    """Return the suffix of the row of one copy of a shared number."""
    return COPY_KIND + number + b"\0" + conveyance


def number_of_copy(suffix: bytes) -> bytes:
    """Return the bill number of a copy row's suffix."""
    return suffix[1 : suffix.index(0)]


def ledger_suffix(ledger: LedgerId) -> bytes:
    """Return the suffix of a ledger's own row."""
    return LEDGER_KIND + _ledger(ledger)


def duplicate_suffix(number: bytes, ledger: LedgerId) -> bytes:
    """Return the suffix of the row for a reported duplicate: a bill with several copies in a ledger."""
    return DUPLICATE_KIND + number + b"\0" + _ledger(ledger)


def order_suffix(programme: str, order: str) -> bytes:
    """Return the suffix of the row of an order."""
    return ORDER_KIND + (b"" if programme == US_321 else programme.encode()) + b"\0" + order.encode()


def programme_of_order(suffix: bytes) -> str:
    """Return the programme of an order row's suffix."""
    return suffix[1 : suffix.index(0)].decode() or US_321


def _ledger(ledger: LedgerId) -> bytes:
    if isinstance(ledger, int):
        return _US_321 + ledger.to_bytes(_DAY_BYTES, "big")
    period = ledger.period
    written = period.to_bytes(_DAY_BYTES, "big") if isinstance(period, int) else period.encode() + b"\0"
    return ledger.programme.encode() + b"\0" + written + ledger.seller.encode()


def period_of_ledger(suffix: bytes) -> LedgerPeriod:
    """Return what a suffix of kind `d` or `l` tells of its ledger."""
    start = suffix.index(0) + 1 if suffix[:1] == DUPLICATE_KIND else 1
    end = suffix.index(0, start)
    first = int.from_bytes(suffix[end + 1 : end + 1 + _DAY_BYTES], "big")
    return LedgerPeriod(suffix[start:end].decode() or US_321, first)

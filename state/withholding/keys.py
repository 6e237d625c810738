"""Keys of rows: what a consignee's group holds, one letter for each kind of row.

    b  bill number                       its one copy; or, where conveyances share the number, how many copies there are
    c  bill number, NUL, conveyance      one copy of a shared number
    d  bill number, NUL, ledger          the alert duplicate-bill was raised
    l  ledger                            the alert near-limit was raised; the head of a long period will be here
    o  programme, NUL, order             the live bills of an order

A ledger is programme, NUL, period, and the seller key where the programme sums per seller. The period is the ordinal
of its first day, four bytes from the highest; of a conveyance its name and NUL. The programme us-321 is written as
empty, since it is the usual one. Only its ledgers, the days, are judged now; the other forms are reserved, so that
programmes need no second change of format.
"""

from typing import Final

BILL_KIND: Final = b"b"
COPY_KIND: Final = b"c"
DUPLICATE_KIND: Final = b"d"
LEDGER_KIND: Final = b"l"
ORDER_KIND: Final = b"o"

_US_321: Final = b"\0"
_DAY_BYTES: Final = 4


def bill_suffix(number: bytes) -> bytes:
    """Suffix of the row of a bill number."""
    return BILL_KIND + number


def copy_suffix(number: bytes, conveyance: bytes) -> bytes:
    """Suffix of the row of one copy of a shared number."""
    return COPY_KIND + number + b"\0" + conveyance


def number_of_copy(suffix: bytes) -> bytes:
    """The bill number in the suffix of a copy's row."""
    return suffix[1 : suffix.index(0)]


def ledger_suffix(ordinal: int) -> bytes:
    """Suffix of a ledger's own row."""
    return LEDGER_KIND + ledger_of_day(ordinal)


def duplicate_suffix(number: bytes, ordinal: int) -> bytes:
    """Suffix of the row that says that a bill's copies in a ledger were reported."""
    return DUPLICATE_KIND + number + b"\0" + ledger_of_day(ordinal)


def order_suffix(order: str) -> bytes:
    """Suffix of the row of an order."""
    return ORDER_KIND + _US_321 + order.encode()


def ledger_of_day(ordinal: int) -> bytes:
    """The ledger of us-321 that a day is."""
    return _US_321 + ordinal.to_bytes(_DAY_BYTES, "big")


def last_day_of_ledger(suffix: bytes) -> int:
    """Ordinal of the last day of the ledger that a suffix of kind `d` or `l` ends with."""
    return int.from_bytes(suffix[-_DAY_BYTES:], "big")

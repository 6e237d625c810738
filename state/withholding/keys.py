"""Keys of rows: the kinds of rows in a consignee's group, one letter for each.

    b  bill number                       its one copy; or the count of copies, if several conveyances carry the number
    c  bill number, NUL, conveyance      one copy of a shared number
    d  bill number, NUL, ledger          the alert duplicate-bill was raised
    l  ledger                            the alert near-limit was raised; the head of a long period will be here
    o  programme, NUL, order             the live bills of an order

A ledger is programme, NUL, period, and the seller key if the programme sums per seller. A period is the ordinal of its
first day in four bytes, big-endian; the period `conveyance` is the conveyance's name and NUL. The programme us-321 is
the usual one and is written as empty. Only its ledgers, the days, are judged now. The other forms are reserved, so that
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
    """Return the suffix of the row of a bill number."""
    return BILL_KIND + number


def copy_suffix(number: bytes, conveyance: bytes) -> bytes:
    """Return the suffix of the row of one copy of a shared number."""
    return COPY_KIND + number + b"\0" + conveyance


def number_of_copy(suffix: bytes) -> bytes:
    """Return the bill number in the suffix of a copy's row."""
    return suffix[1 : suffix.index(0)]


def ledger_suffix(ordinal: int) -> bytes:
    """Return the suffix of a ledger's own row."""
    return LEDGER_KIND + ledger_of_day(ordinal)


def duplicate_suffix(number: bytes, ordinal: int) -> bytes:
    """Return the suffix of the row that says that a bill's copies in a ledger were reported."""
    return DUPLICATE_KIND + number + b"\0" + ledger_of_day(ordinal)


def order_suffix(order: str) -> bytes:
    """Return the suffix of the row of an order."""
    return ORDER_KIND + _US_321 + order.encode()


def ledger_of_day(ordinal: int) -> bytes:
    """Return a day's ledger of us-321."""
    return _US_321 + ordinal.to_bytes(_DAY_BYTES, "big")


def last_day_of_ledger(suffix: bytes) -> int:
    """Return the ordinal of the last day of the ledger in a suffix of kind `d` or `l`."""
    return int.from_bytes(suffix[-_DAY_BYTES:], "big")

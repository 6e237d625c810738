"""What a whole bill says: consignee key, value in cents, filing errors, and the fingerprint of the fields that count.

Exchange rates and filing rules are dated by the day on which the bill's first applied version was manifested
(DESIGN sections 2 and 3), which is why that day is an argument.
"""

from datetime import date
from functools import lru_cache
from hashlib import blake2b
from typing import Final

import msgspec

from state.manifest.rows import BillRow
from state.rules.answers import FilingFacts
from state.rules.rulebook import Rulebook
from stream.consignee import KeyMaker
from stream.events import AmendedBill, Consignee, Line
from stream.instants import to_micros
from stream.money import convert, parse_amount

NO_EXCHANGE_RATE: Final = "no-exchange-rate"
FINGERPRINT_BYTES: Final = 8

_ENCODE: Final = msgspec.msgpack.Encoder().encode
_STATED_LINE = tuple[int, str, str, tuple[str, ...]]


def consignee_key(key_maker: KeyMaker, consignee: Consignee) -> str:
    """Key of who the goods are for."""
    address = consignee.address
    if address is not None and consignee.name is not None:
        return key_maker.of_name(
            consignee.name, address.lines, address.city, address.state, address.postal, address.country
        )
    return key_maker.of_identifier(consignee.identifier_type or "", consignee.identifier or "")


def fingerprint(bill: AmendedBill, consignee: str) -> bytes:
    """Digest of the fields that count: two versions with the same one say the same.

    Amounts and instants count by what they mean, not by how they are written, and flags as a set.
    """
    stated = (
        consignee,
        bill.mode,
        bill.filing,
        bill.order,
        bill.estimated_arrivals or (),
        None if bill.arrived_at is None else to_micros(bill.arrived_at),
        bill.bill_type,
        bill.quantity,
        bill.planned_port,
        [_stated(line) for line in bill.lines],
    )
    return blake2b(_ENCODE(stated), digest_size=FINGERPRINT_BYTES).digest()


def _stated(line: Line) -> _STATED_LINE:
    flags = line.flags
    money = line.value
    return parse_amount(money.amount), money.currency, line.origin, tuple(sorted(set(flags))) if flags else ()


def fill_content(row: BillRow, bill: AmendedBill, consignee: str, manifested_day: date, rulebook: Rulebook) -> None:
    """Write into the row what this version says; `manifested_day` is that of the first applied version."""
    row.consignee = consignee
    row.mode = bill.mode
    row.filing = bill.filing
    row.order = bill.order
    row.arrived = None if bill.arrived_at is None else to_micros(bill.arrived_at)
    lines = bill.lines
    if len(lines) == 1:
        row.origins = _origin_alone(lines[0].origin)
        row.flags = tuple(sorted(set(lines[0].flags))) if lines[0].flags else ()
    else:
        row.origins = tuple(sorted({line.origin for line in lines}))
        row.flags = tuple(sorted({flag for line in lines for flag in line.flags}))
    row.value_cents = value_cents(lines, manifested_day, rulebook)
    address = bill.consignee.address
    errors = rulebook.filing_errors(
        FilingFacts(
            bill.filing,
            bill.mode,
            manifested_day,
            len(bill.estimated_arrivals or ()),
            bill.bill_type,
            bill.quantity,
            bill.planned_port,
            address is not None and rulebook.is_us_state(address.state),
        )
    )
    row.filing_errors = errors if row.value_cents is not None else (*errors, NO_EXCHANGE_RATE)


def value_cents(lines: list[Line], manifested_day: date, rulebook: Rulebook) -> int | None:
    """Sum of the lines in US cents, each converted half up; None where a rate is missing."""
    total = 0
    for line in lines:
        money = line.value
        minor = parse_amount(money.amount)
        if money.currency != "USD":
            rate = rulebook.rate(money.currency, manifested_day)
            if rate is None:
                return None
            minor = convert(minor, rate.numerator, rate.denominator)
        total += minor
    return total


@lru_cache(maxsize=1024)
def _origin_alone(origin: str) -> tuple[str, ...]:
    return (origin,)

"""The content of a whole bill: consignee key, value in cents, filing errors, and fingerprint of the fields that count.

Exchange rates and filing rules go by the day on which the bill's first applied version was manifested (DESIGN sections
2 and 3). So that day is an argument.
"""

from datetime import date
from hashlib import blake2b
from typing import Final

import msgspec

from state.manifest.rows import BillRow
from state.rules.answers import FilingFacts
from state.rules.rulebook import Rulebook
from stream.consignee import KeyMaker
from stream.events import AmendedBill, Consignee, Flag
from stream.instants import to_micros
from stream.money import convert
from stream.reading import hundredths

NO_EXCHANGE_RATE: Final = "no-exchange-rate"
PROGRAMME: Final = "us-321"
"""The only programme so far. It is in the fingerprint, so that fingerprints stay the same once there are others."""
FINGERPRINT_BYTES: Final = 8
VALUE_CENTS_MAX: Final = 10**15
"""A higher value counts as this one, so that rows can hold sums; only a senseless exchange rate leads to it."""

StatedLine = tuple[int, str, str, tuple[Flag, ...], str, str, int]
"""A line in its normal form: amount in hundredths, currency, origin, flags (each once, sorted), HTS, description,
quantity."""

_ENCODE: Final = msgspec.msgpack.Encoder().encode
_HTS_DIGITS: Final = 10
_HTS_SIGNS: Final = str.maketrans("", "", ".- ")


class Content(msgspec.Struct, frozen=True, gc=False):
    """The fields that count, read once. A struct, since a named tuple takes three times as long to make."""

    consignee: str
    arrived: int | None
    lines: list[StatedLine]
    fingerprint: bytes


def consignee_key(key_maker: KeyMaker, consignee: Consignee) -> str:
    """Return the consignee key of the recipient of the goods."""
    address = consignee.address
    if address is not None and consignee.name is not None:
        return key_maker.of_name(
            consignee.name, address.lines, address.city, address.state, address.postal, address.country
        )
    return key_maker.of_identifier(consignee.identifier_type or "", consignee.identifier or "")


def read_content(bill: AmendedBill, key_maker: KeyMaker) -> Content:
    """Return the fields that count; two versions with the same fingerprint say the same.

    Amounts and instants count by their meaning, not by how they are written. Flags count as a set.
    """
    consignee = consignee_key(key_maker, bill.consignee)
    arrived = None if bill.arrived_at is None else to_micros(bill.arrived_at)
    lines: list[StatedLine] = [
        (
            hundredths(line.value.amount),
            line.value.currency,
            line.origin,
            tuple(sorted(set(line.flags))) if line.flags else (),
            line.hts,
            line.description,
            line.quantity,
        )
        for line in bill.lines
    ]
    stated = (
        consignee,
        bill.mode,
        bill.filing,
        bill.order or None,
        bill.estimated_arrivals or (),
        arrived,
        bill.bill_type or None,
        bill.quantity,
        bill.planned_port or None,
        PROGRAMME,
        # Purchase date, weight, and seller key where the programme sums per seller.
        None,
        None,
        None,
        lines,
    )
    return Content(consignee, arrived, lines, blake2b(_ENCODE(stated), digest_size=FINGERPRINT_BYTES).digest())


def fill_content(row: BillRow, bill: AmendedBill, content: Content, manifested_day: date, rulebook: Rulebook) -> None:
    """Write this version's content to the row; `manifested_day` is that of the first applied version."""
    lines = content.lines
    row.consignee, row.arrived, row.fingerprint = content.consignee, content.arrived, content.fingerprint
    row.mode = bill.mode
    row.filing = bill.filing
    row.order = bill.order or None
    if len(lines) == 1:
        _, _, origin, row.flags, _, _, _ = lines[0]
        row.origins = (origin,)
    else:
        row.origins = tuple(sorted({line[2] for line in lines}))
        row.flags = tuple(sorted({flag for line in lines for flag in line[3]}))
    row.value_cents = value_cents(lines, manifested_day, rulebook)
    estimates, address, entered = bill.estimated_arrivals, bill.consignee.address, bill.filing == "type86"
    row.filing_errors = rulebook.filing_errors(
        FilingFacts(
            bill.filing,
            bill.mode,
            manifested_day,
            len(estimates) if estimates else 0,
            bill.bill_type,
            bill.quantity,
            bill.planned_port,
            us_state=address is not None and rulebook.is_us_state(address.state),
            hts=not entered or all(is_whole_hts(line[4]) for line in lines),
            description=not entered or all(any(map(str.isalpha, line[5])) for line in lines),
        )
    )
    if row.value_cents is None:
        row.filing_errors = (*row.filing_errors, NO_EXCHANGE_RATE)


def is_whole_hts(text: str) -> bool:
    """Whether a tariff number has its ten digits; full stops, hyphens and spaces do not count."""
    digits = text.translate(_HTS_SIGNS)
    return len(digits) == _HTS_DIGITS and digits.isascii() and digits.isdigit()


def value_cents(lines: list[StatedLine], manifested_day: date, rulebook: Rulebook) -> int | None:
    """Return the sum of the lines in US cents, each converted half up, up to VALUE_CENTS_MAX; None without a rate."""
    total = 0
    for amount, currency, *_ in lines:
        if currency == "USD":
            total += amount
        else:
            rate = rulebook.rate(currency, manifested_day)
            if rate is None:
                return None
            total += convert(amount, rate.numerator, rate.denominator)
    return min(total, VALUE_CENTS_MAX)

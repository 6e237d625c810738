"""The content of a whole bill: keys, programme, value, filing errors, and fingerprint of the fields that count.

Exchange rates and filing rules go by the day, in the zone of the programme, on which the bill's first applied version
was manifested (DESIGN sections 2 and 3).
"""

from hashlib import blake2b
from typing import Final

import msgspec
from msgspec import structs

from state.manifest.bill_rows import PLAIN, BillRow, Claim
from state.manifest.packed_keys import pack_key
from state.rules.day_rules import FilingFacts
from state.rules.programmes import Programme
from state.rules.rulebook import Rulebook
from stream.consignee import KeyMaker
from stream.days import day_of_micros
from stream.events import AmendedBill, Consignee, Flag
from stream.instants import to_micros
from stream.money import convert
from stream.postings import US_321
from stream.reading import hundredths

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
    programme_id: str
    """The exemption that is claimed, the default filled in."""
    programme: Programme | None
    """None if it is not enabled."""
    seller: str | None
    """Seller key, if the programme sums per seller and the seller has a name."""


def consignee_key(key_maker: KeyMaker, consignee: Consignee) -> str:
    """Return the consignee key of the recipient of the goods."""
    address = consignee.address
    if address is not None and consignee.name is not None:
        return key_maker.of_name(
            consignee.name, address.lines, address.city, address.state, address.postal, address.country
        )
    return key_maker.of_identifier(consignee.identifier_type or "", consignee.identifier or "")


def seller_name(bill: AmendedBill) -> str | None:
    """Return the name of the seller, else that of the shipper; None if neither has a name."""
    return next((name for name in (bill.seller, bill.shipper.name) if name and not name.isspace()), None)


def read_content(bill: AmendedBill, key_maker: KeyMaker, rulebook: Rulebook) -> Content:
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
    programme_id = bill.programme or rulebook.default_programme
    programme = rulebook.programmes.get(programme_id)
    seller_key = None
    if programme is not None and programme.per_seller and (seller := seller_name(bill)) is not None:
        seller_key = key_maker.of_seller(seller)
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
        programme_id,
        bill.purchased_on,
        bill.weight_grams,
        seller_key,
        lines,
    )
    fingerprint = blake2b(_ENCODE(stated), digest_size=FINGERPRINT_BYTES).digest()
    return Content(consignee, arrived, lines, fingerprint, programme_id, programme, seller_key)


def fill_content(row: BillRow, bill: AmendedBill, content: Content, rulebook: Rulebook) -> None:
    """Write this version's content to the row; `row.manifested` is that of the first applied version."""
    lines, programme = content.lines, content.programme
    row.packed_consignee = pack_key(content.consignee)
    row.arrived, row.fingerprint = content.arrived, content.fingerprint
    row.mode = bill.mode
    row.filing = bill.filing
    row.order = bill.order or None
    if len(lines) == 1:
        _, _, origin, row.flags, _, _, _ = lines[0]
        row.origins = (origin,)
    else:
        row.origins = tuple(sorted({line[2] for line in lines}))
        row.flags = tuple(sorted({flag for line in lines for flag in line[3]}))
    if programme is None:
        row.value_cents, row.claim = None, Claim(content.programme_id)
    else:
        row.value_cents = value_cents(lines, row.manifested, programme, rulebook)
        row.claim = PLAIN if programme.id == US_321 and not programme.asks_more else _claim(bill, content, programme)
    if row.claim is PLAIN and row.value_cents is not None and not rulebook.asks_of(bill.filing, bill.mode):
        row.filing_errors = ()
        return
    estimates, address, entered = bill.estimated_arrivals, bill.consignee.address, bill.filing == "type86"
    manifested_day = (
        day_of_micros(row.manifested) if programme is None else day_of_micros(row.manifested, programme.zone)
    )
    facts = FilingFacts(
        bill.filing,
        bill.mode,
        manifested_day,
        len(estimates) if estimates else 0,
        bill.bill_type,
        bill.quantity,
        bill.planned_port,
        us_state=bill.mode != "truck" or (address is not None and rulebook.is_us_state(address.state)),
        hts=not entered or all(is_whole_hts(line[4]) for line in lines),
        description=not entered or all(any(map(str.isalpha, line[5])) for line in lines),
        programme=content.programme_id,
        converted=row.value_cents is not None,
    )
    if row.claim is not PLAIN:
        _, day, seller, weight = row.claim
        facts = structs.replace(facts, purchased=day != 0, seller=seller is not None, weighed=weight is not None)
    row.filing_errors = rulebook.filing_errors(facts)


def _claim(bill: AmendedBill, content: Content, programme: Programme) -> Claim:
    """Return what the bill says of what its programme asks for."""
    bought = bill.purchased_on if programme.date == "purchase" else None
    day = 0 if bought is None else bought.toordinal()
    return Claim(programme.id, day, content.seller, bill.weight_grams if programme.asks_weight else None)


def is_whole_hts(text: str) -> bool:
    """Whether a tariff number has its ten digits; full stops, hyphens and spaces do not count."""
    digits = text.translate(_HTS_SIGNS)
    return len(digits) == _HTS_DIGITS and digits.isascii() and digits.isdigit()


def value_cents(lines: list[StatedLine], manifested: int, programme: Programme, rulebook: Rulebook) -> int | None:
    """Return the sum of the lines in hundredths of the programme's currency, each converted half up.

    It is at most VALUE_CENTS_MAX. None without a rate for the day on which the bill was manifested.
    """
    total, to = 0, programme.currency
    for amount, currency, *_ in lines:
        if currency == to:
            total += amount
        else:
            rate = rulebook.rate(currency, day_of_micros(manifested, programme.zone), to)
            if rate is None:
                return None
            total += convert(amount, rate.numerator, rate.denominator)
    return min(total, VALUE_CENTS_MAX)

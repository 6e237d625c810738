"""Rows of bills: one for each bill on a conveyance, in its latest version.

Modes, flags, filing errors and parts are numbers on disk, pinned one by one. A row ends with the parts that not every
bill has. The last is the order number; before it is what only programmes other than `us-321` ask of a bill.
"""

from struct import Struct
from typing import Final, NamedTuple, cast

import msgspec

from state.manifest.packed_keys import PACKED_KEY_BYTES, pack_key, unpack_key
from state.manifest.rows import (
    EXIT_NUMBERS,
    EXITS_BY_NUMBER,
    NOT_CLOSED,
    PAST,
    ROW_FORMAT,
    WAITING,
    ExitRow,
    check_format,
    unpack_exit,
)
from state.unreadable_rows import ROW_REMEDY, RowFormatError
from stream.events import Filing, Flag, Mode
from stream.postings import US_321, Exit

# A number on disk never changes its meaning, whatever the order of types, rules or tables of reasons.
_MODE_NUMBERS: Final[dict[Mode, int]] = {"air": 0, "ocean": 1, "rail": 2, "truck": 3, "mail": 4}
_MODES: Final = {number: mode for mode, number in _MODE_NUMBERS.items()}
_MODE_MASK, _TYPE86 = 7, 8

# The optional parts of a bill; those after the origins are in this order, and the order number is what is left.
_HAS_ESTIMATE, _HAS_ARRIVED, _HAS_LAST, _LAST_ARRIVED, _HAS_VALUE = 1, 2, 4, 8, 16
_HAS_PROGRAMME, _HAS_PURCHASE, _HAS_SELLER, _HAS_WEIGHT = 32, 64, 128, 256
_UNKNOWN_PARTS: Final = ~0b1_1111_1111
_OF_DAY: Final = _HAS_ESTIMATE | _HAS_ARRIVED | _HAS_PROGRAMME
"""The parts that decide on which day a live bill is."""

# format, exit, version, posting, kind, flags, errors, parts,
# consignee, manifested, sequence, fingerprint, value, origins
_BILL: Final = Struct(">BBIIBBHH17sQI8sQH")
_LIVE_HEAD: Final = bytes((ROW_FORMAT, NOT_CLOSED))
_POSTING: Final = Struct(">I")
_BILL_BYTES: Final = _BILL.size
_POSTING_AT: Final = 6
_POSTING_END: Final = _POSTING_AT + _POSTING.size
_PARTS_AT: Final = 14
_ORDER_KEY_FROM: Final = 16
_ORDER_KEY_TO: Final = 45
"""The bytes of consignee, manifested and sequence, which sort by consignee, then in manifest order."""
_ORIGINS: Final = Struct(">H")
_ORIGINS_AT: Final = _BILL_BYTES - _ORIGINS.size
_ORDER_KEY_BYTES: Final = 29
_ESTIMATE: Final = Struct(">IQ")
_INSTANT: Final = Struct(">Q")
_DAY: Final = Struct(">I")
_GRAMS: Final = Struct(">I")


UNKNOWN_PROGRAMME: Final = "unknown-programme"


class NumberedNames:
    """Sets of names as bits; the bit of a name never changes. Sets are read in the order of the given names."""

    def __init__(self, bits: dict[str, int]) -> None:
        self._bits = bits
        self._known: dict[int, tuple[str, ...]] = {}

    def bits_of(self, names: tuple[str, ...]) -> int:
        """Return the bits of some names. Raise KeyError for an unknown name."""
        return sum(self._bits[name] for name in names)

    def names_of(self, bits: int) -> tuple[str, ...]:
        """Return the names of some bits. Raise RowFormatError for an unknown bit."""
        names = self._known.get(bits)
        if names is None:
            names = self._known[bits] = tuple(name for name, bit in self._bits.items() if bits & bit)
            if self.bits_of(names) != bits:
                raise RowFormatError(f"manifest row with unknown bits {bits}: {ROW_REMEDY}")
        return names


_FLAGS: Final = NumberedNames({"adcvd": 1, "fda": 16, "irc-tax": 2, "pga": 4, "quota": 8})
"""In alphabetical order, as a posting lists them."""
_ERRORS: Final = NumberedNames(
    {
        "282": 1,
        "288": 2,
        "bill-type": 4,
        "no-quantity": 8,
        "no-port": 16,
        "no-hts": 128,
        "no-description": 256,
        "no-type86": 512,
        "no-state": 32,
        "no-exchange-rate": 64,
        "no-purchase-date": 1024,
        "no-seller": 2048,
        "no-weight": 4096,
        UNKNOWN_PROGRAMME: 8192,
    }
)
"""In the order of the contract (DESIGN section 2)."""
_ERRORS_AT: Final = 12
_UNKNOWN_PROGRAMME: Final = 8192 >> 8
"""Bit of that error in the first of the two bytes of errors."""


class Claim(NamedTuple):
    """What programmes add to a bill; only what the programme asks for is kept."""

    programme: str
    """The exemption that is claimed, the default filled in."""
    purchase_day: int = 0
    """Day of purchase, under a programme by date of purchase; else 0."""
    seller: str | None = None
    """Seller key, under a programme that sums per seller."""
    weight_grams: int | None = None
    """Under a programme that asks for the weight."""


PLAIN: Final = Claim(US_321)
"""The claim of most bills. Their rows have this very object; any other claim has a part of its own on disk."""


class BillRow:
    """A bill on a conveyance in its latest version."""

    __slots__ = (
        "arrived",
        "claim",
        "estimate",
        "estimate_stated",
        "exit",
        "filing",
        "filing_errors",
        "fingerprint",
        "flags",
        "last_arrived",
        "last_day",
        "manifested",
        "mode",
        "order",
        "origins",
        "packed_consignee",
        "posting",
        "sequence",
        "value_cents",
        "version",
    )

    version: int
    posting: int
    """Number of the event that posted it, from 1."""
    exit: Exit | None
    """The exit by which it was closed; None while it is live."""
    packed_consignee: bytes
    """The result of `pack_key`: few readers of a row need the key itself."""
    manifested: int
    """Of its first applied version, like `sequence`."""
    sequence: int
    fingerprint: bytes
    """Eight bytes of a hash of the fields that count; it tells a repeat from a conflict."""
    mode: Mode
    filing: Filing
    order: str | None
    value_cents: int | None
    origins: tuple[str, ...]
    flags: tuple[Flag, ...]
    filing_errors: tuple[str, ...]
    estimate: int
    """Day of its own estimate, or 0."""
    estimate_stated: int
    """Time of the event that stated it."""
    arrived: int | None
    """Instant of the bill's own arrival, if the bill states one."""
    last_day: int
    """For a closed bill, the day of its last live posting, or 0."""
    last_arrived: bool
    claim: Claim

    @property
    def consignee(self) -> str:
        """Consignee key."""
        return unpack_key(self.packed_consignee)

    @property
    def purchase_day(self) -> int:
        """Day of purchase, or 0."""
        return self.claim.purchase_day

    @property
    def known_programme(self) -> bool:
        """Whether the programme was among the enabled ones when this version came."""
        return not self.filing_errors or self.filing_errors[-1] != UNKNOWN_PROGRAMME


def pack_bill(bill: BillRow) -> bytes:
    """Return the row of a bill."""
    parts = 0 if bill.value_cents is None else _HAS_VALUE
    tail = "".join(bill.origins).encode()
    if bill.estimate:
        parts |= _HAS_ESTIMATE
        tail += _ESTIMATE.pack(bill.estimate, bill.estimate_stated + PAST)
    if bill.arrived is not None:
        parts |= _HAS_ARRIVED
        tail += _INSTANT.pack(bill.arrived + PAST)
    if bill.last_day:
        parts |= _HAS_LAST | _LAST_ARRIVED if bill.last_arrived else _HAS_LAST
        tail += _DAY.pack(bill.last_day)
    if bill.claim is not PLAIN:
        claimed, claim = _pack_claim(bill.claim)
        parts, tail = parts | claimed, tail + claim
    if bill.order is not None:
        tail += bill.order.encode()
    kind = _MODE_NUMBERS[bill.mode]
    return (
        _BILL.pack(
            ROW_FORMAT,
            NOT_CLOSED if bill.exit is None else EXIT_NUMBERS[bill.exit],
            bill.version,
            bill.posting,
            kind | _TYPE86 if bill.filing == "type86" else kind,
            _FLAGS.bits_of(bill.flags) if bill.flags else 0,
            _ERRORS.bits_of(bill.filing_errors) if bill.filing_errors else 0,
            parts,
            bill.packed_consignee,
            bill.manifested + PAST,
            bill.sequence,
            bill.fingerprint,
            bill.value_cents or 0,
            len(bill.origins),
        )
        + tail
    )


def _pack_claim(claim: Claim) -> tuple[int, bytes]:
    """Return the parts that programmes add to a bill, and their bytes."""
    name = claim.programme.encode()
    parts, tail = _HAS_PROGRAMME, bytes((len(name),)) + name
    if claim.purchase_day:
        parts |= _HAS_PURCHASE
        tail += _DAY.pack(claim.purchase_day)
    if claim.seller is not None:
        parts |= _HAS_SELLER
        tail += pack_key(claim.seller)
    if claim.weight_grams is not None:
        parts |= _HAS_WEIGHT
        tail += _GRAMS.pack(claim.weight_grams)
    return parts, tail


def unpack_bill(row: bytes) -> BillRow | ExitRow:
    """Return the bill or exit of a row. Raise RowFormatError for a row of another format."""
    if row[0] != ROW_FORMAT:
        check_format(row)
    way = row[1]
    if way & WAITING:
        return unpack_exit(row)
    bill = BillRow()
    bill.exit = None if way == NOT_CLOSED else EXITS_BY_NUMBER[way]
    (
        _,
        _,
        bill.version,
        bill.posting,
        kind,
        flags,
        errors,
        parts,
        bill.packed_consignee,
        manifested,
        bill.sequence,
        bill.fingerprint,
        value,
        origins,
    ) = _BILL.unpack_from(row)
    bill.manifested = manifested - PAST
    bill.mode, bill.filing = _MODES[kind & _MODE_MASK], "type86" if kind & _TYPE86 else "manifest"
    bill.flags = cast("tuple[Flag, ...]", _FLAGS.names_of(flags)) if flags else ()
    bill.filing_errors = _ERRORS.names_of(errors) if errors else ()
    bill.value_cents = value if parts & _HAS_VALUE else None
    at = _BILL_BYTES + 2 * origins
    text = row[_BILL_BYTES:at].decode()
    bill.origins = (text,) if origins == 1 else tuple(text[place : place + 2] for place in range(0, len(text), 2))
    _unpack_tail(bill, row, parts, at)
    return bill


def _unpack_tail(bill: BillRow, row: bytes, parts: int, at: int) -> None:
    if parts & _UNKNOWN_PARTS:
        raise RowFormatError(f"manifest row with unknown parts {parts}: {ROW_REMEDY}")
    bill.estimate, bill.estimate_stated, bill.arrived, bill.last_day, bill.last_arrived = 0, 0, None, 0, False
    if parts & _HAS_ESTIMATE:
        bill.estimate, stated = _ESTIMATE.unpack_from(row, at)
        bill.estimate_stated = stated - PAST
        at += _ESTIMATE.size
    if parts & _HAS_ARRIVED:
        bill.arrived = _INSTANT.unpack_from(row, at)[0] - PAST
        at += _INSTANT.size
    if parts & _HAS_LAST:
        bill.last_day, bill.last_arrived = _DAY.unpack_from(row, at)[0], parts & _LAST_ARRIVED != 0
        at += _DAY.size
    bill.claim = PLAIN
    if parts & _HAS_PROGRAMME:
        bill.claim, at = _unpack_claim(row, parts, at)
    bill.order = row[at:].decode() or None


def _unpack_claim(row: bytes, parts: int, at: int) -> tuple[Claim, int]:
    """Return the claim of a row, and the place where it ends."""
    purchase_day, seller, weight_grams = 0, None, None
    end = at + 1 + row[at]
    programme, at = row[at + 1 : end].decode(), end
    if parts & _HAS_PURCHASE:
        purchase_day = _DAY.unpack_from(row, at)[0]
        at += _DAY.size
    if parts & _HAS_SELLER:
        seller = unpack_key(row[at : at + PACKED_KEY_BYTES])
        at += PACKED_KEY_BYTES
    if parts & _HAS_WEIGHT:
        weight_grams = _GRAMS.unpack_from(row, at)[0]
        at += _GRAMS.size
    return Claim(programme, purchase_day, seller, weight_grams), at


class Glance(msgspec.Struct, frozen=True, gc=False):
    """The fields that decide whether a conveyance's event moves a live bill."""

    estimate: int
    estimate_stated: int
    arrived: int | None
    programme: str
    purchase_day: int


NO_DATES: Final = Glance(0, 0, None, US_321, 0)
"""The glance of most bills: they have neither dates of their own nor another programme."""


def glance(row: bytes) -> Glance | None:
    """Return only the fields of a bill's row that decide on a move; None for a bill that no conveyance's event moves.

    Such a bill is not live, or its programme is not known.
    """
    if not row.startswith(_LIVE_HEAD):
        check_format(row)
        return None
    parts = row[_PARTS_AT + 1]
    if not parts & _OF_DAY:
        return NO_DATES
    at, estimate, stated, arrived = _BILL_BYTES + 2 * _ORIGINS.unpack_from(row, _ORIGINS_AT)[0], 0, 0, None
    if parts & _HAS_ESTIMATE:
        estimate, stated = _ESTIMATE.unpack_from(row, at)
        at, stated = at + _ESTIMATE.size, stated - PAST
    if parts & _HAS_ARRIVED:
        arrived = _INSTANT.unpack_from(row, at)[0] - PAST
        at += _INSTANT.size
    if not parts & _HAS_PROGRAMME:
        return Glance(estimate, stated, arrived, US_321, 0)
    if row[_ERRORS_AT] & _UNKNOWN_PROGRAMME:
        return None
    claim, _ = _unpack_claim(row, parts & _HAS_PURCHASE, at + _DAY.size if parts & _HAS_LAST else at)
    return Glance(estimate, stated, arrived, claim.programme, claim.purchase_day)


def order_key(row: bytes, number: bytes) -> bytes:
    """Return bytes that sort the bills of a conveyance by consignee, then in manifest order."""
    return row[_ORDER_KEY_FROM:_ORDER_KEY_TO] + number


def split_order_key(key: bytes) -> tuple[bytes, bytes]:
    """Return the packed consignee and the bill number of an `order_key`."""
    return key[:PACKED_KEY_BYTES], key[_ORDER_KEY_BYTES:]


def with_posting(row: bytes, posting: int) -> bytes:
    """Return the same bill row with another posting number."""
    return row[:_POSTING_AT] + _POSTING.pack(posting) + row[_POSTING_END:]

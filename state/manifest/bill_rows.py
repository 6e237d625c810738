"""Rows of bills: one for each bill on a conveyance, in its latest version.

Modes, flags, filing errors and parts are numbers on disk, pinned one by one. A row ends with what not every bill has,
the order last; what only programmes other than `us-321` need of a bill stands before it.
"""

from struct import Struct
from typing import Final, NamedTuple, cast

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
from state.row_format import ROW_REMEDY, RowFormatError
from stream.events import Filing, Flag, Mode
from stream.postings import US_321, Exit

# What a number on disk means never changes, whatever order types, rules or tables of reasons take.
_MODE_NUMBERS: Final[dict[Mode, int]] = {"air": 0, "ocean": 1, "rail": 2, "truck": 3, "mail": 4}
_MODES: Final = {number: mode for mode, number in _MODE_NUMBERS.items()}
_MODE_MASK, _TYPE86 = 7, 8

# The parts that a bill has, those behind the origins in this order; the order number is what is left.
_HAS_ESTIMATE, _HAS_ARRIVED, _HAS_LAST, _LAST_ARRIVED, _HAS_VALUE = 1, 2, 4, 8, 16
_HAS_PROGRAMME, _HAS_PURCHASE, _HAS_SELLER, _HAS_WEIGHT = 32, 64, 128, 256
_OF_PROGRAMMES: Final = _HAS_PROGRAMME | _HAS_PURCHASE | _HAS_SELLER | _HAS_WEIGHT
_PARTS: Final = _HAS_ESTIMATE | _HAS_ARRIVED | _HAS_LAST | _LAST_ARRIVED | _HAS_VALUE | _OF_PROGRAMMES
_OF_DAY: Final = _HAS_ESTIMATE | _HAS_ARRIVED | _HAS_PROGRAMME | _HAS_PURCHASE
"""The parts that decide on which day a live bill is."""

# format, exit, version, posting, kind, flags, errors, parts,
# consignee, manifested, sequence, fingerprint, value, origins
_BILL: Final = Struct(">BBIIBBHH17sQI8sQH")
_POSTING: Final = Struct(">I")
_POSTING_AT: Final = 6
_PARTS_AT: Final = 14
_ORDER_KEY_FROM: Final = 16
_ORDER_KEY_TO: Final = 45
"""Where consignee, manifested and sequence stand: bytes that sort by consignee, then in manifest order."""
_ORIGINS: Final = Struct(">H")
_ORIGINS_AT: Final = _BILL.size - _ORIGINS.size
_ORDER_KEY_BYTES: Final = 29
_ESTIMATE: Final = Struct(">IQ")
_INSTANT: Final = Struct(">Q")
_DAY: Final = Struct(">I")
_GRAMS: Final = Struct(">I")


UNKNOWN_PROGRAMME: Final = "unknown-programme"


class NumberedNames:
    """Sets of names as bits; a name's bit never changes. Sets are read in the order in which the names are given."""

    def __init__(self, bits: dict[str, int]) -> None:
        self._bits = bits
        self._known: dict[int, tuple[str, ...]] = {}

    def bits_of(self, names: tuple[str, ...]) -> int:
        """Return the bits of some names; KeyError for an unknown one."""
        return sum(self._bits[name] for name in names)

    def names_of(self, bits: int) -> tuple[str, ...]:
        """Return the names of some bits; RowFormatError for an unknown one."""
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


class BillRow:
    """A bill on a conveyance in its latest version."""

    __slots__ = (
        "arrived",
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
        "packed_seller",
        "posting",
        "programme",
        "purchase_day",
        "sequence",
        "value_cents",
        "version",
        "weight_grams",
    )

    version: int
    posting: int
    """Counts from 1 the events that posted it."""
    exit: Exit | None
    """How it was closed; None while it is live."""
    packed_consignee: bytes
    """As `pack_key` gives it: few who read a row ask for the key itself."""
    manifested: int
    """Of its first applied version, as `sequence`."""
    sequence: int
    fingerprint: bytes
    """Eight bytes of the fields that count; tells a repeat from a conflict."""
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
    """Instant at which the bill itself is known to have arrived."""
    last_day: int
    """Of a closed bill: the day of its last live posting, or 0."""
    last_arrived: bool
    programme: str
    """The exemption that is claimed, the default filled in."""
    purchase_day: int
    """Day of purchase, under a programme by date of purchase; else 0."""
    packed_seller: bytes | None
    """Seller key, as `pack_key` gives it, under a programme that sums per seller."""
    weight_grams: int | None
    """Under a programme that asks for the weight."""

    @property
    def consignee(self) -> str:
        """Consignee key."""
        return unpack_key(self.packed_consignee)

    @consignee.setter
    def consignee(self, key: str) -> None:
        self.packed_consignee = pack_key(key)

    @property
    def seller(self) -> str | None:
        """Seller key."""
        return None if self.packed_seller is None else unpack_key(self.packed_seller)

    @seller.setter
    def seller(self, key: str | None) -> None:
        self.packed_seller = None if key is None else pack_key(key)

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
    if bill.programme != US_321 or bill.purchase_day or bill.packed_seller or bill.weight_grams is not None:
        extra_parts, extra = _pack_programme(bill)
        parts, tail = parts | extra_parts, tail + extra
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


def _pack_programme(bill: BillRow) -> tuple[int, bytes]:
    """Return the parts that programmes add to a bill, and their bytes."""
    parts, tail = 0, b""
    if bill.programme != US_321:
        parts, name = _HAS_PROGRAMME, bill.programme.encode()
        tail = bytes((len(name),)) + name
    if bill.purchase_day:
        parts |= _HAS_PURCHASE
        tail += _DAY.pack(bill.purchase_day)
    if bill.packed_seller is not None:
        parts |= _HAS_SELLER
        tail += bill.packed_seller
    if bill.weight_grams is not None:
        parts |= _HAS_WEIGHT
        tail += _GRAMS.pack(bill.weight_grams)
    return parts, tail


def unpack_bill(row: bytes) -> BillRow | ExitRow:
    """Undo `pack_bill` or `pack_exit`; raises RowFormatError for a row of another format."""
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
    bill.flags = cast("tuple[Flag, ...]", _FLAGS.names_of(flags))
    bill.filing_errors = _ERRORS.names_of(errors)
    bill.value_cents = value if parts & _HAS_VALUE else None
    at = _BILL.size + 2 * origins
    text = row[_BILL.size : at].decode()
    bill.origins = (text,) if origins == 1 else tuple(text[place : place + 2] for place in range(0, len(text), 2))
    _unpack_tail(bill, row, parts, at)
    return bill


def _unpack_tail(bill: BillRow, row: bytes, parts: int, at: int) -> None:
    if parts & ~_PARTS:
        raise RowFormatError(f"manifest row with unknown parts {parts}: {ROW_REMEDY}")
    bill.estimate, bill.estimate_stated, bill.arrived, bill.last_day = 0, 0, None, 0
    if parts & _HAS_ESTIMATE:
        bill.estimate, stated = _ESTIMATE.unpack_from(row, at)
        bill.estimate_stated = stated - PAST
        at += _ESTIMATE.size
    if parts & _HAS_ARRIVED:
        bill.arrived = _INSTANT.unpack_from(row, at)[0] - PAST
        at += _INSTANT.size
    if parts & _HAS_LAST:
        bill.last_day = _DAY.unpack_from(row, at)[0]
        at += _DAY.size
    bill.last_arrived = parts & _LAST_ARRIVED != 0
    bill.programme, bill.purchase_day, bill.packed_seller, bill.weight_grams = US_321, 0, None, None
    if parts & _OF_PROGRAMMES:
        at = _unpack_programme(bill, row, parts, at)
    bill.order = row[at:].decode() or None


def _unpack_programme(bill: BillRow, row: bytes, parts: int, at: int) -> int:
    """Read the parts that programmes add to a bill; return where they end."""
    bill.programme, bill.purchase_day, at = _unpack_purchase(row, parts, at)
    if parts & _HAS_SELLER:
        bill.packed_seller = row[at : at + PACKED_KEY_BYTES]
        at += PACKED_KEY_BYTES
    if parts & _HAS_WEIGHT:
        bill.weight_grams = _GRAMS.unpack_from(row, at)[0]
        at += _GRAMS.size
    return at


def _unpack_purchase(row: bytes, parts: int, at: int) -> tuple[str, int, int]:
    """Read programme and day of purchase; the last is where they end."""
    programme, day = US_321, 0
    if parts & _HAS_PROGRAMME:
        end = at + 1 + row[at]
        programme, at = row[at + 1 : end].decode(), end
    if parts & _HAS_PURCHASE:
        day = _DAY.unpack_from(row, at)[0]
        at += _DAY.size
    return programme, day, at


class Glance(NamedTuple):
    """What decides whether a conveyance's event moves a live bill."""

    estimate: int = 0
    estimate_stated: int = 0
    arrived: int | None = None
    programme: str = US_321
    purchase_day: int = 0


PLAIN: Final = Glance()
"""What most bills have: neither dates of their own nor another programme."""


def glance(row: bytes) -> Glance | None:
    """Read no more of a bill's row than moving it needs; None of a bill that no conveyance's event moves.

    That is one that is not live, or of a programme that is not known.
    """
    check_format(row)
    if row[1] != NOT_CLOSED or row[_ERRORS_AT] & _UNKNOWN_PROGRAMME:
        return None
    parts = row[_PARTS_AT + 1]
    if not parts & _OF_DAY:
        return PLAIN
    at, estimate, stated, arrived = _BILL.size + 2 * _ORIGINS.unpack_from(row, _ORIGINS_AT)[0], 0, 0, None
    if parts & _HAS_ESTIMATE:
        estimate, stated = _ESTIMATE.unpack_from(row, at)
        at, stated = at + _ESTIMATE.size, stated - PAST
    if parts & _HAS_ARRIVED:
        arrived = _INSTANT.unpack_from(row, at)[0] - PAST
        at += _INSTANT.size
    if parts & _HAS_LAST:
        at += _DAY.size
    programme, purchase_day, _ = _unpack_purchase(row, parts, at)
    return Glance(estimate, stated, arrived, programme, purchase_day)


def order_key(row: bytes, number: bytes) -> bytes:
    """Return bytes that sort the bills of a conveyance by consignee, then in manifest order."""
    return row[_ORDER_KEY_FROM:_ORDER_KEY_TO] + number


def split_order_key(key: bytes) -> tuple[bytes, bytes]:
    """Return the packed consignee and the bill number in an `order_key`."""
    return key[:PACKED_KEY_BYTES], key[_ORDER_KEY_BYTES:]


def with_posting(row: bytes, posting: int) -> bytes:
    """Return the same bill row with another posting number."""
    return row[:_POSTING_AT] + _POSTING.pack(posting) + row[_POSTING_AT + 4 :]

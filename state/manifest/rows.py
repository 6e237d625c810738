"""Rows of the manifest table: bytes, compact because there are millions of bills, versioned by their first byte.

A conveyance's root has the conveyance's own row (empty suffix) and one row per bill (suffix: bill number). The
partition's root has the stream day. Instants are microseconds since the epoch, days are ordinals of dates, 0 for none.
"""

from functools import lru_cache
from struct import Struct
from typing import Final, NamedTuple, cast

from stream.consignee import base32
from stream.events import Filing, Flag, Mode
from stream.postings import Exit

ROW_FORMAT: Final = 2
"""First byte of every row; a row of another format is refused."""

CONVEYANCE: Final = b""
"""Suffix of a conveyance's own row; bill numbers have at least four characters."""

STREAM_DAY: Final = b"time"
"""Suffix, under the partition's root, of the row that holds the stream day."""

_PAST: Final = 1 << 62  # added to instants, so that instants before 1970 sort as bytes too

# A number on disk never changes its meaning, whatever the order of types, rules or tables of reasons.
_MODE_NUMBERS: Final[dict[Mode, int]] = {"air": 0, "ocean": 1, "rail": 2, "truck": 3, "mail": 4}
_MODES: Final = {number: mode for mode, number in _MODE_NUMBERS.items()}
_MODE_MASK, _TYPE86 = 7, 8
_LIVE: Final = 0
_EXIT_NUMBERS: Final[dict[Exit, int]] = {
    "deleted": 1,
    "entry-01": 2,
    "entry-11": 3,
    "exported": 4,
    "abandoned": 5,
    "returned": 6,
}
_EXITS: Final = {number: way for way, number in _EXIT_NUMBERS.items()}
_WAITING: Final = 128
"""Added to an exit that waits for its bill."""

# The optional parts of a bill; those after the origins are in this order. Bits from 32 up are free: what programmes add
# to a bill (id, seller key, purchase date, weight) goes between the last day and the order, without a new format.
_HAS_ESTIMATE, _HAS_ARRIVED, _HAS_LAST, _LAST_ARRIVED, _HAS_VALUE = 1, 2, 4, 8, 16
_PARTS: Final = _HAS_ESTIMATE | _HAS_ARRIVED | _HAS_LAST | _LAST_ARRIVED | _HAS_VALUE

_DIGITS: Final = bytes.maketrans(b"abcdefghijklmnopqrstuvwxyz234567", b"0123456789abcdefghijklmnopqrstuv")
_KEY_FORM_NUMBERS: Final = {"na2:": 0, "id2:EI:": 1, "id2:ANI:": 2, "id2:34:": 3}
_KEY_FORMS: Final = {number: form for form, number in _KEY_FORM_NUMBERS.items()}
_DIGEST_CHARACTERS: Final = 26

_STREAM_DAY: Final = Struct(">BI")
_CONVEYANCE: Final = Struct(">BIQQQQ")
_EXIT: Final = Struct(">BBI")
# format, exit, version, posting, kind, flags, errors, parts,
# consignee, manifested, sequence, fingerprint, value, origins
_BILL: Final = Struct(">BBIIBBHH17sQI8sQH")
_POSTING: Final = Struct(">I")
_POSTING_AT: Final = 6
_PARTS_AT: Final = 14
_ORDER_KEY_FROM: Final = 16
_ORDER_KEY_TO: Final = 45
"""The bytes of consignee, manifested and sequence, which sort by consignee, then in manifest order."""
_ORIGINS: Final = Struct(">H")
_ORIGINS_AT: Final = _BILL.size - _ORIGINS.size
_CONSIGNEE_BYTES: Final = 17
_ORDER_KEY_BYTES: Final = 29
_ESTIMATE: Final = Struct(">IQ")
_INSTANT: Final = Struct(">Q")
_DAY: Final = Struct(">I")


class RowFormatError(Exception):
    """A row has a format that this version cannot read. This is our own fault, and the worker must stop."""


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
                raise RowFormatError(f"manifest row with unknown bits {bits}: {_REMEDY}")
        return names


_REMEDY: Final = "run the version that wrote it, or `tallygate rebuild tables --epoch N`"
FLAGS: Final = NumberedNames({"adcvd": 1, "fda": 16, "irc-tax": 2, "pga": 4, "quota": 8})
"""In alphabetical order, as a posting lists them."""
ERRORS: Final = NumberedNames(
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
        "unknown-programme": 8192,
    }
)
"""In the order of the contract (DESIGN section 2)."""


class ConveyanceRow(NamedTuple):
    """What is known of a conveyance; an instant is None if it was never stated, or was taken back."""

    touched: int
    """Ordinal of the stream day on which its last event applied."""
    estimate_stated: int | None = None
    """Time of the event that stated the estimate or took it back."""
    estimate: int | None = None
    arrival_stated: int | None = None
    arrival: int | None = None


class ExitRow(NamedTuple):
    """A deletion or disposal that came before its bill and waits for it."""

    version: int
    exit: Exit


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
    """The result of `pack_consignee`: few readers of a row need the key itself."""
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

    @property
    def consignee(self) -> str:
        """Consignee key."""
        return unpack_consignee(self.packed_consignee)

    @consignee.setter
    def consignee(self, key: str) -> None:
        self.packed_consignee = pack_consignee(key)


def pack_stream_day(day: int) -> bytes:
    """Return the row of the stream day."""
    return _STREAM_DAY.pack(ROW_FORMAT, day)


@lru_cache(maxsize=16)
def unpack_stream_day(row: bytes) -> int:
    """Return the stream day of a row."""
    _check(row)
    day: int = _STREAM_DAY.unpack(row)[1]
    return day


def pack_conveyance(row: ConveyanceRow) -> bytes:
    """Return the row of a conveyance."""
    touched, *instants = row
    return _CONVEYANCE.pack(ROW_FORMAT, touched, *(0 if each is None else each + _PAST for each in instants))


@lru_cache(maxsize=4096)
def unpack_conveyance(row: bytes) -> ConveyanceRow:
    """Return the conveyance of a row."""
    _check(row)
    _, touched, *instants = _CONVEYANCE.unpack(row)
    return ConveyanceRow(touched, *(each - _PAST if each else None for each in instants))


def pack_exit(row: ExitRow) -> bytes:
    """Return the row of an exit that waits for its bill."""
    return _EXIT.pack(ROW_FORMAT, _EXIT_NUMBERS[row.exit] | _WAITING, row.version)


def pack_bill(bill: BillRow) -> bytes:
    """Return the row of a bill."""
    parts = 0 if bill.value_cents is None else _HAS_VALUE
    tail = "".join(bill.origins).encode()
    if bill.estimate:
        parts |= _HAS_ESTIMATE
        tail += _ESTIMATE.pack(bill.estimate, bill.estimate_stated + _PAST)
    if bill.arrived is not None:
        parts |= _HAS_ARRIVED
        tail += _INSTANT.pack(bill.arrived + _PAST)
    if bill.last_day:
        parts |= _HAS_LAST | _LAST_ARRIVED if bill.last_arrived else _HAS_LAST
        tail += _DAY.pack(bill.last_day)
    if bill.order is not None:
        tail += bill.order.encode()
    kind = _MODE_NUMBERS[bill.mode]
    return (
        _BILL.pack(
            ROW_FORMAT,
            _LIVE if bill.exit is None else _EXIT_NUMBERS[bill.exit],
            bill.version,
            bill.posting,
            kind | _TYPE86 if bill.filing == "type86" else kind,
            FLAGS.bits_of(bill.flags) if bill.flags else 0,
            ERRORS.bits_of(bill.filing_errors) if bill.filing_errors else 0,
            parts,
            bill.packed_consignee,
            bill.manifested + _PAST,
            bill.sequence,
            bill.fingerprint,
            bill.value_cents or 0,
            len(bill.origins),
        )
        + tail
    )


def unpack_bill(row: bytes) -> BillRow | ExitRow:
    """Return the bill or exit of a row. Raise RowFormatError for a row of another format."""
    _check(row)
    way = row[1]
    if way & _WAITING:
        return ExitRow(_EXIT.unpack(row)[2], _EXITS[way ^ _WAITING])
    bill = BillRow()
    bill.exit = None if way == _LIVE else _EXITS[way]
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
    bill.manifested = manifested - _PAST
    bill.mode, bill.filing = _MODES[kind & _MODE_MASK], "type86" if kind & _TYPE86 else "manifest"
    bill.flags = cast("tuple[Flag, ...]", FLAGS.names_of(flags))
    bill.filing_errors = ERRORS.names_of(errors)
    bill.value_cents = value if parts & _HAS_VALUE else None
    at = _BILL.size + 2 * origins
    text = row[_BILL.size : at].decode()
    bill.origins = (text,) if origins == 1 else tuple(text[place : place + 2] for place in range(0, len(text), 2))
    _unpack_tail(bill, row, parts, at)
    return bill


def _unpack_tail(bill: BillRow, row: bytes, parts: int, at: int) -> None:
    if parts & ~_PARTS:
        raise RowFormatError(f"manifest row with unknown parts {parts}: {_REMEDY}")
    bill.estimate, bill.estimate_stated, bill.arrived, bill.last_day = 0, 0, None, 0
    if parts & _HAS_ESTIMATE:
        bill.estimate, stated = _ESTIMATE.unpack_from(row, at)
        bill.estimate_stated = stated - _PAST
        at += _ESTIMATE.size
    if parts & _HAS_ARRIVED:
        bill.arrived = _INSTANT.unpack_from(row, at)[0] - _PAST
        at += _INSTANT.size
    if parts & _HAS_LAST:
        bill.last_day = _DAY.unpack_from(row, at)[0]
        at += _DAY.size
    bill.last_arrived = parts & _LAST_ARRIVED != 0
    bill.order = row[at:].decode() or None


class Glance(NamedTuple):
    """The fields that decide whether a conveyance's event moves a live bill."""

    estimate: int
    estimate_stated: int
    arrived: int | None


_NOTHING: Final = Glance(0, 0, None)


def glance(row: bytes) -> Glance | None:
    """Return only the fields of a bill's row that decide on a move; None for a bill that is not live."""
    _check(row)
    if row[1] != _LIVE:
        return None
    parts = row[_PARTS_AT + 1]
    if not parts & (_HAS_ESTIMATE | _HAS_ARRIVED):
        return _NOTHING
    at, estimate, stated, arrived = _BILL.size + 2 * _ORIGINS.unpack_from(row, _ORIGINS_AT)[0], 0, 0, None
    if parts & _HAS_ESTIMATE:
        estimate, stated = _ESTIMATE.unpack_from(row, at)
        at, stated = at + _ESTIMATE.size, stated - _PAST
    if parts & _HAS_ARRIVED:
        arrived = _INSTANT.unpack_from(row, at)[0] - _PAST
    return Glance(estimate, stated, arrived)


def order_key(row: bytes, number: bytes) -> bytes:
    """Return bytes that sort the bills of a conveyance by consignee, then in manifest order."""
    return row[_ORDER_KEY_FROM:_ORDER_KEY_TO] + number


def split_order_key(key: bytes) -> tuple[bytes, bytes]:
    """Return the packed consignee and the bill number of an `order_key`."""
    return key[:_CONSIGNEE_BYTES], key[_ORDER_KEY_BYTES:]


def with_posting(row: bytes, posting: int) -> bytes:
    """Return the same bill row with another posting number."""
    return row[:_POSTING_AT] + _POSTING.pack(posting) + row[_POSTING_AT + 4 :]


# Bills of one consignee often come together; a warehouse may have thousands.
@lru_cache(maxsize=8192)
def pack_consignee(key: str) -> bytes:
    """Return a consignee key in 17 bytes: 130 bits of digest, 6 bits of form."""
    form = _KEY_FORM_NUMBERS[key[:-_DIGEST_CHARACTERS]]
    digest = int(key[-_DIGEST_CHARACTERS:].encode().translate(_DIGITS), 32)
    return (digest << 6 | form).to_bytes(_CONSIGNEE_BYTES, "big")


def unpack_consignee(packed: bytes) -> str:
    """Return the consignee key of packed bytes."""
    return _KEY_FORMS[packed[-1] & 63] + base32(packed)


def _check(row: bytes) -> None:
    if row[0] != ROW_FORMAT:
        raise RowFormatError(f"manifest row format {row[0]} is not {ROW_FORMAT}: {_REMEDY}")

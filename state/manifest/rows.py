"""Rows of the manifest table: bytes, compact because millions of bills are held, versioned by their first byte.

Under a conveyance's root stand its own row (empty suffix) and one row a bill (suffix: bill number); under the
partition's root the stream day. Instants are microseconds since the epoch, days are ordinals of dates, 0 for none.
"""

from functools import lru_cache
from struct import Struct
from typing import Final, NamedTuple, cast

from stream.consignee import base32
from stream.events import Filing, Flag, Mode
from stream.postings import Exit

ROW_FORMAT: Final = 1
"""First byte of every row; a row of another format is refused."""

CONVEYANCE: Final = b""
"""Suffix of a conveyance's own row; bill numbers have at least four characters."""

STREAM_DAY: Final = b"time"
"""Suffix, under the partition's root, of the row that holds the stream day."""

_PAST: Final = 1 << 62  # added to instants, so that those before 1970 sort as bytes too

_MODES: Final[tuple[Mode, ...]] = ("air", "ocean", "rail", "truck", "mail")
_MODE_NUMBERS: Final = {mode: number for number, mode in enumerate(_MODES)}
_TYPE86: Final = 8
_EXITS: Final[tuple[Exit | None, ...]] = (None, "deleted", "entry-01", "entry-11", "exported", "abandoned", "returned")
_EXIT_NUMBERS: Final = {way: number for number, way in enumerate(_EXITS)}
_EXIT_MASK, _WAITING, _HAS_ESTIMATE, _HAS_ARRIVED, _HAS_LAST, _LAST_ARRIVED = 7, 8, 16, 32, 64, 128

_DIGITS: Final = bytes.maketrans(b"abcdefghijklmnopqrstuvwxyz234567", b"0123456789abcdefghijklmnopqrstuv")
_KEY_FORMS: Final = ("na1:", "id1:EI:", "id1:ANI:", "id1:34:")
_KEY_FORM_NUMBERS: Final = {form: number for number, form in enumerate(_KEY_FORMS)}
_DIGEST_CHARACTERS: Final = 26

_STREAM_DAY: Final = Struct(">BI")
_CONVEYANCE: Final = Struct(">BIQQQQ")
_EXIT: Final = Struct(">BBI")
# format, state, version, posting, kind, flags, errors, consignee, manifested, sequence, fingerprint, value, origins
_BILL: Final = Struct(">BBIIBBB17sQI8sQH")
_POSTING: Final = Struct(">I")
_POSTING_AT: Final = 6
_ORDER_KEY_FROM: Final = 13
_ORDER_KEY_TO: Final = 42
"""Where consignee, manifested and sequence stand: bytes that sort by consignee, then in manifest order."""
_ORIGINS: Final = Struct(">H")
_ORIGINS_AT: Final = _BILL.size - _ORIGINS.size
_CONSIGNEE_BYTES: Final = 17
_ORDER_KEY_BYTES: Final = 29
_ESTIMATE: Final = Struct(">IQ")
_INSTANT: Final = Struct(">Q")
_DAY: Final = Struct(">I")


class RowFormatError(Exception):
    """A row was written in a format that this version cannot read: our own fault, the worker must not go on."""


class NumberedNames:
    """Sets of names as bits of one byte; which bit a name has never changes, or the row format does."""

    def __init__(self, *names: str) -> None:
        self._bits = {name: 1 << place for place, name in enumerate(names)}
        self.names_of = [
            tuple(name for name, bit in self._bits.items() if bits & bit) for bits in range(1 << len(names))
        ]
        """The names, in their order, for each value of the byte."""

    def bits_of(self, names: tuple[str, ...]) -> int:
        """Give the byte for some names; KeyError for an unknown one."""
        return sum(self._bits[name] for name in names)


FLAGS: Final = NumberedNames("adcvd", "irc-tax", "pga", "quota", "fda")
ERRORS: Final = NumberedNames("282", "288", "bill-type", "no-quantity", "no-port", "no-state", "no-exchange-rate")


class ConveyanceRow(NamedTuple):
    """What is known of a conveyance; instants are None where nothing was said or it was taken back."""

    touched: int
    """Ordinal of the stream day on which its last event applied."""
    estimate_stated: int | None = None
    """Time of the event that stated the estimate, or took it back."""
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
    """Counts from 1 the events that posted it."""
    exit: Exit | None
    """How it was closed; None while it is live."""
    packed_consignee: bytes
    """As `pack_consignee` gives it: few who read a row ask for the key itself."""
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

    @property
    def consignee(self) -> str:
        """Consignee key."""
        return unpack_consignee(self.packed_consignee)

    @consignee.setter
    def consignee(self, key: str) -> None:
        self.packed_consignee = pack_consignee(key)


def pack_stream_day(day: int) -> bytes:
    """Row of the stream day."""
    return _STREAM_DAY.pack(ROW_FORMAT, day)


@lru_cache(maxsize=16)
def unpack_stream_day(row: bytes) -> int:
    """Undo `pack_stream_day`."""
    _check(row)
    day: int = _STREAM_DAY.unpack(row)[1]
    return day


def pack_conveyance(row: ConveyanceRow) -> bytes:
    """Row of a conveyance."""
    touched, *instants = row
    return _CONVEYANCE.pack(ROW_FORMAT, touched, *(0 if each is None else each + _PAST for each in instants))


@lru_cache(maxsize=4096)
def unpack_conveyance(row: bytes) -> ConveyanceRow:
    """Undo `pack_conveyance`."""
    _check(row)
    _, touched, *instants = _CONVEYANCE.unpack(row)
    return ConveyanceRow(touched, *(each - _PAST if each else None for each in instants))


def pack_exit(row: ExitRow) -> bytes:
    """Row of an exit that waits for its bill."""
    return _EXIT.pack(ROW_FORMAT, _EXIT_NUMBERS[row.exit] | _WAITING, row.version)


def pack_bill(bill: BillRow) -> bytes:
    """Row of a bill."""
    state = _EXIT_NUMBERS[bill.exit]
    tail = "".join(bill.origins).encode()
    if bill.estimate:
        state |= _HAS_ESTIMATE
        tail += _ESTIMATE.pack(bill.estimate, bill.estimate_stated + _PAST)
    if bill.arrived is not None:
        state |= _HAS_ARRIVED
        tail += _INSTANT.pack(bill.arrived + _PAST)
    if bill.last_day:
        state |= _HAS_LAST | _LAST_ARRIVED if bill.last_arrived else _HAS_LAST
        tail += _DAY.pack(bill.last_day)
    if bill.order is not None:
        tail += bill.order.encode()
    kind = _MODE_NUMBERS[bill.mode]
    return (
        _BILL.pack(
            ROW_FORMAT,
            state,
            bill.version,
            bill.posting,
            kind | _TYPE86 if bill.filing == "type86" else kind,
            FLAGS.bits_of(bill.flags) if bill.flags else 0,
            ERRORS.bits_of(bill.filing_errors) if bill.filing_errors else 0,
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
    """Undo `pack_bill` or `pack_exit`; raises RowFormatError for a row of another format."""
    _check(row)
    state = row[1]
    if state & _WAITING:
        return ExitRow(_EXIT.unpack(row)[2], cast("Exit", _EXITS[state & _EXIT_MASK]))
    bill = BillRow()
    bill.exit = _EXITS[state & _EXIT_MASK]
    (
        _,
        _,
        bill.version,
        bill.posting,
        kind,
        flags,
        errors,
        bill.packed_consignee,
        manifested,
        bill.sequence,
        bill.fingerprint,
        value,
        origins,
    ) = _BILL.unpack_from(row)
    bill.manifested = manifested - _PAST
    bill.mode, bill.filing = _MODES[kind & 7], "type86" if kind & _TYPE86 else "manifest"
    bill.flags = cast("tuple[Flag, ...]", FLAGS.names_of[flags])
    bill.filing_errors = ERRORS.names_of[errors]
    bill.value_cents = None if "no-exchange-rate" in bill.filing_errors else value
    at = _BILL.size + 2 * origins
    text = row[_BILL.size : at].decode()
    bill.origins = (text,) if origins == 1 else tuple(text[place : place + 2] for place in range(0, len(text), 2))
    _unpack_tail(bill, row, state, at)
    return bill


def _unpack_tail(bill: BillRow, row: bytes, state: int, at: int) -> None:
    bill.estimate, bill.estimate_stated, bill.arrived, bill.last_day = 0, 0, None, 0
    if state & _HAS_ESTIMATE:
        bill.estimate, stated = _ESTIMATE.unpack_from(row, at)
        bill.estimate_stated = stated - _PAST
        at += _ESTIMATE.size
    if state & _HAS_ARRIVED:
        bill.arrived = _INSTANT.unpack_from(row, at)[0] - _PAST
        at += _INSTANT.size
    if state & _HAS_LAST:
        bill.last_day = _DAY.unpack_from(row, at)[0]
        at += _DAY.size
    bill.last_arrived = state & _LAST_ARRIVED != 0
    bill.order = row[at:].decode() or None


class Glance(NamedTuple):
    """What decides whether a conveyance's event moves a live bill."""

    estimate: int
    estimate_stated: int
    arrived: int | None


_NOTHING: Final = Glance(0, 0, None)


def glance(row: bytes) -> Glance | None:
    """Read no more of a bill's row than moving it needs; None of a bill that is not live."""
    _check(row)
    state = row[1]
    if state & (_EXIT_MASK | _WAITING):
        return None
    if not state & (_HAS_ESTIMATE | _HAS_ARRIVED):
        return _NOTHING
    at, estimate, stated, arrived = _BILL.size + 2 * _ORIGINS.unpack_from(row, _ORIGINS_AT)[0], 0, 0, None
    if state & _HAS_ESTIMATE:
        estimate, stated = _ESTIMATE.unpack_from(row, at)
        at, stated = at + _ESTIMATE.size, stated - _PAST
    if state & _HAS_ARRIVED:
        arrived = _INSTANT.unpack_from(row, at)[0] - _PAST
    return Glance(estimate, stated, arrived)


def order_key(row: bytes, number: bytes) -> bytes:
    """Bytes that sort the bills of a conveyance by consignee, then in manifest order."""
    return row[_ORDER_KEY_FROM:_ORDER_KEY_TO] + number


def split_order_key(key: bytes) -> tuple[bytes, bytes]:
    """The packed consignee and the bill number in an `order_key`."""
    return key[:_CONSIGNEE_BYTES], key[_ORDER_KEY_BYTES:]


def with_posting(row: bytes, posting: int) -> bytes:
    """The same bill row with another posting number."""
    return row[:_POSTING_AT] + _POSTING.pack(posting) + row[_POSTING_AT + 4 :]


# The bills of one consignee often come together, a warehouse's by the thousand.
@lru_cache(maxsize=8192)
def pack_consignee(key: str) -> bytes:
    """A consignee key in 17 bytes: 130 bits of digest, 6 bits of form."""
    form = _KEY_FORM_NUMBERS[key[:-_DIGEST_CHARACTERS]]
    digest = int(key[-_DIGEST_CHARACTERS:].encode().translate(_DIGITS), 32)
    return (digest << 6 | form).to_bytes(_CONSIGNEE_BYTES, "big")


def unpack_consignee(packed: bytes) -> str:
    """Undo `pack_consignee`."""
    return _KEY_FORMS[packed[-1] & 63] + base32(packed)


def _check(row: bytes) -> None:
    if row[0] != ROW_FORMAT:
        raise RowFormatError(
            f"manifest row format {row[0]} is not {ROW_FORMAT}: run the version that wrote it, or "
            "`tallygate rebuild tables --epoch N`"
        )

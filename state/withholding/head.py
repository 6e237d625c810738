"""Heads: the row of a ledger longer than a day, with its figures, so that one bill is judged without reading others.

A head says what the bills of a ledger come to, how many do not fit, and which of them is first. In the usual cases that
is enough: a bill that is appended, or arrives, changes no other. Where it is not, `UnsettledError` says so, and the
bills are read. A head holds nothing that is not in the rows of the bills, but for the alert that was raised.
"""

from abc import ABC, abstractmethod
from collections import Counter
from struct import Struct
from typing import Final, NamedTuple

from msgspec.structs import astuple

from state.withholding.bill import Bill
from state.withholding.row_format import ROW_FORMAT
from state.withholding.statuses import CANDIDATES, KEEPS_COUNTING, RELEASED
from state.withholding.terms import LedgerLimits, Sums
from stream.decisions import AppliedOverflow

Changed = list[tuple[bytes, bool]]
"""Manifest keys of bills that are new or changed, and whether they fit."""

_HEAD: Final = Struct("<BBHI")
"""Format, flags, dates, and the date it was written on."""
_DATE: Final = Struct("<II")
"""Date, bills."""
_SUMS: Final = Struct("<9q")
_NEAR: Final = 1
_SHARED: Final = 2
_ARRIVED_FIT: Final = 4
_EXPECTED_FIT: Final = 8


class UnsettledError(Exception):
    """A form of a ledger cannot tell what becomes of it: another form must judge the record from its start."""


class Head(ABC):
    """The figures of a ledger."""

    __slots__ = ("dates", "near", "seen", "shared")

    def __init__(self) -> None:
        self.near = False
        """Whether the alert near-limit was raised."""
        self.shared = False
        """Whether a bill may have several copies in the ledger."""
        self.dates: Counter[int] = Counter()
        """Of a conveyance how many bills have each date, whatever decides on them."""
        self.seen = 0
        """Of a conveyance the ordinal of the date on which it was written last."""

    @abstractmethod
    def take_out(self, bill: Bill, amount: int, counted: int) -> None:
        """Take a bill out, with the status it has; `amount` is in the measure that is walked."""

    @abstractmethod
    def count_closed(self, bill: Bill, amount: int, counted: int) -> None:
        """Count a released bill that left and keeps counting."""

    @abstractmethod
    def put(self, bill: Bill, amount: int, counted: int) -> None:
        """Put a bill in: unjudged, or with a release that stands."""

    @abstractmethod
    def settle(self, overflow: AppliedOverflow, limits: LedgerLimits) -> Changed:
        """Settle the ledger. Raise UnsettledError if bills have to be read for it."""

    @abstractmethod
    def totals(self) -> tuple[int, int]:
        """Return released total, and total with clear bills, in the measure that is walked."""

    @abstractmethod
    def sums(self, limits: LedgerLimits) -> tuple[Sums, Sums]:
        """Return the same in every measure that is limited."""

    @abstractmethod
    def covered(self, key: bytes) -> int:
        """Return what is covered of a bill that does not fit."""

    @abstractmethod
    def would_release(
        self, overflow: AppliedOverflow, bill: Bill, amount: int, counted: int, limits: LedgerLimits
    ) -> bool:
        """Whether one more arrived bill would be released; raise UnsettledError if the head does not tell."""

    @property
    @abstractmethod
    def is_empty(self) -> bool:
        """Whether nothing is walked or counted."""

    @abstractmethod
    def _pack(self) -> tuple[int, bytes]:
        """Return flags and figures."""

    def pack(self) -> bytes:
        """Return the row."""
        flags, figures = self._pack()
        flags |= (_NEAR if self.near else 0) | (_SHARED if self.shared else 0)
        dates = b"".join(_DATE.pack(*entry) for entry in sorted(self.dates.items()))
        return _HEAD.pack(ROW_FORMAT, flags, len(self.dates), self.seen) + dates + figures

    def unpack(self, row: bytes) -> None:
        """Take over the figures of a row."""
        opening = opening_of(row)
        flags, self.dates, self.seen = opening.flags, opening.dates, opening.seen
        self.near, self.shared = opening.near, bool(flags & _SHARED)
        self._unpack(flags, row[opening.end :])

    @abstractmethod
    def _unpack(self, flags: int, figures: bytes) -> None:
        """Undo `_pack`."""


class Opening(NamedTuple):
    """What the row of every head begins with."""

    flags: int
    dates: Counter[int]
    seen: int
    end: int

    @property
    def near(self) -> bool:
        """Whether the alert near-limit was raised."""
        return bool(self.flags & _NEAR)


def opening_of(row: bytes) -> Opening:
    """Return what a head begins with."""
    _, flags, dates, seen = _HEAD.unpack_from(row)
    start = _HEAD.size
    end = start + dates * _DATE.size
    return Opening(flags, Counter(dict(_DATE.iter_unpack(row[start:end]))), seen, end)


NOTHING: Final = Sums()


class TogetherHead(Head):
    """The head of a ledger under `all_or_none`."""

    __slots__ = ("_new", "_stand", "arrived", "arrived_fit", "closed", "expected", "expected_fit")

    def __init__(
        self,
        closed: Sums = NOTHING,
        arrived: Sums = NOTHING,
        expected: Sums = NOTHING,
        arrived_fit: bool = False,  # noqa: FBT001, FBT002 - figures, one after the other
        expected_fit: bool = False,  # noqa: FBT001, FBT002 - as above
    ) -> None:
        super().__init__()
        self.closed = closed
        self.arrived = arrived
        self.expected = expected
        self.arrived_fit = arrived_fit
        self.expected_fit = expected_fit
        self._new: list[tuple[bytes, bool]] = []
        """Manifest keys of bills that are put in, and whether they have arrived."""
        self._stand: list[bytes] = []
        """Those whose release stands if the sum allows it."""

    def take_out(self, bill: Bill, amount: int, counted: int) -> None:  # noqa: ARG002 - all measures are summed
        """See `Head`."""
        less = Sums(-counted, -1, -(bill.weight or 0))
        if bill.status in KEEPS_COUNTING:
            self.closed = _plus(self.closed, less)
        elif bill.status in CANDIDATES and bill.arrived:
            self.arrived = _plus(self.arrived, less)
        elif bill.status in CANDIDATES:
            self.expected = _plus(self.expected, less)

    def count_closed(self, bill: Bill, amount: int, counted: int) -> None:  # noqa: ARG002 - as above
        """See `Head`."""
        self.closed = _plus(self.closed, Sums(counted, 1, bill.weight or 0))

    def put(self, bill: Bill, amount: int, counted: int) -> None:  # noqa: ARG002 - as above
        """See `Head`."""
        more = Sums(counted, 1, bill.weight or 0)
        if bill.arrived:
            self.arrived = _plus(self.arrived, more)
        else:
            self.expected = _plus(self.expected, more)
        if bill.status == RELEASED:
            self._stand.append(bill.key)
        else:
            self._new.append((bill.key, bill.arrived))

    def settle(self, overflow: AppliedOverflow, limits: LedgerLimits) -> Changed:  # noqa: ARG002 - it has one
        """See `Head`: either side turns as a whole, and then its bills have to be read."""
        released, projected = self.sums(limits)
        fit, clear = limits.hold(released), limits.hold(projected)
        own_arrived = len(self._stand) + sum(arrived for _, arrived in self._new)
        own_expected = len(self._stand) + len(self._new) - own_arrived
        if self.arrived.count > own_arrived and fit is not self.arrived_fit:
            raise UnsettledError
        if self.expected.count > own_expected and clear is not self.expected_fit:
            raise UnsettledError
        self.arrived_fit, self.expected_fit = fit, clear
        changed = [(key, fit if arrived else clear) for key, arrived in self._new]
        changed += [(key, False) for key in self._stand if not fit]
        self._new, self._stand = [], []
        return sorted(changed)

    def totals(self) -> tuple[int, int]:
        """See `Head`."""
        released = self.closed.value + self.arrived.value
        return released, released + self.expected.value

    def sums(self, limits: LedgerLimits) -> tuple[Sums, Sums]:  # noqa: ARG002 - all are kept
        """See `Head`."""
        released = _plus(self.closed, self.arrived)
        return released, _plus(released, self.expected)

    def covered(self, key: bytes) -> int:  # noqa: ARG002 - nothing is covered in part
        """See `Head`."""
        return 0

    def would_release(
        self,
        overflow: AppliedOverflow,  # noqa: ARG002 - it has one
        bill: Bill,
        amount: int,  # noqa: ARG002 - all measures are summed
        counted: int,
        limits: LedgerLimits,
    ) -> bool:
        """See `Head`."""
        return limits.hold(_plus(self.sums(limits)[0], Sums(counted, 1, bill.weight or 0)))

    @property
    def is_empty(self) -> bool:
        """See `Head`."""
        return self.closed == self.arrived == self.expected == NOTHING

    def _pack(self) -> tuple[int, bytes]:
        flags = (_ARRIVED_FIT if self.arrived_fit else 0) | (_EXPECTED_FIT if self.expected_fit else 0)
        return flags, _SUMS.pack(*astuple(self.closed), *astuple(self.arrived), *astuple(self.expected))

    def _unpack(self, flags: int, figures: bytes) -> None:
        self.arrived_fit, self.expected_fit = bool(flags & _ARRIVED_FIT), bool(flags & _EXPECTED_FIT)
        sums = _SUMS.unpack(figures)
        self.closed, self.arrived, self.expected = Sums(*sums[:3]), Sums(*sums[3:6]), Sums(*sums[6:])


def _plus(one: Sums, other: Sums) -> Sums:
    return Sums(one.value + other.value, one.count + other.count, one.weight + other.weight)

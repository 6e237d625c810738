"""A bill on one conveyance, and its place in manifest order."""

from struct import Struct
from typing import Final

import msgspec

from state.withholding.ledger_ids import NO_LEDGER, LedgerId
from state.withholding.statuses import CLEAR, CLOSED, KEEPS_COUNTING, MAIL_RELEASED, RELEASED, UNJUDGED
from stream.events import Filing, Flag, Mode
from stream.instants import to_micros
from stream.postings import US_321, PostedBill

NO_DAY: Final = 0
"""Means "on no day" where a day's ordinal is kept."""

_MANIFESTED: Final = Struct(">Q")
_SEQUENCE: Final = Struct(">I")
_PAST: Final = 1 << 63


class Bill(msgspec.Struct, eq=False, gc=False):
    """One bill on one conveyance; amounts are cents, `manifested` is microseconds since the epoch."""

    bill: str
    conveyance: str
    day: int
    """Ordinal of its own date, in the zone of its programme, or NO_DAY."""
    arrived: bool
    status: int
    version: int
    posting: int
    revision: int
    sequence: int
    manifested: int
    value: int | None
    mode: Mode
    filing: Filing
    order: str | None
    origins: tuple[str, ...]
    flags: tuple[Flag, ...]
    filing_errors: tuple[str, ...]
    ledger: LedgerId = NO_LEDGER
    """What it is summed up in, or NO_LEDGER; it follows from day, programme, conveyance and seller."""
    programme: str = US_321
    seller: str | None = None
    """Seller key, where the programme sums per seller."""
    weight: int | None = None
    """Grams, where the programme asks the weight."""
    covered: int | None = None
    """Under `excess`, the cents that count of a bill that does not fit; None if nothing does."""
    _key: bytes = b""

    @property
    def key(self) -> bytes:
        """Its place in manifest order, which is also its identity; see `manifest_key`."""
        key = self._key
        if not key:
            key = self._key = manifest_key(self.manifested, self.conveyance, self.sequence, self.bill)
        return key

    @property
    def plain(self) -> bool:
        """Whether it has no filing errors, and no field that only programmes other than us-321 need."""
        if self.filing_errors or self.programme != US_321 or self.seller is not None:
            return False
        return self.weight is None and self.covered is None

    @property
    def counts(self) -> bool:
        """Whether it is in the released total of its ledger, if only in part."""
        status = self.status
        if status == RELEASED:
            return self.arrived
        if status in KEEPS_COUNTING:
            return self.day != NO_DAY
        return self.covered is not None and self.arrived

    @property
    def counts_in_full(self) -> bool:
        """Whether it is in the released total as it was released: on arrival, or left since and still counting."""
        status = self.status
        return (status == RELEASED and self.arrived) or (status in KEEPS_COUNTING and self.day != NO_DAY)

    @property
    def was_released(self) -> bool:
        """Whether it was released on arrival, or left after its release and keeps counting."""
        return self.counts_in_full or self.status == MAIL_RELEASED

    @property
    def clear(self) -> bool:
        """Whether it is expected and fits."""
        return self.status == CLEAR and not self.arrived

    @property
    def live(self) -> bool:
        """Whether it is neither closed nor superseded."""
        return self.status not in CLOSED

    def leave_ledger(self, status: int) -> None:
        """Take it out of its ledger for good; it has this status now."""
        self.day, self.ledger, self.status, self.covered = NO_DAY, NO_LEDGER, status, None


def manifest_key(manifested: int, conveyance: str, sequence: int, bill: str) -> bytes:
    """Return bytes that sort in manifest order; conveyance and bill are ASCII without NUL, so code points are bytes."""
    return b"%b%b\0%b%b" % (
        _MANIFESTED.pack(manifested + _PAST),
        conveyance.encode(),
        _SEQUENCE.pack(sequence),
        bill.encode(),
    )


def bill_of_key(key: bytes) -> tuple[bytes, str]:
    """Return the bill number and conveyance of a manifest key."""
    end = key.index(0, _MANIFESTED.size)
    return key[end + 1 + _SEQUENCE.size :], key[_MANIFESTED.size : end].decode()


def posted_bill(posted: PostedBill, conveyance: str, day: int = NO_DAY) -> Bill:
    """Return a bill as an event posts it, unjudged; `day` is that of us-321, whose ledgers are days."""
    bill = Bill(
        posted.bill,
        conveyance,
        day,
        posted.arrived,
        UNJUDGED,
        posted.version,
        posted.posting,
        1,
        posted.sequence,
        to_micros(posted.manifested_at),
        posted.value_cents,
        posted.mode,
        posted.filing,
        posted.order,
        posted.origins,
        posted.flags,
        posted.filing_errors,
        day,
    )
    if posted.programme != US_321:
        bill.programme, bill.seller, bill.weight = posted.programme, posted.seller, posted.weight_grams
    return bill

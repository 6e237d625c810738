"""Writes posting records of bounded size: the bills of one consignee that one event posts (DESIGN section 3)."""

from datetime import date, datetime
from typing import Final

import msgspec

from state.manifest.bill_rows import PLAIN, BillRow
from stream.instants import from_micros
from stream.partition import partition_of
from stream.postings import BILLS_MAX, BYTES_MAX, US_321, PostedBill, Posting
from stream.records import Outgoing, Sink

_ENCODE: Final = msgspec.json.Encoder().encode


_POSTINGS: Final = Sink.POSTINGS
_NO_CONSIGNEE: Final = b'"consignee":""'

Frame = tuple[bytes, bytes]
"""A record's JSON up to its bills, as the parts before and after the consignee key, which needs no escaping."""


class PostingEvent(msgspec.Struct, frozen=True, gc=False):
    """The shipment event that posts: its time in UTC, its conveyance, its partition and its offset."""

    time: datetime
    conveyance: str
    partition: int
    offset: int


def posted_live(
    number: str, row: BillRow, day: date | None, *, arrived: bool, manifested_at: datetime | None = None
) -> PostedBill:
    """Return a live bill, on a day or waiting for one; pass `manifested_at` to save making it from the row."""
    bill = PostedBill(
        bill=number,
        version=row.version,
        posting=row.posting,
        stand="waiting" if day is None else "arrived" if arrived else "expected",
        manifested_at=manifested_at or from_micros(row.manifested),
        sequence=row.sequence,
        mode=row.mode,
        filing=row.filing,
        day=day,
        arrived=arrived,
        order=row.order,
        value_cents=row.value_cents,
        origins=row.origins,
        flags=row.flags,
        filing_errors=row.filing_errors,
    )
    if row.claim is PLAIN:
        return bill
    claim = row.claim
    # msgspec leaves out the default itself, not a text that is equal to it.
    programme = US_321 if claim.programme == US_321 else claim.programme
    return msgspec.structs.replace(bill, programme=programme, seller=claim.seller, weight_grams=claim.weight_grams)


def posted_closed(number: str, row: BillRow) -> PostedBill:
    """Return a closed bill with its exit and the day and basis of its last live posting."""
    day = date.fromordinal(row.last_day) if row.last_day else None
    bill = posted_live(number, row, day, arrived=row.last_arrived)
    return msgspec.structs.replace(bill, stand="closed", exit=row.exit)


def posted_moved(number: str, row: BillRow) -> PostedBill:
    """Return a bill for its former consignee: it moved away, and has a new version and posting number."""
    return PostedBill(
        bill=number,
        version=row.version,
        posting=row.posting,
        stand="moved",
        manifested_at=from_micros(row.manifested),
        sequence=row.sequence,
        mode=row.mode,
        filing=row.filing,
    )


class Poster:
    """Writes posting records; `partitions` is the partition count of their topic, or None where there is no broker."""

    def __init__(self, partitions: int | None) -> None:
        self._partitions = partitions

    def one(self, cause: PostingEvent, consignee: str, bill: PostedBill) -> Outgoing:
        """Return the record that posts one bill."""
        return self.outgoing(consignee, _ENCODE(_posting(cause, consignee, (bill,))))

    def frame(self, cause: PostingEvent) -> Frame:
        """Return the JSON that all records of an event share."""
        before, _, after = _ENCODE(_posting(cause, "", ())).partition(_NO_CONSIGNEE)
        # The list of bills is the last field, so the JSON before and after it is known in advance.
        return before + _NO_CONSIGNEE[:-1], _NO_CONSIGNEE[-1:] + after.removesuffix(b"]}")

    def batch(self, frame: Frame, consignee: str) -> "Batch":
        """Return a new record for several bills of a consignee."""
        return Batch(self, frame, consignee)

    def outgoing(self, consignee: str, value: bytes) -> Outgoing:
        """Return a written record, addressed to its consignee's partition."""
        key = consignee.encode()
        partition = 0 if self._partitions is None else partition_of(key, self._partitions)
        return Outgoing(_POSTINGS, partition, key, value)


class Batch:
    """A posting record that is being filled; each bill is encoded when it is added, so that the size is known."""

    __slots__ = ("_bytes", "_consignee", "_head", "_parts", "_poster")

    def __init__(self, poster: Poster, frame: Frame, consignee: str) -> None:
        self._poster = poster
        self._consignee = consignee
        self._head = frame[0] + consignee.encode() + frame[1]
        self._parts: list[bytes] = []
        self._bytes = len(self._head) + 2

    def add(self, bill: PostedBill) -> Outgoing | None:
        """Add a bill. If there is no room for it, return the full record and begin the next one with the bill."""
        part, count = _ENCODE(bill), len(self._parts)
        full = count == BILLS_MAX or self._bytes + len(part) + count > BYTES_MAX
        done = self.outgoing() if full else None
        if full:
            self._parts = []
            self._bytes = len(self._head) + 2
        self._parts.append(part)
        self._bytes += len(part)
        return done

    def outgoing(self) -> Outgoing:
        """Return the record with all bills that were added since the last record."""
        return self._poster.outgoing(self._consignee, b"%b%b]}" % (self._head, b",".join(self._parts)))


def _posting(cause: PostingEvent, consignee: str, bills: tuple[PostedBill, ...]) -> Posting:
    return Posting(
        time=cause.time,
        consignee=consignee,
        conveyance=cause.conveyance,
        partition=cause.partition,
        offset=cause.offset,
        bills=bills,
    )

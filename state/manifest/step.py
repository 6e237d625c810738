"""The manifest step: a shipment event in, posting records out, at least one for each consignee it concerns."""

from collections.abc import Generator, Mapping
from datetime import UTC
from typing import Final

from state.manifest.bill_rows import BillRow, pack_bill, unpack_bill
from state.manifest.content import Content, fill_content, read_content
from state.manifest.expiry import advance, clear, stream_day, sweep
from state.manifest.fanout import fan_out
from state.manifest.poster import Poster, PostingEvent, posted_closed, posted_live, posted_moved
from state.manifest.rows import (
    CONVEYANCE,
    ROW_FORMAT,
    ConveyanceRow,
    ExitRow,
    pack_conveyance,
    pack_exit,
    unpack_conveyance,
)
from state.manifest.stand import day_and_basis
from state.manifest.versions import (
    ALREADY_CLOSED,
    APPLY,
    CLOSE_AT_ONCE,
    CONFLICT,
    OLDER,
    REPEAT,
    rule_exit,
    rule_whole_bill,
)
from state.rules.rulebook import Rulebook
from state.structures import structures_of
from state.table import Group, Overlay
from stream.consignee import KeyMaker
from stream.deadletters import Fault, dead_letter
from stream.events import (
    AmendedBill,
    BillAmended,
    BillDeleted,
    BillDeletion,
    BillDisposal,
    BillDisposed,
    BillManifested,
    ConveyanceArrived,
    ConveyanceEstimated,
    WholeBill,
)
from stream.faultfinding import FaultFound
from stream.instants import to_micros
from stream.notices import notice
from stream.postings import Exit
from stream.reading import Reader
from stream.records import Fate, Outgoing, Record, Result

_WHOLE_BILL: Final = (BillManifested, BillAmended)
_APPLIED: Final = Fate.APPLIED
_APPLIES: Final = frozenset((APPLY, CLOSE_AT_ONCE))
_STALE: Final = {word: Result(Fate.STALE, word, ()) for word in (OLDER, REPEAT, ALREADY_CLOSED, "time")}
_FATES: Final = (
    (Fate.APPLIED, ""),
    *((Fate.STALE, word) for word in _STALE),
    *((Fate.DEAD_LETTERED, fault.value) for fault in Fault),
)


class ManifestStep:
    """Remembers conveyances and bills; see `state.step.Step`.

    `partitions` is the partition count of the shipments and postings topics, or None where there is no broker: then
    partitions are not checked, records need no key, and all postings go to partition 0.
    """

    def __init__(self, rulebook: Rulebook, key_maker: KeyMaker, partitions: int | None = None) -> None:
        self.name = "manifest"
        self.fingerprint = f"manifest-rows-{ROW_FORMAT}:{rulebook.default_programme}:{key_maker.fingerprint}"
        self.reads: tuple[str, ...] = ()
        self.programmes: Mapping[str, str] = structures_of(rulebook)
        self.fates: tuple[tuple[Fate, str], ...] = _FATES
        self._rulebook = rulebook
        self._programmes = rulebook.programmes
        self._key_maker = key_maker
        self._kept_days = rulebook.conveyance_days
        self._read = Reader(partitions).read
        self._poster = Poster(partitions)

    def __call__(self, record: Record, table: Overlay) -> Result:
        """Judge one shipment record. The outputs must be drained before the next call."""
        event = self._read(record)
        if isinstance(event, FaultFound):
            return _dead_lettered(record, event)
        time, conveyance = event.time, event.data.conveyance
        cause = PostingEvent(
            time if time.tzinfo is UTC else time.astimezone(UTC), conveyance, record.partition, record.offset
        )
        seen = stream_day(table)
        today = max(seen, cause.time.toordinal())
        group = table.group(conveyance.encode())
        row = group.get(CONVEYANCE)
        held = None if row is None else unpack_conveyance(row)
        if held is not None and today - held.touched > self._kept_days:
            return Result(_APPLIED, "", self._start_over(record, table, group))
        if isinstance(event, _WHOLE_BILL):
            result = self._whole_bill(event, record, cause, group, held, today)
        elif isinstance(event, BillDeleted):
            result = self._exit(event.data, "deleted", cause, group, held, today)
        elif isinstance(event, BillDisposed):
            result = self._exit(event.data, event.data.how, cause, group, held, today)
        else:
            result = self._conveyance(event, cause, group, held or ConveyanceRow(today), today)
        if today > seen and result.fate is _APPLIED:
            advance(table, today)
        return result

    def sweep(self, table: Overlay, budget: int) -> int:
        """Remove rows of expired conveyances; see `state.manifest.expiry.sweep`."""
        return sweep(table, self._kept_days, budget)

    def _start_over(self, record: Record, table: Overlay, group: Group) -> Generator[Outgoing | None]:
        """Remove an expired conveyance, then judge the event: it applies, as on a new conveyance."""
        yield from clear(group)
        yield from self(record, table).outputs

    # What an event finds is passed as single arguments, for speed: `conveyance` is None where nothing is held, `today`
    # is the stream day after the event applies.
    def _whole_bill(
        self,
        event: WholeBill,
        record: Record,
        cause: PostingEvent,
        group: Group,
        conveyance: ConveyanceRow | None,
        today: int,
    ) -> Result:
        data = event.data
        suffix = data.bill.encode()
        row = group.get(suffix)
        held = None if row is None else unpack_bill(row)
        content = read_content(data, self._key_maker, self._rulebook)
        ruling = rule_whole_bill(held, data.version, content.fingerprint, manifested=isinstance(event, BillManifested))
        if ruling not in _APPLIES:
            return _dead_lettered(record, _CONFLICT) if ruling == CONFLICT else _STALE[ruling]
        before = held if isinstance(held, BillRow) else None
        conveyance = _touch(group, conveyance, today)
        bill = self._next_version(data, before, content, cause)
        if ruling == CLOSE_AT_ONCE and isinstance(held, ExitRow):
            bill.version, bill.exit = held
            posted = posted_closed(data.bill, bill)
        else:
            day, arrived = day_and_basis(bill, conveyance, content.programme)
            first = data.manifested_at if before is None and data.manifested_at.tzinfo is UTC else None
            posted = posted_live(data.bill, bill, day, arrived=arrived, manifested_at=first)
        group.put(suffix, pack_bill(bill))
        outgoing = self._poster.one(cause, content.consignee, posted)
        if before is not None and before.packed_consignee != bill.packed_consignee:
            moved = posted_moved(data.bill, bill)
            return Result(_APPLIED, "", (self._poster.one(cause, before.consignee, moved), outgoing))
        return Result(_APPLIED, "", (outgoing,))

    def _next_version(
        self, data: AmendedBill, before: BillRow | None, content: Content, cause: PostingEvent
    ) -> BillRow:
        """Return the live row of a version that applies after `before`."""
        bill = BillRow()
        bill.version, bill.exit = data.version, None
        bill.last_day, bill.last_arrived = 0, False
        if before is None:
            bill.posting, bill.manifested, bill.sequence = 1, to_micros(data.manifested_at), data.sequence
        else:
            bill.posting, bill.manifested, bill.sequence = before.posting + 1, before.manifested, before.sequence
        fill_content(bill, data, content, self._rulebook)
        days = data.estimated_arrivals
        if not days or len(days) != 1:
            bill.estimate, bill.estimate_stated = 0, 0
            return bill
        bill.estimate = days[0].toordinal()
        if before is not None and before.estimate == bill.estimate:
            bill.estimate_stated = before.estimate_stated
        else:
            bill.estimate_stated = to_micros(cause.time)
        return bill

    def _exit(
        self,
        data: BillDeletion | BillDisposal,
        way: Exit,
        cause: PostingEvent,
        group: Group,
        conveyance: ConveyanceRow | None,
        today: int,
    ) -> Result:
        suffix = data.bill.encode()
        row = group.get(suffix)
        held = None if row is None else unpack_bill(row)
        ruling = rule_exit(held, data.version)
        if ruling != APPLY:
            return _STALE[ruling]
        conveyance = _touch(group, conveyance, today)
        if not isinstance(held, BillRow):
            group.put(suffix, pack_exit(ExitRow(data.version, way)))
            return Result(_APPLIED, "", ())
        if held.exit is None:
            programme = self._programmes[held.claim.programme] if held.known_programme else None
            day, held.last_arrived = day_and_basis(held, conveyance, programme)
            held.last_day = 0 if day is None else day.toordinal()
        held.version, held.exit = data.version, way
        held.posting += 1
        group.put(suffix, pack_bill(held))
        return Result(_APPLIED, "", (self._poster.one(cause, held.consignee, posted_closed(data.bill, held)),))

    def _conveyance(
        self,
        event: ConveyanceEstimated | ConveyanceArrived,
        cause: PostingEvent,
        group: Group,
        before: ConveyanceRow,
        today: int,
    ) -> Result:
        time = to_micros(cause.time)
        if isinstance(event, ConveyanceEstimated):
            said, held, stated = event.data.estimated_arrival, before.estimate, before.estimate_stated
        else:
            said, held, stated = event.data.arrived_at, before.arrival, before.arrival_stated
        instant = None if said is None else to_micros(said)
        if stated is not None and time <= stated and (time < stated or instant == held):
            return _STALE["time" if time < stated else REPEAT]
        if isinstance(event, ConveyanceEstimated):
            after = before._replace(touched=today, estimate=instant, estimate_stated=time)
        else:
            after = before._replace(touched=today, arrival=instant, arrival_stated=time)
        group.put(CONVEYANCE, pack_conveyance(after))
        return Result(_APPLIED, "", fan_out(cause, group, before, after, self._poster, self._programmes))


def _touch(group: Group, held: ConveyanceRow | None, today: int) -> ConveyanceRow:
    """Write that an event of a bill applied to the conveyance on the stream day."""
    if held is not None and held.touched == today:
        return held
    fresh = ConveyanceRow(today) if held is None else held._replace(touched=today)
    group.put(CONVEYANCE, pack_conveyance(fresh))
    return fresh


_CONFLICT: Final = FaultFound(
    Fault.VERSION_CONFLICT, "$.data.version: expected a version not held yet, or the same in every field that counts"
)


def _dead_lettered(record: Record, found: FaultFound) -> Result:
    outputs = (dead_letter(record, found.fault, found.detail), notice(record, found.fault, found.detail))
    return Result(Fate.DEAD_LETTERED, found.fault.value, outputs)

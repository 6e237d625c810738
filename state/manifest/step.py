"""The manifest step: a shipment event in, posting records out, one for each consignee it touches."""

from collections.abc import Generator
from datetime import UTC, date
from typing import Final, NamedTuple

from state.manifest.content import consignee_key, fill_content, fingerprint
from state.manifest.expiry import advance, clear, day_of, stream_day, sweep
from state.manifest.fanout import fan_out
from state.manifest.poster import Cause, Poster, posted_closed, posted_live, posted_moved
from state.manifest.rows import (
    CONVEYANCE,
    ROW_FORMAT,
    BillRow,
    ConveyanceRow,
    ExitRow,
    pack_bill,
    pack_conveyance,
    pack_exit,
    unpack_bill,
    unpack_conveyance,
)
from state.manifest.stand import day_and_basis
from state.manifest.versions import Ruling, rule_exit, rule_whole_bill
from state.rules.rulebook import Rulebook
from state.table import Group, Overlay
from stream.consignee import KeyMaker
from stream.days import day_of_micros
from stream.deadletters import Fault, dead_letter
from stream.events import (
    AmendedBill,
    BillAmended,
    BillDeleted,
    BillDisposed,
    BillManifested,
    ConveyanceArrived,
    ConveyanceEstimated,
    Shipment,
)
from stream.faultfinding import FaultFound
from stream.instants import to_micros
from stream.postings import Exit
from stream.reading import Reader
from stream.records import Fate, Outgoing, Record, Result

_OLD_TIME: Final = "time"


class _Scene(NamedTuple):
    """An event at its conveyance; `conveyance` is None where nothing is held, or only what is expired."""

    cause: Cause
    group: Group
    conveyance: ConveyanceRow | None
    today: int
    """Stream day once the event applies."""


class ManifestStep:
    """Remembers conveyances and bills; see `state.step.Step`.

    `partitions` is the partition count of the shipments and postings topics, or None where there is no broker: then
    partitions are not checked and all postings go to partition 0.
    """

    def __init__(self, rulebook: Rulebook, key_maker: KeyMaker, partitions: int | None = None) -> None:
        self.name = "manifest"
        self.fingerprint = f"manifest-rows-{ROW_FORMAT}:{key_maker.fingerprint}"
        self._rulebook = rulebook
        self._key_maker = key_maker
        self._reader = Reader(partitions)
        self._poster = Poster(partitions)

    def __call__(self, record: Record, table: Overlay) -> Result:
        """Judge one shipment record; the outputs must be drained before the next call."""
        event = self._reader.read(record)
        if isinstance(event, FaultFound):
            return _dead_lettered(record, event)
        group = table.group(event.data.conveyance.encode())
        time = event.time
        cause = Cause(
            time if time.tzinfo is UTC else time.astimezone(UTC), event.data.conveyance, record.partition, record.offset
        )
        seen = stream_day(table)
        today = max(seen, day_of(cause.time))
        row = group.get(CONVEYANCE)
        held = None if row is None else unpack_conveyance(row)
        if held is not None and today - held.touched > self._rulebook.conveyance_days:
            return Result(Fate.APPLIED, "", self._anew(record, table, group))
        result = self._judge(event, record, _Scene(cause, group, held, today))
        if result.fate is Fate.APPLIED and today > seen:
            advance(table, today)
        return result

    def sweep(self, table: Overlay, budget: int) -> int:
        """Remove rows of expired conveyances; see `state.manifest.expiry.sweep`."""
        return sweep(table, self._rulebook.conveyance_days, budget)

    def _anew(self, record: Record, table: Overlay, group: Group) -> Generator[Outgoing | None]:
        """Forget an expired conveyance, then judge its event, which applies to a new one whatever it is."""
        yield from clear(group)
        yield from self(record, table).outputs

    def _judge(self, event: Shipment, record: Record, scene: _Scene) -> Result:
        match event:
            case BillManifested() | BillAmended():
                return self._whole_bill(event, record, scene)
            case BillDeleted():
                return self._exit(event.data.bill, event.data.version, "deleted", scene)
            case BillDisposed():
                return self._exit(event.data.bill, event.data.version, event.data.how, scene)
            case ConveyanceEstimated() | ConveyanceArrived():
                return self._conveyance(event, scene)

    def _whole_bill(self, event: BillManifested | BillAmended, record: Record, scene: _Scene) -> Result:
        data = event.data
        suffix = data.bill.encode()
        row = scene.group.get(suffix)
        held = None if row is None else unpack_bill(row)
        consignee = consignee_key(self._key_maker, data.consignee)
        stated = fingerprint(data, consignee)
        ruling = rule_whole_bill(held, data.version, stated, manifested=isinstance(event, BillManifested))
        if ruling is Ruling.CONFLICT:
            return _dead_lettered(record, _CONFLICT)
        if ruling is not Ruling.APPLY and ruling is not Ruling.CLOSE_AT_ONCE:
            return Result(Fate.STALE, ruling.value, ())
        bill = self._next_version(data, held, consignee, scene.cause)
        bill.fingerprint = stated
        conveyance = _touch(scene)
        if ruling is Ruling.CLOSE_AT_ONCE and isinstance(held, ExitRow):
            bill.version, bill.exit = held.version, held.exit
            posted = posted_closed(data.bill, bill)
        else:
            day, arrived = day_and_basis(bill, conveyance)
            posted = posted_live(data.bill, bill, day, arrived=arrived)
        scene.group.put(suffix, pack_bill(bill))
        outgoing = self._poster.one(scene.cause, consignee, posted)
        if isinstance(held, BillRow) and held.consignee != consignee:
            moved = posted_moved(data.bill, bill)
            return Result(Fate.APPLIED, "", (self._poster.one(scene.cause, held.consignee, moved), outgoing))
        return Result(Fate.APPLIED, "", (outgoing,))

    def _next_version(self, data: AmendedBill, held: BillRow | ExitRow | None, consignee: str, cause: Cause) -> BillRow:
        """Make the live row of a version that applies."""
        bill = BillRow()
        before = held if isinstance(held, BillRow) else None
        bill.version, bill.exit = data.version, None
        bill.last_day, bill.last_arrived = 0, False
        if before is None:
            bill.posting, bill.manifested, bill.sequence = 1, to_micros(data.manifested_at), data.sequence
        else:
            bill.posting, bill.manifested, bill.sequence = before.posting + 1, before.manifested, before.sequence
        fill_content(bill, data, consignee, day_of_micros(bill.manifested), self._rulebook)
        bill.estimate, bill.estimate_stated = _own_estimate(data.estimated_arrivals), 0
        if bill.estimate:
            restated = before is None or before.estimate != bill.estimate
            bill.estimate_stated = to_micros(cause.time) if restated or before is None else before.estimate_stated
        return bill

    def _exit(self, number: str, version: int, way: Exit, scene: _Scene) -> Result:
        suffix = number.encode()
        row = scene.group.get(suffix)
        held = None if row is None else unpack_bill(row)
        ruling = rule_exit(held, version)
        if ruling is not Ruling.APPLY:
            return Result(Fate.STALE, ruling.value, ())
        conveyance = _touch(scene)
        if not isinstance(held, BillRow):
            scene.group.put(suffix, pack_exit(ExitRow(version, way)))
            return Result(Fate.APPLIED, "", ())
        if held.exit is None:
            day, held.last_arrived = day_and_basis(held, conveyance)
            held.last_day = 0 if day is None else day.toordinal()
        held.version, held.exit = version, way
        held.posting += 1
        scene.group.put(suffix, pack_bill(held))
        posted = posted_closed(number, held)
        return Result(Fate.APPLIED, "", (self._poster.one(scene.cause, held.consignee, posted),))

    def _conveyance(self, event: ConveyanceEstimated | ConveyanceArrived, scene: _Scene) -> Result:
        before = scene.conveyance or ConveyanceRow(scene.today)
        time = to_micros(scene.cause.time)
        if isinstance(event, ConveyanceEstimated):
            said, held, stated = event.data.estimated_arrival, before.estimate, before.estimate_stated
        else:
            said, held, stated = event.data.arrived_at, before.arrival, before.arrival_stated
        instant = None if said is None else to_micros(said)
        if stated is not None and (time < stated or (time == stated and instant == held)):
            return Result(Fate.STALE, _OLD_TIME if time < stated else Ruling.REPEAT.value, ())
        if isinstance(event, ConveyanceEstimated):
            after = before._replace(touched=scene.today, estimate=instant, estimate_stated=time)
        else:
            after = before._replace(touched=scene.today, arrival=instant, arrival_stated=time)
        scene.group.put(CONVEYANCE, pack_conveyance(after))
        return Result(Fate.APPLIED, "", fan_out(scene.cause, scene.group, before, after, self._poster))


_CONFLICT: Final = FaultFound(
    Fault.VERSION_CONFLICT, "$.data.version: expected a version not held yet, or the same in every field that counts"
)


def _own_estimate(days: list[date] | None) -> int:
    """The bill's own estimate as an ordinal: there is one only where the list has exactly one."""
    return days[0].toordinal() if days is not None and len(days) == 1 else 0


def _touch(scene: _Scene) -> ConveyanceRow:
    """Note that an event of a bill applied to the conveyance on the stream day."""
    held = scene.conveyance
    if held is not None and held.touched == scene.today:
        return held
    fresh = ConveyanceRow(scene.today) if held is None else held._replace(touched=scene.today)
    scene.group.put(CONVEYANCE, pack_conveyance(fresh))
    return fresh


def _dead_lettered(record: Record, found: FaultFound) -> Result:
    return Result(Fate.DEAD_LETTERED, found.fault.value, (dead_letter(record, found.fault, found.detail),))

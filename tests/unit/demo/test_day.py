"""The simulated day has the published figures, every kind of event, and only the faults it means to have."""

from collections import Counter, defaultdict
from datetime import timedelta
from random import Random
from statistics import mean

import msgspec
import pytest

from agents.demo.agenda import Planned
from agents.demo.demo_bills import stamp
from agents.demo.figures import EXCLUDED_ORIGINS, HABITS, HOUR, MEAN_VALUE_CENTS, TRAFFIC
from agents.demo.simulated_day import BILLS_MIN, SimulatedDay
from stream.deadletters import Fault
from stream.events import BillManifested, ConveyanceArrived, Shipment, WholeBill
from stream.topics import RECORD_BYTES_MAX

BILLS = 20_000
FAULTS = {fault.value for fault in Fault}
SOUND = {
    "bill.manifested", "bill.amended", "bill.deleted", "bill.disposed", "conveyance.estimated", "conveyance.arrived",
}  # fmt: skip


@pytest.fixture(scope="module")
def day() -> list[Planned]:
    return list(SimulatedDay(Random(11), BILLS))


@pytest.fixture(scope="module")
def sound(day: list[Planned]) -> list[Shipment]:
    return [msgspec.json.decode(planned.value, type=Shipment) for planned in day if planned.kind in SOUND]


@pytest.fixture(scope="module")
def manifested(sound: list[Shipment]) -> list[BillManifested]:
    return [event for event in sound if isinstance(event, BillManifested)]


def cents(event: WholeBill) -> int:
    return sum(round(float(line.value.amount) * 100) for line in event.data.lines)


def test_same_seed_same_day() -> None:
    """A seed gives the same day byte for byte, another seed another day."""
    first, again, other = (list(SimulatedDay(Random(seed), 300)) for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_every_kind_occurs(day: list[Planned]) -> None:
    """Every type of event, a repeat, and every fault occurs, and nothing else."""
    assert {planned.kind for planned in day} == SOUND | FAULTS | {"repeat"}


@pytest.mark.parametrize("seed", range(5))
def test_smallest_day_has_every_fault(seed: int) -> None:
    """The smallest day still has a bad record of every kind and every bill once, and a smaller one is refused."""
    kinds = Counter(planned.kind for planned in SimulatedDay(Random(seed), BILLS_MIN))
    assert kinds.keys() >= FAULTS
    assert kinds["bill.manifested"] == BILLS_MIN
    with pytest.raises(ValueError, match="at least"):
        SimulatedDay(Random(seed), BILLS_MIN - 1)


def test_sound_events_decode_under_their_key(day: list[Planned], sound: list[Shipment]) -> None:
    """Every event that is meant to be sound has the exact shape, and the conveyance as its key."""
    keys = [planned.key.decode() for planned in day if planned.kind in SOUND]
    assert keys == [event.data.conveyance for event in sound]


def test_time_never_goes_back(day: list[Planned], sound: list[Shipment]) -> None:
    """Events come in the order of their time, and the delays add up to the time between first and last."""
    times = [event.time for event in sound]
    assert times == sorted(times)
    assert all(planned.delay >= 0 for planned in day)
    assert sum(planned.delay for planned in day) >= (times[-1] - times[0]).total_seconds()


def test_mean_value_and_tail(manifested: list[BillManifested]) -> None:
    """The mean value is the published one within five per cent, and a few bills are far above it."""
    values = [cents(event) for event in manifested]
    assert mean(values) == pytest.approx(MEAN_VALUE_CENTS, rel=0.05)
    over = sum(value > 800_00 for value in values) / BILLS
    assert 0.0002 < over < 0.003


def test_mix_of_modes_and_filings(manifested: list[BillManifested]) -> None:
    """Modes and filings have the published shares."""
    modes = Counter(event.data.mode for event in manifested)
    for traffic in TRAFFIC:
        assert modes[traffic.mode] / BILLS == pytest.approx(traffic.share, abs=0.002)  # type: ignore[index]
    type86 = sum(event.data.filing == "type86" for event in manifested) / BILLS
    assert type86 == pytest.approx(0.79, abs=0.015)


def test_excluded_origins(manifested: list[BillManifested]) -> None:
    """The share of excluded origins is what the figures say."""
    origins = Counter(event.data.lines[0].origin for event in manifested)
    for country, share in EXCLUDED_ORIGINS:
        assert origins[country] / BILLS == pytest.approx(share, abs=0.005)


def test_bad_records_stay_few(day: list[Planned]) -> None:
    """Bad records of a kind are as many as the figures say: far below the ceiling at which a partition halts."""
    kinds = Counter(planned.kind for planned in day)
    each = round(HABITS.faults * BILLS)
    assert {kinds[fault] for fault in FAULTS - {Fault.TOO_LARGE.value}} == {each}
    assert kinds[Fault.TOO_LARGE.value] == 1
    for start in range(0, len(day), 1000):
        assert sum(planned.kind in FAULTS for planned in day[start : start + 1000]) < 25


def test_faults_are_what_they_say(day: list[Planned]) -> None:
    """A record of each fault shows that fault and no earlier one."""
    bad = {planned.kind: planned for planned in day if planned.kind in FAULTS}
    assert len(bad["too-large"].value) > RECORD_BYTES_MAX
    for kind in ("not-json", "wrong-envelope", "unknown-type", "wrong-shape"):
        with pytest.raises(msgspec.DecodeError):
            msgspec.json.decode(bad[kind].value, type=Shipment)
    for kind in ("key-mismatch", "wrong-partition", "time-ahead", "version-conflict"):
        event = msgspec.json.decode(bad[kind].value, type=Shipment)
        assert (bad[kind].key.decode() != event.data.conveyance) == (kind == "key-mismatch")
        assert (bad[kind].shift != 0) == (kind == "wrong-partition")
        assert (event.time.year == 2125) == (kind == "time-ahead")


def test_versions_rise(sound: list[Shipment]) -> None:
    """Each event of a bill has the next version, and none comes after the bill left."""
    versions: dict[str, list[int]] = defaultdict(list)
    left = set()
    for event in sound:
        bill = getattr(event.data, "bill", None)
        if bill is not None:
            assert bill not in left
            versions[bill].append(event.data.version)  # type: ignore[union-attr]
            if not isinstance(event, WholeBill):
                left.add(bill)
    assert all(found == list(range(1, len(found) + 1)) for found in versions.values())
    assert len(left) > 100


def test_split_orders(manifested: list[BillManifested]) -> None:
    """Some orders of one consignee travel as several bills and are together over the limit."""
    orders = defaultdict(list)
    for event in manifested:
        if event.data.order and event.data.order.startswith("S-"):
            orders[event.data.order].append(event)
    split = [events for events in orders.values() if len(events) > 1]
    assert len(split) >= int(HABITS.split_order * BILLS) * 0.8
    for events in split:
        assert len({event.data.consignee.name.upper() for event in events if event.data.consignee.name}) == 1
    assert any(sum(map(cents, events)) > 800_00 for events in split)


def test_some_trips_arrive_a_day_late(sound: list[Shipment]) -> None:
    """Some conveyances arrive on the Eastern day after the one they were expected on."""
    arrivals = (event.data.arrived_at for event in sound if isinstance(event, ConveyanceArrived))
    dates = {(arrived - timedelta(hours=4)).day for arrived in arrivals if arrived is not None}
    assert {20, 21} <= dates


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "2025-08-20T04:00:00Z"), (-5 * HOUR, "2025-08-19T23:00:00Z"), (24 * HOUR + 61, "2025-08-21T04:01:01Z")],
)
def test_stamp(seconds: int, text: str) -> None:
    """Seconds count from the day's midnight in New York."""
    assert stamp(seconds) == text

"""What happened to a system with a long history: its events in order, in moments; each waits for the last.

Every kind of alert, of exit, of move, of dead letter and of closed day is among them, and what release 0.2 judges
otherwise than 0.1 did: mail over the limit, one version with two descriptions, type 86 without a tariff number, Puerto
Rico as a country, accents of other scripts, goods from China in February 2025, a bill amended after an exit that waits.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import msgspec

from stream.partition import partition_of
from tests.integration.ops.rebuild.rebuild_system import FIRST, Event, event
from tests.unit.manifest.step_in_words import line

PARTITIONS: Final = 4
ALERTS: Final = {"near-limit", "duplicate-bill", "structuring", "release-superseded"}
FLOOD: Final = 101
"""So many bad records among the last thousand halt a partition."""
POISON: Final = "POIS0025"
"""The defect of `defect.manifest` cannot bear a bill of this number."""

Moment = list[Event]


def trip(name: str, partition: int) -> str:
    """Return the name of a conveyance in a partition."""
    names = (f"air:{name}-{number}" for number in range(1000))
    return next(each for each in names if partition_of(each.encode(), PARTITIONS) == partition)


T = [trip(f"T{number}", number % PARTITIONS) for number in range(10)]
CLOSED_AFTER: Final = timedelta(days=20)


def person(name: str, state: str | None = "IL", country: str = "US", postal: str = "62701") -> dict[str, Any]:
    """Return a consignee at an address of their own."""
    lines = [f"{len(name)} Canary Street"]
    return {
        "name": name, "address": {"lines": lines, "city": "Town", "state": state, "postal": postal, "country": country},
    }  # fmt: skip


def bill(where: str, number: str, whose: str | dict[str, Any], amount: str, hours: float = 0, **changes: Any) -> Event:
    """Return a bill that was manifested so many hours after the first moment; `kind` may be `amended`."""
    time = FIRST + timedelta(hours=hours)
    consignee = person(f"{whose} Canary") if isinstance(whose, str) else whose
    kind = changes.pop("kind", "manifested")
    whole = {
        "bill": number, "version": 1, "sequence": int(number[4:]), "manifested_at": FIRST.isoformat(), "mode": "air",
        "filing": "manifest", "consignee": consignee, "shipper": {"name": "Works", "country": "FR"},
        "lines": [line(amount)], **changes,
    }  # fmt: skip
    return event(where, f"bill.{kind}", time, **whole)


def way_out(where: str, number: str, version: int, how: str = "", hours: float = 2) -> Event:
    """Return a deletion, or a disposal where it says how."""
    more = {"how": how} if how else {}
    kind = "bill.disposed" if how else "bill.deleted"
    return event(where, kind, FIRST + timedelta(hours=hours), bill=number, version=version, **more)


def arrived(where: str, hours: float, at_hours: float | None = None) -> Event:
    """Return an arrival that is told at an hour, of that hour unless it says another."""
    at = FIRST + timedelta(hours=hours if at_hours is None else at_hours)
    return event(where, "conveyance.arrived", FIRST + timedelta(hours=hours), arrived_at=at.isoformat())


def estimated(where: str, hours: float, at_hours: float) -> Event:
    """Return an estimate that is told at an hour."""
    at = FIRST + timedelta(hours=at_hours)
    return event(where, "conveyance.estimated", FIRST + timedelta(hours=hours), estimated_arrival=at.isoformat())


def before_the_flood() -> Iterator[Moment]:
    """Return the first day: alerts of every kind, exits, moves, copies, and what 0.2 judges otherwise."""
    before = -90 * 24  # 4 February 2025
    yield [bill(T[9], "CHIN0031", "Quy", "10.00", before, lines=[line("10.00", origin="CN")]), arrived(T[9], before)]
    yield [
        bill(T[0], "NEAR0001", "Ada", "500.00"),
        bill(T[0], "SUPR0002", "Bob", "300.00"),
        bill(T[1], "TWIC0003", "Cem", "100.00"),
        bill(T[2], "ORDR0004", "Dan", "500.00", order="PO-1"),
        bill(T[3], "GONE0005", "Eve", "50.00"),
    ]
    yield [
        bill(T[1], "NEAR0006", "Ada", "250.00"),
        bill(T[0], "SUPR0007", "Bob", "400.00"),
        bill(T[0], "TWIC0003", "Cem", "100.00"),
        bill(T[2], "ORDR0008", "Dan", "500.00", order="PO-1"),
        bill(T[3], "GONE0009", "Eve", "60.00"),
    ]
    yield [bill(T[3], "GONE0010", "Eve", "70.00"), bill(T[2], "MOVE0011", "Fay", "80.00")]
    yield [way_out(T[1], "EXIT0032", 1), bill(T[8], "PEND0033", "Pam", "45.00")]
    yield [bill(T[1], "EXIT0032", "Ray", "65.00", version=2, kind="amended")]
    yield [way_out(T[3], "GONE0012", 1, "entry-01"), bill(T[2], "MOVE0013", "Fay", "90.00")]
    yield [bill(T[3], "GONE0012", "Eve", "40.00"), estimated(T[4], 1, 30)]
    yield [bill(T[4], "WARN0014", "Gil", "600.00"), bill(T[1], "MAIL0015", "Hal", "900.00", mode="mail")]
    yield [bill(T[4], "WARN0016", "Gil", "300.00"), bill(T[1], "DESC0017", "Ida", "20.00")]
    other_words = [{**line("20.00"), "description": "another toy"}]
    yield [bill(T[1], "DESC0017", "Ida", "20.00", lines=other_words), bill(T[5], "LATE0018", "Jon", "100.00")]
    type86: dict[str, Any] = {"filing": "type86", "bill_type": "M", "quantity": 1, "planned_port": "4701"}
    day = FIRST.date().isoformat()
    yield [
        bill(T[2], "T86N0019", "Kay", "30.00", estimated_arrivals=[day], **type86),
        bill(T[0], "PRIC0020", person("Luz Canary", None, "PR", "00901"), "500.00"),
        bill(T[3], "GREK0021", person("Μαρία Κανάρη"), "500.00"),
    ]
    yield [
        bill(T[0], "PRIC0022", person("Luz Canary", "PR", "US", "00901"), "400.00"),
        bill(T[3], "GREK0023", person("Μαρια Καναρη"), "400.00"),
    ]
    for number, where in enumerate((T[0], T[1], T[2], T[3], T[5])):
        yield [arrived(where, 1 + number / 10)]
    yield [bill(T[0], "SUPR0002", "Bob", "450.00", 2, version=2, kind="amended")]
    yield [way_out(T[3], "GONE0005", 2), bill(T[2], "MOVE0011", "Gus", "80.00", 2, version=2, kind="amended")]
    yield [way_out(T[3], "GONE0009", 2, "exported"), way_out(T[2], "MOVE0013", 2)]
    yield [way_out(T[3], "GONE0010", 2, "entry-11"), bill(T[1], "MOVE0013", "Fay", "90.00", 3, version=3)]
    yield [bill(T[3], "GONE0005", "Eve", "55.00", 3, version=3, kind="amended")]
    yield [arrived(T[2], 3, 26)]  # the whole trip is of another day
    yield [
        (T[0].encode(), msgspec.json.encode({"no": "event"})),
        event(T[1], "bill.weighed", FIRST),
        event(T[2], "bill.deleted", FIRST, bill="no bill"),
        bill(T[0], "NEAR0001", "Ada", "500.00", order="another"),  # a version conflict
    ]


def flood() -> Moment:
    """Return bad records that halt a partition, and one behind them that waits."""
    return [(T[6].encode(), b"no event at all")] * FLOOD + [bill(T[6], "WAIT0024", "Mia", "10.00", 4)]


def poison() -> Moment:
    """Return a bill at which the defect shows, and one behind it that waits."""
    return [bill(T[7], POISON, "Nat", "15.00", 5), bill(T[7], "WAIT0026", "Nat", "25.00", 5)]


def after_the_poison() -> Iterator[Moment]:
    """Return what closes the first day, comes too late for it, and waits or is expected on the last."""
    late = CLOSED_AFTER / timedelta(hours=1)
    yield [bill(T[4], "LATE0027", "Jon", "10.00", late), arrived(T[6], late), arrived(T[7], late)]
    yield [bill(T[5], "LATE0028", "Jon", "20.00", late), bill(T[8], "PEND0030", "Pam", "35.00", late)]
    yield [estimated(T[4], late, late + 24)]


def strayed() -> Event:
    """Return a good bill that is sent to the wrong partition, and sent again where it belongs."""
    return bill(T[6], "STRY0029", "Oda", "12.00", 6)

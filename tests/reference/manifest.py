"""DESIGN section 2, and of section 3 how conveyances are forgotten, as plain objects: what postings an event leads to.

It knows persons, not consignee keys: its postings name the person, and the auditor learns which key is whose. The key
of a seller is what it is told (`who_sells`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from stream.postings import PostedBill, Posting
from stream.records import Fate
from tests.reference.filing import converted, filing_errors, seller_name
from tests.reference.plain import LONGEST, Programme, World
from tests.reference.rules import eastern
from tests.reference.shipped import SHIPPED

Event = dict[str, Any]
WhoIs = Callable[[Event], str]
WhoSells = Callable[[str], str]

KEPT_DAYS = 45
OPTIONAL = {
    *("version", "order", "estimated_arrivals", "arrived_at", "bill_type", "quantity", "planned_port", "entry_number"),
    *("programme", "seller", "purchased_on", "weight_grams"),
    *("name", "address", "identifier_type", "identifier", "city", "state", "postal", "flags"),
}
"""Fields of bills that may be missing; elsewhere than in events of bills they are required."""


@dataclass
class Statement:
    """What a conveyance event said, and when."""

    time: datetime
    instant: datetime | None


@dataclass
class Conveyance:
    """A conveyance with its bills, dead ones too; `touched` is the UTC date of the partition at its last event."""

    touched: date
    estimated: Statement | None = None
    arrived: Statement | None = None
    bills: dict[str, "ManifestBill"] = field(default_factory=dict)
    waiting_exits: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Exits that came before their bill: version and way."""


@dataclass
class ManifestBill:
    """A bill on a conveyance."""

    version: int
    facts: Event
    person: str
    manifested_at: datetime
    sequence: int
    posting: int = 0
    exit: str | None = None
    estimate: date | None = None
    stated: datetime | None = None
    day: date | None = None
    arrived: bool = False
    """`day` and `arrived` as last posted live."""


@dataclass
class Read:
    """What becomes of one event."""

    fate: Fate
    code: str = ""
    postings: list[Posting] = field(default_factory=list)


class ManifestReference:
    """Reads well-formed events of any number of conveyances, in the order of the log."""

    def __init__(self, who_is: WhoIs, world: World = SHIPPED, who_sells: WhoSells = str.casefold) -> None:
        self.who_is = who_is
        self.who_sells = who_sells
        self.world = world
        needed = [LONGEST[one.window] + one.open_days for one in world.programmes.values()]
        self.kept_days = max([KEPT_DAYS, *needed])
        self.conveyances: dict[str, Conveyance] = {}
        self.today: dict[int, date] = {}
        """By partition the UTC date of the highest time that applied."""
        self.forgotten: set[str] = set()
        """Conveyances of which nothing was held any more when their next event came."""

    def read(self, event: Event, partition: int, offset: int) -> Read:
        """Return what becomes of an event that stands at this place of the shipments log."""
        is_of_bill = event["type"].startswith("tallygate.bill.")
        data: Event = without_blanks(event["data"]) if is_of_bill else event["data"]
        time = datetime.fromisoformat(event["time"])
        today = max(time.astimezone(UTC).date(), self.today.get(partition, date.min))
        conveyance = self.conveyances.get(data["conveyance"])
        if conveyance is None or (today - conveyance.touched).days > self.kept_days:
            self.forgotten |= {data["conveyance"]} & self.conveyances.keys()
            conveyance = self.conveyances[data["conveyance"]] = Conveyance(today)
        match event["type"].split(".")[1:3]:
            case ["bill", "manifested" | "amended" as kind]:
                found = self._whole_bill(conveyance, data, time, revives=kind == "manifested")
            case ["bill", "deleted"]:
                found = self._exit(conveyance, data, "deleted")
            case ["bill", _]:
                found = self._exit(conveyance, data, data["how"])
            case [_, "estimated"]:
                found = self._statement(conveyance, "estimated", Statement(time, _instant(data["estimated_arrival"])))
            case _:
                found = self._statement(conveyance, "arrived", Statement(time, _instant(data["arrived_at"])))
        if isinstance(found, Read):
            return found
        self.today[partition] = conveyance.touched = today
        return Read(Fate.APPLIED, "", list(_postings(found, data["conveyance"], time, partition, offset)))

    def _whole_bill(
        self, conveyance: Conveyance, data: Event, time: datetime, *, revives: bool
    ) -> "Read | list[tuple[str, PostedBill]]":
        number, version = data["bill"], data.get("version", 1)
        held = conveyance.bills.get(number)
        if held is None and number in conveyance.waiting_exits:
            return self._late_bill(conveyance, data, time, revives=revives)
        if held is not None:
            if version < held.version or (held.exit and not revives):
                return Read(Fate.STALE)
            if version == held.version:
                same = self._counting(held.facts) == self._counting(data)
                return Read(Fate.STALE) if same else Read(Fate.DEAD_LETTERED, "version-conflict")
        return self._post(conveyance, self._replace(held, data, time, version), held)

    def _late_bill(
        self, conveyance: Conveyance, data: Event, time: datetime, *, revives: bool
    ) -> "Read | list[tuple[str, PostedBill]]":
        version, way = conveyance.waiting_exits[data["bill"]]
        if data.get("version", 1) > version:
            if not revives:
                return Read(Fate.STALE)
            del conveyance.waiting_exits[data["bill"]]
            return self._post(conveyance, self._replace(None, data, time, data["version"]), None)
        del conveyance.waiting_exits[data["bill"]]
        bill = self._replace(None, data, time, version)
        bill.exit = way
        return self._post(conveyance, bill, None)

    def _replace(self, held: ManifestBill | None, data: Event, time: datetime, version: int) -> ManifestBill:
        bill = ManifestBill(
            version,
            data,
            self.who_is(data["consignee"]),
            held.manifested_at if held else datetime.fromisoformat(data["manifested_at"]),
            held.sequence if held else data["sequence"],
            posting=held.posting if held else 0,
        )
        days = data.get("estimated_arrivals") or []
        bill.estimate = date.fromisoformat(days[0]) if len(days) == 1 else None
        unchanged = held is not None and held.estimate == bill.estimate
        bill.stated = held.stated if held and unchanged else time
        return bill

    def _post(
        self, conveyance: Conveyance, bill: ManifestBill, held: ManifestBill | None
    ) -> list[tuple[str, PostedBill]]:
        conveyance.bills[bill.facts["bill"]] = bill
        posted = self._posted(conveyance, bill)
        if held and held.person != bill.person:
            return [(held.person, moved(posted)), (bill.person, posted)]
        return [(bill.person, posted)]

    def _exit(self, conveyance: Conveyance, data: Event, way: str) -> "Read | list[tuple[str, PostedBill]]":
        number, version = data["bill"], data["version"]
        held = conveyance.bills.get(number)
        if held is None:
            waiting, _ = conveyance.waiting_exits.get(number, (0, ""))
            if version <= waiting:
                return Read(Fate.STALE)
            conveyance.waiting_exits[number] = version, way
            return []
        if version < held.version or (version == held.version and held.exit):
            return Read(Fate.STALE)
        held.version, held.exit = version, way
        return [(held.person, self._posted(conveyance, held))]

    def _statement(self, conveyance: Conveyance, kind: str, said: Statement) -> "Read | list[tuple[str, PostedBill]]":
        held: Statement | None = getattr(conveyance, kind)
        if held and (said.time < held.time or said == held):
            return Read(Fate.STALE)
        setattr(conveyance, kind, said)
        live = [bill for bill in conveyance.bills.values() if not bill.exit]
        changed = [bill for bill in live if self._which_day(conveyance, bill) != (bill.day, bill.arrived)]
        return [(bill.person, self._posted(conveyance, bill)) for bill in changed]

    def _posted(self, conveyance: Conveyance, bill: ManifestBill) -> PostedBill:
        bill.posting += 1
        if not bill.exit:
            bill.day, bill.arrived = self._which_day(conveyance, bill)
        live = "waiting" if bill.day is None else "arrived" if bill.arrived else "expected"
        facts = bill.facts
        programme = self.programme(facts)
        zone = ZoneInfo(programme.zone) if programme else None
        manifested = bill.manifested_at.astimezone(zone).date() if zone else eastern(bill.manifested_at)
        errors = filing_errors(facts, programme, manifested, self.world)
        posted = PostedBill(
            bill=facts["bill"],
            version=bill.version,
            posting=bill.posting,
            stand="closed" if bill.exit else live,  # type: ignore[arg-type]
            manifested_at=bill.manifested_at,
            sequence=bill.sequence,
            mode=facts["mode"],
            filing=facts["filing"],
            day=bill.day,
            arrived=bill.arrived,
            exit=bill.exit,  # type: ignore[arg-type]
            order=facts.get("order"),
            value_cents=converted(facts, programme, manifested, self.world) if programme else None,
            origins=tuple(sorted({line["origin"] for line in facts["lines"]})),
            flags=tuple(sorted({flag for line in facts["lines"] for flag in line.get("flags", [])})),
            filing_errors=tuple(errors),
            seller=self._seller(facts),
            weight_grams=facts.get("weight_grams") if programme and programme.asks_weight else None,
        )
        # An encoder leaves a default out only where it is the very same text.
        claimed = self._claimed(facts)
        return posted if claimed == posted.programme else msgspec.structs.replace(posted, programme=claimed)

    def _claimed(self, facts: Event) -> str:
        claimed: str = facts.get("programme", self.world.default)
        return claimed

    def programme(self, facts: Event) -> Programme | None:
        """Return the programme that a bill claims, None if it is not enabled."""
        return self.world.programmes.get(self._claimed(facts))

    def _seller(self, facts: Event) -> str | None:
        """Return who sold the goods, where the programme sums per seller and there is a name."""
        programme = self.programme(facts)
        if programme is None or not programme.per_seller:
            return None
        name = seller_name(facts)
        return self.who_sells(name) if name else None

    def _which_day(self, conveyance: Conveyance, bill: ManifestBill) -> tuple[date | None, bool]:
        programme = self.programme(bill.facts)
        if programme is None:
            return None, False
        zone, own = ZoneInfo(programme.zone), bill.facts.get("arrived_at")
        arrived = datetime.fromisoformat(own) if own else conveyance.arrived and conveyance.arrived.instant
        if programme.date == "purchase":
            bought = bill.facts.get("purchased_on")
            return (date.fromisoformat(bought), bool(arrived)) if bought else (None, False)
        if arrived:
            return arrived.astimezone(zone).date(), True
        theirs = conveyance.estimated if conveyance.estimated and conveyance.estimated.instant else None
        if bill.estimate and bill.stated and (theirs is None or bill.stated >= theirs.time):
            return bill.estimate, False
        if theirs and theirs.instant:
            return theirs.instant.astimezone(zone).date(), False
        return None, False

    def _counting(self, data: Event) -> list[Any]:
        arrived = data.get("arrived_at")
        lines = [
            {
                **line,
                "value": {**line["value"], "amount": Decimal(line["value"]["amount"])},
                "flags": set(line.get("flags", [])),
            }
            for line in data["lines"]
        ]
        names = ("mode", "filing", "order", "bill_type", "quantity", "planned_port", "purchased_on", "weight_grams")
        plain = [data.get(name) for name in names]
        estimates = data.get("estimated_arrivals") or []
        who = [self.who_is(data["consignee"]), self._claimed(data), self._seller(data)]
        return [who, arrived and datetime.fromisoformat(arrived), lines, estimates, *plain]


def moved(bill: PostedBill) -> PostedBill:
    """Return the withdrawal that belongs to a bill; what it says of value and goods does not matter."""
    return PostedBill(
        bill=bill.bill,
        version=bill.version,
        posting=bill.posting,
        stand="moved",
        manifested_at=bill.manifested_at,
        sequence=bill.sequence,
        mode=bill.mode,
        filing=bill.filing,
    )


def _postings(
    found: list[tuple[str, PostedBill]], conveyance: str, time: datetime, partition: int, offset: int
) -> Iterator[Posting]:
    for person in dict.fromkeys(person for person, _ in found):
        bills = [bill for whose, bill in found if whose == person]
        bills.sort(key=lambda bill: (bill.manifested_at, bill.sequence, bill.bill))
        yield Posting(
            time=time,
            consignee=person,
            conveyance=conveyance,
            partition=partition,
            offset=offset,
            bills=tuple(bills),
        )


def without_blanks(data: Event) -> Event:
    """Return the data of a bill's event without the optional fields that say nothing."""
    kept: Event = {}
    for name, value in data.items():
        if name in OPTIONAL and (value is None or value == ""):
            continue
        if isinstance(value, dict):
            kept[name] = without_blanks(value)
        elif name == "lines" and "bill" in data:
            kept[name] = [without_blanks(line) for line in value]
        else:
            kept[name] = value
    return kept


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)

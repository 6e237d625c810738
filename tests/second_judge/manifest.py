"""The manifest, told plainly: which version of a bill holds, on which day it is, and whom an event concerns."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Final

from tests.second_judge.regimes import RATES, REGIMES, Regime

KEPT_DAYS: Final = 45
LONG_AGO: Final = datetime(1, 1, 2, tzinfo=UTC)
STATES: Final = frozenset(
    "AK AL AR AS AZ CA CO CT DC DE FL GA GU HI IA ID IL IN KS KY LA MA MD ME MI MN MO MP MS MT NC ND NE NH NJ NM NV NY "
    "OH OK OR PA PR RI SC SD TN TX UT VA VI VT WA WI WV WY".split()
)

Event = dict[str, Any]


@dataclass
class Held:
    """A bill on a conveyance as the manifest holds it; `live` is None while an exit waits for its bill."""

    bill: str
    version: int
    live: bool | None = None
    exit: str | None = None
    posting: int = 0
    consignee: str = ""
    says: tuple[Any, ...] = ()
    manifested: datetime = LONG_AGO
    sequence: int = 0
    estimate: date | None = None
    estimate_stated: datetime | None = None
    arrived_at: datetime | None = None
    last: tuple[date | None, bool] = (None, False)
    mode: str = ""
    filing: str = ""
    order: str | None = None
    value: int | None = None
    origins: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    errors: tuple[str, ...] = ()
    moved: bool = False
    programme: str = "us-321"
    regime: Regime | None = None
    """None where the programme is not enabled."""
    seller: str | None = None
    weight: int | None = None
    purchased: date | None = None


@dataclass
class Trip:
    """A conveyance: what was last said of it by each type of event, and its bills."""

    estimate: tuple[datetime, datetime | None] | None = None
    arrival: tuple[datetime, datetime | None] | None = None
    bills: dict[str, Held] = field(default_factory=dict)
    touched: date = date.min


Posts = list[tuple[str, list[Held]]]


class Manifest:
    """Takes events; gives the fate of each and the bills that it posts, by consignee."""

    def __init__(self, enabled: Collection[str] = tuple(REGIMES), default: str = "us-321") -> None:
        self._regimes = {name: REGIMES[name] for name in enabled}
        self._default = default
        self._kept_days = max(KEPT_DAYS, *(regime.kept_days for regime in self._regimes.values()))
        self._trips: dict[str, Trip] = {}
        self._highest: datetime | None = None

    def take(self, event: Event) -> tuple[str, Posts]:
        """Return `applied`, `stale` or `version-conflict`, and what is posted."""
        time, data = instant(event["time"]), event["data"]
        kind = event["type"].removeprefix("tallygate.").removesuffix(".v1")
        highest = max(time, self._highest or time)
        trip = self._trips.get(data["conveyance"])
        if trip is None or (highest.astimezone(UTC).date() - trip.touched).days > self._kept_days:
            trip = Trip()
        if kind.startswith("conveyance"):
            fate, posts = self._trip(trip, kind, time, data)
        elif kind in {"bill.deleted", "bill.disposed"}:
            fate, posts = self._exit(trip, data, "deleted" if kind == "bill.deleted" else data["how"])
        else:
            fate, posts = self._whole_bill(trip, time, data, amended=kind == "bill.amended")
        if fate == "applied":
            self._trips[data["conveyance"]], self._highest = trip, highest
            trip.touched = highest.astimezone(UTC).date()
        return fate, posts

    def _trip(self, trip: Trip, kind: str, time: datetime, data: Event) -> tuple[str, Posts]:
        arrival = kind == "conveyance.arrived"
        text = data["arrived_at" if arrival else "estimated_arrival"]
        said = None if text is None else instant(text)
        held = trip.arrival if arrival else trip.estimate
        if held is not None and (time < held[0] or (time == held[0] and said == held[1])):
            return "stale", []
        live = [bill for bill in trip.bills.values() if bill.live]
        before = [day_and_basis(bill, trip) for bill in live]
        if arrival:
            trip.arrival = time, said
        else:
            trip.estimate = time, said
        posts: dict[str, list[Held]] = {}
        for bill, was in zip(live, before, strict=True):
            if day_and_basis(bill, trip) != was:
                posts.setdefault(bill.consignee, []).append(posted(bill, trip))
        return "applied", sorted(posts.items())

    def _exit(self, trip: Trip, data: Event, how: str) -> tuple[str, Posts]:
        version, held = data["version"], trip.bills.get(data["bill"])
        if held is None:
            trip.bills[data["bill"]] = Held(data["bill"], version, exit=how)
            return "applied", []
        if version < held.version or (version == held.version and not held.live):
            return "stale", []
        held.version, held.exit = version, how
        if held.live is None:
            return "applied", []
        held.live = False
        return "applied", [(held.consignee, [posted(held, trip)])]

    def _whole_bill(self, trip: Trip, time: datetime, data: Event, *, amended: bool) -> tuple[str, Posts]:
        version, held = data.get("version", 1), trip.bills.get(data["bill"])
        consignee = person(data["consignee"])
        programme = data.get("programme") or self._default
        regime = self._regimes.get(programme)
        says, waiting = what_counts(data, consignee, programme, regime), None
        if held is not None and held.live is None:
            if version > held.version and amended:
                return "stale", []
            if version <= held.version:
                version, waiting = held.version, held.exit
            held = None
        elif held is not None:
            if version < held.version or (amended and not held.live):
                return "stale", []
            if version == held.version:
                return ("stale" if says == held.says else "version-conflict"), []
        former = held
        bill = Held(data["bill"], version) if held is None else replace(held)
        if held is None:
            bill.manifested, bill.sequence = instant(data["manifested_at"]), data["sequence"]
            bill.estimate_stated = time
        bill.programme, bill.regime = programme, regime
        fill(bill, data, time)
        bill.version, bill.consignee, bill.says = version, consignee, says
        bill.live, bill.exit = waiting is None, waiting
        trip.bills[bill.bill] = bill
        posts: Posts = [(consignee, [posted(bill, trip)])]
        if former is not None and former.consignee != consignee:
            posts.insert(0, (former.consignee, [replace(bill, moved=True)]))
        return "applied", posts


def posted(bill: Held, trip: Trip) -> Held:
    """Count a posting; return the bill as it is posted, on the day and basis of its last live posting."""
    bill.posting += 1
    if bill.live:
        bill.last = day_and_basis(bill, trip)
    return replace(bill)


def day_and_basis(bill: Held, trip: Trip) -> tuple[date | None, bool]:
    """Return the day a live bill is on, and whether it has arrived: DESIGN, "Which day"."""
    if bill.regime is None:
        return None, False
    arrived = bill.arrived_at or (trip.arrival[1] if trip.arrival else None)
    if bill.regime.by_purchase:
        return bill.purchased, arrived is not None and bill.purchased is not None
    if arrived is not None:
        return bill.regime.local_date(arrived), True
    stated, estimate = trip.estimate or (None, None)
    own = bill.estimate_stated
    if bill.estimate is not None and (estimate is None or stated is None or (own is not None and own >= stated)):
        return bill.estimate, False
    return (None if estimate is None else bill.regime.local_date(estimate)), False


def fill(bill: Held, data: Event, time: datetime) -> None:
    """Write into a bill what this version says."""
    regime = bill.regime
    estimates = data.get("estimated_arrivals") or []
    single = date.fromisoformat(estimates[0]) if len(estimates) == 1 else None
    if single != bill.estimate:
        bill.estimate, bill.estimate_stated = single, time
    lines = data["lines"]
    amounts = [worth(line["value"], bill, regime) for line in lines]
    known = [amount for amount in amounts if amount is not None]
    bill.value = sum(known) if len(known) == len(lines) else None
    bill.arrived_at = instant(data["arrived_at"]) if data.get("arrived_at") else None
    bill.purchased = date.fromisoformat(data["purchased_on"]) if data.get("purchased_on") else None
    bill.mode, bill.filing, bill.order = data["mode"], data["filing"], data.get("order") or None
    bill.origins = frozenset(line["origin"] for line in lines)
    bill.flags = frozenset(flag for line in lines for flag in line.get("flags") or ())
    bill.seller = who_sold(data) if regime and regime.sellers else None
    weight = data.get("weight_grams")
    bill.weight = None if weight in {None, ""} else weight
    bill.errors = tuple(filing_errors(data, bill, len(estimates))) if regime else ("unknown-programme",)


def worth(value: Event, bill: Held, regime: Regime | None) -> int | None:
    """Return what a line is worth in hundredths of the programme's currency, None if no rate is known."""
    if regime is None:
        return None
    amount = cents(value["amount"])
    if value["currency"] == regime.currency:
        return amount
    day = regime.local_date(bill.manifested)
    rate = RATES.get((value["currency"], regime.currency, day.year, 1 + (day.month - 1) // 3))
    return None if rate is None else (2 * amount * rate[0] + rate[1]) // (2 * rate[1])


def who_sold(data: Event) -> str | None:
    """Return the seller, else the shipper; None if neither has a name. Case tells no two apart."""
    for name in (data.get("seller"), data["shipper"].get("name")):
        if name and not name.isspace():
            return str(name).casefold()
    return None


def what_counts(data: Event, consignee: str, programme: str, regime: Regime | None) -> tuple[Any, ...]:
    """Return all that two versions must agree in to say the same."""
    arrived = data.get("arrived_at")
    return (
        consignee, data["mode"], data["filing"], data.get("order") or None, tuple(data.get("estimated_arrivals") or ()),
        instant(arrived) if arrived else None, data.get("bill_type") or None, data.get("quantity"),
        data.get("planned_port") or None, programme, data.get("purchased_on") or None,
        None if data.get("weight_grams") == "" else data.get("weight_grams"),
        who_sold(data) if regime and regime.sellers else None,
        tuple(
            (cents(line["value"]["amount"]), line["value"]["currency"], line["origin"], line["hts"],
             line["description"], line["quantity"], frozenset(line.get("flags") or ()))
            for line in data["lines"]
        ),
    )  # fmt: skip


def filing_errors(data: Event, bill: Held, estimates: int) -> Iterator[str]:
    """Name every filing rule that is broken, in the order of DESIGN."""
    regime = bill.regime
    assert regime is not None
    if regime.name == "us-321":
        yield from filing_errors_of_321(data, regime.local_date(bill.manifested), estimates)
    if bill.value is None:
        yield "no-exchange-rate"
    if regime.by_purchase and bill.purchased is None:
        yield "no-purchase-date"
    if regime.sellers and bill.seller is None:
        yield "no-seller"
    if regime.needs_weight and bill.weight is None:
        yield "no-weight"


def filing_errors_of_321(data: Event, manifested: date, estimates: int) -> Iterator[str]:
    """Name what type 86 and truck manifests must keep."""
    if data["filing"] == "type86":
        if manifested >= date(2024, 7, 25) and estimates != 1:
            yield "282" if estimates == 0 else "288"
        if (data.get("bill_type") or "T") == "T":
            yield "bill-type"
        if not data.get("quantity"):
            yield "no-quantity"
        if not data.get("planned_port"):
            yield "no-port"
        if not all(ten_digits(line["hts"]) for line in data["lines"]):
            yield "no-hts"
        if not all(any(sign.isalpha() for sign in line["description"]) for line in data["lines"]):
            yield "no-description"
        if manifested < date(2019, 9, 28):
            yield "no-type86"
    if data["mode"] == "truck" and data["filing"] == "manifest":
        address = data["consignee"].get("address") or {}
        if (address.get("state") or "").strip().upper() not in STATES:
            yield "no-state"


def ten_digits(hts: str) -> bool:
    """Tell whether ten ASCII digits are left without full stops, hyphens and spaces."""
    bare = hts.replace(".", "").replace("-", "").replace(" ", "")
    return len(bare) == 10 and bare.isascii() and bare.isdigit()


def person(consignee: Event) -> str:
    """Return who a consignee is; the random files spell no consignee in two ways."""
    return str(consignee.get("identifier") or consignee["name"])


def instant(text: str) -> datetime:
    """Return an instant."""
    return datetime.fromisoformat(text)


def cents(amount: str) -> int:
    """Return whole cents."""
    whole, _, rest = amount.partition(".")
    return int(whole) * 100 + int((rest + "00")[:2])

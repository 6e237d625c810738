"""Lives of bills as the manifest step would post them: few names, so that they meet; values near the limits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from stream.postings import Exit, PostedBill, Posting
from tests.reference.plain import Programme, World
from tests.reference.shipped import SHIPPED

T = TypeVar("T")
Pick = Callable[[Sequence[Any]], Any]
"""Chooses one of several; the first is the plainest. Hypothesis draws it, or a seeded `random.Random`."""

BILLS = ("AAAA1", "AAAA2", "AAAA3", "AAAA4", "AAAA5", "AAAA6")
CONVEYANCES = ("air:2", "air:1", "truck:3")
CONSIGNEES = ("na2:one", "na2:one", "na2:two", "id2:EI:three")
PARTITION_OF = {"na2:one": 0, "na2:two": 0, "id2:EI:three": 1}
VALUES = (
    *(30_000, 50_000, 40_000, 20_000, 10_000, 25_000, 80_000, 100, 0, 60_000, 35_000, 15_000, 5_000, 80_001, 250_001),
    *(1, 49, 50, 150, 10_000, 19_999, 20_001, 20_049, 20_050, 40_040, 40_050, 72_000, 72_001, 79_949, 79_950, 80_049),
)
FIRST_DAYS = (
    date(2025, 8, 19),
    date(2025, 8, 10),
    date(2025, 8, 27),
    date(2016, 3, 8),
    date(2025, 4, 30),
    date(2025, 2, 2),
    date(2025, 7, 7),
    date(2026, 6, 22),
)
"""A plain stretch, and those in which enforcement, suspension, limit, excluded origins and goods, or the rule that
names them, begin or end."""
MANIFESTED_HOURS_AGO = (0, 1, 5, 24 * 30, 24 * 31, 24 * 60, 24 * 75)
"""Around 30 days, in which bills of an order belong together, and 75, after which they are no part of it."""
LONGEST_HOURS = 40 * 24
"""A conveyance is forgotten 45 days after its last event, and with it how bills of one order hang together."""
SELLERS = ("se2:one", "se2:one", "se2:two")
WEIGHTS = (900, 1_500, 4_000, 4_001, 12_000, 30_000, 1, 0)
EXITS: tuple[Exit, ...] = ("deleted", "exported", "entry-11", "abandoned", "returned", "entry-01")


@dataclass
class Life:
    """What is known of a bill on a conveyance."""

    consignee: str
    bill: PostedBill


@dataclass
class Lives:
    """All bills there are, and the postings that come of what befalls them."""

    first_day: date
    day: date = field(init=False)
    """The day around which bills arrive; it moves only when all before it is long over."""
    lives: dict[tuple[str, str], Life] = field(default_factory=dict)
    offset: int = 0
    hours: int = 0
    numbers: Sequence[str] = BILLS
    values: Sequence[int] = VALUES
    world: World = SHIPPED
    programmes: Sequence[str] = ("us-321",)
    """What bills claim; `unknown` is not enabled."""

    def __post_init__(self) -> None:
        self.day = self.first_day

    def now(self) -> datetime:
        """Return the time of the event under way."""
        return datetime(self.first_day.year, self.first_day.month, self.first_day.day, 4, tzinfo=UTC) + timedelta(
            hours=self.hours
        )

    def pass_time(self, pick: Pick) -> None:
        """Let hours or days go by; sometimes an event comes late."""
        hours = pick((*(1, 0, 24, -30, 1, 0, 24, -3 * 24) * 3, 15 * 24, 16 * 24 + 1))
        if self.hours + hours > LONGEST_HOURS:
            return
        self.hours += hours
        if hours > 15 * 24 and pick((True, True, False)):
            self.day = self.now().date()

    def skip_ahead(self, days: int) -> None:
        """Let days go by, after which bills arrive around another day."""
        self.hours += 24 * days
        self.day = self.now().date()

    def whole_bill(self, number: str, conveyance: str, pick: Pick) -> list[Posting]:
        """Manifest or amend a bill: it may change its consignee, day, value and all else."""
        life = self.lives.get((number, conveyance))
        fresh = self._bill(number, life.bill if life else None, pick)
        consignee = life.consignee if life and pick((True,) * 7 + (False,)) else pick(CONSIGNEES)
        return self._post(conveyance, {number: (consignee, fresh)})

    def leave(self, number: str, conveyance: str, pick: Pick) -> list[Posting]:
        """Let a bill leave by an exit, also one that has left before; or an exit that came before its bill."""
        life = self.lives.get((number, conveyance))
        way = pick(EXITS)
        if life is None:
            consignee = pick(CONSIGNEES)
            fresh = msgspec.structs.replace(self._bill(number, None, pick), day=None, arrived=False)
        else:
            consignee = life.consignee
            raised = pick((1, 0)) if life.bill.stand != "closed" else 1
            fresh = msgspec.structs.replace(
                life.bill, version=life.bill.version + raised, posting=life.bill.posting + 1
            )
        fresh = msgspec.structs.replace(fresh, stand="closed", exit=way)
        return self._post(conveyance, {number: (consignee, fresh)})

    def move_conveyance(self, conveyance: str, pick: Pick) -> list[Posting]:
        """Let a conveyance arrive, be expected or be without a day: its live bills go with it."""
        standing = self._standing(pick)
        moved = {
            number: (
                life.consignee,
                msgspec.structs.replace(life.bill, posting=life.bill.posting + 1, **self._kept(life.bill, standing)),
            )
            for (number, on), life in self.lives.items()
            if on == conveyance and life.bill.stand != "closed"
        }
        return self._post(conveyance, moved, bills_max=pick((1000, 2)))

    def _standing(self, pick: Pick) -> dict[str, Any]:
        stand = pick(("arrived", "expected", *("arrived", "arrived", "expected") * 3, "waiting"))
        day = None if stand == "waiting" else self.day + timedelta(days=pick((*(1,) * 9, 2, 2, 3, 0)))
        return {"stand": stand, "day": day, "arrived": stand == "arrived", "exit": None}

    def _kept(self, bill: PostedBill, standing: dict[str, Any]) -> dict[str, Any]:
        """Return where a bill goes with its conveyance: by date of purchase it keeps its day."""
        programme = self.world.programmes.get(bill.programme)
        if programme is None or (bill.day is None and bill.filing_errors):
            return {"stand": "waiting", "day": None, "arrived": False, "exit": None}
        if programme.date == "arrival" or bill.day is None:
            return standing
        arrived = standing["arrived"]
        return {"stand": "arrived" if arrived else "expected", "day": bill.day, "arrived": arrived, "exit": None}

    def _claims(self, name: str, pick: Pick) -> dict[str, Any]:
        """Return what a bill says for the sake of its programme, and where it stands."""
        programme: Programme | None = self.world.programmes.get(name)
        if programme is None:
            nowhere = {"stand": "waiting", "day": None, "arrived": False, "exit": None}
            return {"programme": name, "filing_errors": ("unknown-programme",), "value_cents": None, **nowhere}
        found: dict[str, Any] = {"programme": name, **self._standing(pick)}
        if programme.date == "purchase" and found["day"] is None:
            found |= {"stand": "expected", "day": self.day + timedelta(days=1)}
        if programme.per_seller:
            found["seller"] = pick(SELLERS)
        if programme.asks_weight:
            found["weight_grams"] = pick(WEIGHTS)
        return found

    def _bill(self, number: str, before: PostedBill | None, pick: Pick) -> PostedBill:
        errors: tuple[str, ...] = pick((*[()] * 30, ("282", "no-port"), ("no-hts", "no-exchange-rate")))
        at = before.manifested_at if before else self.now() - timedelta(hours=pick(MANIFESTED_HOURS_AGO))
        name = pick(self.programmes)
        claims = self._claims(name, pick)
        if name != "us-321":
            errors = tuple(error for error in errors if error == "no-exchange-rate")
        fields: dict[str, Any] = {
            "bill": number,
            "version": before.version + pick((1, 1, 2)) if before else pick((1, 1, 3)),
            "posting": before.posting + 1 if before else 1,
            "manifested_at": at,
            "sequence": before.sequence if before else pick((1, 0, 2)),
            "mode": pick((*("air", "truck", "ocean") * 5, "mail")),
            "filing": pick(("manifest", "type86")),
            "order": pick((None, "order-1", "order-2")),
            "value_cents": None if "no-exchange-rate" in errors else pick(self.values),
            "origins": pick((*[("FR",)] * 20, ("CN", "FR"))),
            "flags": pick((*[()] * 30, ("pga",), ("adcvd",), ("fda",), ("fda",))),
            "filing_errors": errors,
        }
        return PostedBill(**{**fields, **claims})

    def _post(self, conveyance: str, fresh: dict[str, tuple[str, PostedBill]], bills_max: int = 1000) -> list[Posting]:
        by_consignee: dict[str, list[PostedBill]] = {}
        for number, (consignee, bill) in fresh.items():
            was = self.lives.get((number, conveyance))
            if was and was.consignee != consignee:
                withdrawn = msgspec.structs.replace(bill, stand="moved", day=None, arrived=False, exit=None)
                by_consignee.setdefault(was.consignee, []).append(withdrawn)
            by_consignee.setdefault(consignee, []).append(bill)
            self.lives[number, conveyance] = Life(consignee, bill)
        self.offset += 1
        for bills in by_consignee.values():
            bills.sort(key=lambda bill: (bill.manifested_at, bill.sequence, bill.bill))
        return [
            Posting(
                time=self.now(),
                consignee=consignee,
                conveyance=conveyance,
                partition=1,
                offset=self.offset,
                bills=tuple(bills[first : first + bills_max]),
            )
            for consignee, bills in by_consignee.items()
            for first in range(0, len(bills), bills_max)
        ]

    def anything(self, pick: Pick) -> list[Posting]:
        """Let anything happen."""
        number, conveyance = pick(self.numbers), pick(CONVEYANCES)
        match pick(("bill",) * 9 + ("conveyance", "leave", "leave", "time")):
            case "bill":
                return self.whole_bill(number, conveyance, pick)
            case "leave":
                return self.leave(number, conveyance, pick)
            case "conveyance":
                return self.move_conveyance(conveyance, pick)
            case _:
                self.pass_time(pick)
                return []

"""Random files of events for both judges: few people, trips and bills, so that they meet; values near the limits."""

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.second_judge.regimes import REGIMES, Regime

Event = dict[str, Any]

BEGINS: Final = (
    *((2025, 8, 9),) * 4, *((2025, 6, 12),) * 4, *((2017, 1, 3),) * 4, (2025, 2, 1), (2025, 4, 28), (2016, 3, 6),
    (2024, 7, 22), (2019, 9, 25), (2025, 7, 6), (2025, 8, 24), (2024, 10, 30), (2025, 3, 7),
)  # fmt: skip
"""Days on which a file may begin: plain ones, each turn of the dated rules, both turns of the clock."""

BEGINS_OF: Final[dict[str, tuple[tuple[int, int, int], ...]]] = {
    "us-gift": ((1993, 12, 30), (2025, 8, 28), (2026, 10, 30)),
    "kr": ((2022, 11, 14), (2025, 8, 9), (2025, 12, 29)),
    "kr-until-2022": ((2022, 11, 14), (2021, 8, 9)),
    "az": ((2020, 7, 29), (2025, 8, 29), (2024, 2, 26), (2025, 12, 28)),
    "uz": ((2025, 4, 28), (2025, 9, 27)),
    "ec": ((2021, 12, 29), (2025, 12, 28), (2025, 2, 1), (2024, 12, 20)),
    "pe": ((2025, 8, 29), (2025, 6, 1)),
    "ge": ((2025, 9, 28), (2025, 6, 28), (2025, 3, 29)),
}
"""The same for files of other programmes: first days of their limits, turns of a month, quarter, half-year or year."""

FAMILIES: Final = (("us-321",), ("us-321",), ("us-gift", "us-gift-insular", "us-321"), ("kr", "kr-us-list", "us-321"),
    ("kr-until-2022", "kr"), ("az",), ("uz", "uz-post"), ("ec",), ("pe",), ("ge",), tuple(REGIMES))  # fmt: skip
"""Programmes that the bills of a file claim."""

LONG: Final = frozenset({"month", "half-year", "year"})
SELLERS: Final = ("Shop A", "Shop A", "Shop B", "shop a", None, "", "  ")
SHIPPERS: Final = ("S", "S", "Shop B", "", "  ")

AMOUNTS: Final = "800.00 800 800.01 200 200.01 100.5 0.00 0 400.49 400.50 799.50 2500.00 2500.01".split()
ORDERS: Final = (None, "", "o-1", "o-1", "o-2")
EXITS: Final = ("entry-01", "entry-11", "exported", "abandoned", "returned")
MODES: Final = (*["air"] * 14, "truck", "mail", "mail", "ocean", "rail")
FLAGS: Final = (*[()] * 60, ("fda",), ("pga",), ("irc-tax",), ("adcvd",), ("quota",), ("fda", "pga"))
NUMBERS: Final = (*["6109.10.0012"] * 4, "", "6109", "61091000123")


class Life:
    """One file, drawn from a seed."""

    def __init__(self, seed: int, regimes: Mapping[str, Regime] | None = None, begin: date | None = None) -> None:
        self._draw = draw = random.Random(seed)
        self._claimed = tuple(regimes) if regimes else draw.choice(FAMILIES)
        self._begin = draw.choice(BEGINS_OF.get(self._claimed[0], BEGINS) if draw.random() < 0.8 else BEGINS)
        if begin is not None:
            self._begin = begin.year, begin.month, begin.day
        self._now = datetime(*self._begin, tzinfo=UTC)
        others = [name for name in REGIMES if draw.random() < 0.3]
        left_out = {draw.choice(self._claimed)} if len(self._claimed) > 1 and draw.random() < 0.15 else set()
        self.enabled = sorted({"us-321", *self._claimed, *others} - (left_out - {"us-321"}))
        """A file may claim a programme that is not enabled."""
        self.default = self._claimed[0] if self._claimed[0] in self.enabled and draw.random() < 0.5 else "us-321"
        self._amounts = [(regimes or REGIMES)[name] for name in self._claimed]
        self._regime = self._amounts[0]
        self._people = [f"{draw.randrange(10**8):09d}" for _ in range(draw.choice((1, 1, 2, 3)))]
        self._trips = [f"air:T{number}:x" for number in range(draw.choice((1, 2, 3, 5)))]
        self._bills = [f"BILL{number:04d}" for number in range(draw.choice((3, 6, 10, 20)))]
        if self._regime.window == "year":
            self._people, self._bills = self._people[:1], [f"BILL{number:04d}" for number in range(20)]
        self._jumpy = draw.random() < 0.25
        """Whether days close and conveyances are forgotten again and again."""
        self._small = draw.random() < 0.5
        self._days = draw.choice((0.5, 1.0, 3.0, 20.0) if self._regime.window in LONG else (0.5, 1.0, 3.0))
        self._versions: dict[tuple[str, str], int] = {}
        self._last: dict[tuple[str, str], Event] = {}

    def events(self, count: int) -> list[Event]:
        """Return so many events."""
        return [self._event(number) for number in range(count)]

    def _event(self, number: int) -> Event:
        draw = self._draw
        if draw.random() < (0.03 if self._jumpy else 0.006):
            self._now += timedelta(days=draw.choice(self._jumps()))
        else:
            self._now += timedelta(minutes=draw.choice((0, 1, 5, 20, 60)))
        time = self._now + timedelta(minutes=draw.choice((0, 0, 0, 0, -1, -60, -2000)))
        trip, bill, chance = draw.choice(self._trips), draw.choice(self._bills), draw.random()
        if chance < 0.26:
            kind, data = self._trip(trip)
        elif chance < 0.36:
            kind, data = self._exit(trip, bill)
        else:
            kind, data = self._whole_bill(trip, bill)
        kind = f"tallygate.{kind}.v1"
        return {
            "specversion": "1.0", "id": f"e-{number}", "source": "/test", "type": kind, "time": self._text(time),
            "data": data,
        }  # fmt: skip

    def _jumps(self) -> tuple[int, ...]:
        """Return how many days may go by at once: around closing, and around forgetting."""
        kept, is_open = self._regime.kept_days, self._regime.open_days
        if not self._jumpy:
            return (1, 2, 16, is_open + 1)
        longer = (kept, kept + 1) if kept > 45 else ()
        return (1, 3, 10, 16, 17, 40, 46, 47, 80, is_open, is_open + 1, is_open + 31, *longer)

    def _trip(self, trip: str) -> tuple[str, Event]:
        said = None if self._draw.random() < 0.2 else self._moment()
        if self._draw.random() < 0.5:
            return "conveyance.estimated", {"conveyance": trip, "estimated_arrival": said}
        return "conveyance.arrived", {"conveyance": trip, "arrived_at": said}

    def _exit(self, trip: str, bill: str) -> tuple[str, Event]:
        data = {"bill": bill, "conveyance": trip, "version": self._version(trip, bill, (1, 1, 1, 0, 0, -1, 2))}
        if self._draw.random() < 0.4:
            return "bill.deleted", data
        return "bill.disposed", {**data, "how": self._draw.choice(EXITS)}

    def _whole_bill(self, trip: str, bill: str) -> tuple[str, Event]:
        draw, last = self._draw, self._last.get((trip, bill))
        kind = draw.choice(("bill.manifested", "bill.manifested", "bill.amended"))
        if last is not None and draw.random() < 0.15:
            line = {**last["lines"][0], **draw.choice(({}, {"description": "other"}, {"quantity": 7}))}
            data = {**last, "lines": [line, *last["lines"][1:]]}
        elif last is not None and draw.random() < 0.5:
            data = {**last, **self._change(last), "version": self._version(trip, bill, (1, 1, 1, 1, 2))}
        else:
            data = self._new_bill(trip, bill)
            if kind == "bill.manifested" and draw.random() < 0.1:
                del data["version"]
        if kind == "bill.amended":
            data.setdefault("version", 1)
        self._last[trip, bill] = data
        return kind, data

    def _change(self, last: Event) -> Event:
        draw = self._draw
        lines = [{**last["lines"][0]}, *last["lines"][1:]]
        match draw.choice(
            "value value value day arrival arrival arrival order consignee mode flags claim claim".split()
        ):
            case "day":
                return {"estimated_arrivals": self._dates((0, 1, 1, 2))}
            case "arrival":
                return {"arrived_at": self._moment() if draw.random() < 0.7 else None}
            case "claim":
                claim = self._claim()
                return {name: claim[name] for name in draw.sample(sorted(claim), 1)}
            case "order":
                return {"order": draw.choice(ORDERS)}
            case "consignee":
                return {"consignee": self._consignee()}
            case "mode":
                return {"mode": draw.choice(("air", "mail"))}
            case "flags":
                lines[0]["flags"] = list(draw.choice(FLAGS[-6:]))
            case _:
                lines[0]["value"] = {**lines[0]["value"], "amount": self._amount()}
        return {"lines": lines}

    def _new_bill(self, trip: str, bill: str) -> Event:
        draw = self._draw
        data: Event = {
            "bill": bill, "version": self._version(trip, bill, (1, 1, 1, 1, 0, -1, 2)), "conveyance": trip,
            "sequence": draw.randrange(4), "manifested_at": self._moment(draw.choice((1.0, 10.0))),
            "mode": draw.choice(MODES), "filing": "type86" if draw.random() < 0.08 else "manifest",
            "consignee": self._consignee(), "shipper": {"name": draw.choice(SHIPPERS), "country": "FR"},
            "lines": [self._line() for _ in range(self._lines())], "order": draw.choice(ORDERS),
            "estimated_arrivals": self._dates((0, 1, 1, 1, 2)),
            "bill_type": draw.choice((None, "", "R", "R", "H", "T")), "quantity": draw.choice((None, 0, 1, 5, 5)),
            "planned_port": draw.choice((None, "", "4701", "4701", "4701")), **self._claim(),
        }  # fmt: skip
        if draw.random() < 0.25:
            data["arrived_at"] = self._moment()
        if data["filing"] == "type86" and draw.random() < 0.7:
            fine = {"description": "shirt", "hts": "6109.10.0012"}
            data |= {"bill_type": "R", "quantity": 1, "planned_port": "4701", "estimated_arrivals": self._dates((1,))}
            data["lines"] = [{**line, **fine} for line in data["lines"]]
        return data

    def _claim(self) -> Event:
        """Return what programmes ask of a bill: mostly there, sometimes missing, sometimes of no known programme."""
        draw, chance = self._draw, self._draw.random()
        programme = None if chance < 0.1 else "xx-none" if chance < 0.13 else draw.choice(self._claimed)
        bought: str | None = (self._begin_day() + timedelta(days=draw.choice((-1, 0, 0, 0, 1, 1, 2, 5)))).isoformat()
        cap = next((amount for measure, _, amount in self._regime.caps if measure == "weight"), 4_000)
        weight: Any = draw.choice((1, 500, cap // 4, cap // 2, cap // 2 + 1, cap, cap + 1))
        return {
            "programme": programme, "seller": draw.choice(SELLERS),
            "purchased_on": draw.choice((None, "")) if draw.random() < 0.06 else bought,
            "weight_grams": None if draw.random() < 0.06 else weight,
        }  # fmt: skip

    def _begin_day(self) -> date:
        """Return the day around which goods are bought: at times that of the moment, so that closing is met."""
        return self._now.date() if self._draw.random() < 0.3 else date(*self._begin)

    def _lines(self) -> int:
        return 1 if self._regime.window == "year" else self._draw.choice((1, 1, 1, 2))

    def _line(self) -> Event:
        draw = self._draw
        return {
            "description": draw.choice(("shirt", "shirt", "shirt", "", "12")), "hts": draw.choice(NUMBERS),
            "origin": draw.choice((*["FR"] * 20, "CN", "HK")), "quantity": draw.choice((1, 1, 0, 5)),
            "value": {"amount": self._amount(), "currency": self._currency()},
            "flags": list(draw.choice(FLAGS)),
        }  # fmt: skip

    def _consignee(self) -> Event:
        person = self._draw.choice(self._people)
        if self._draw.random() < 0.9:
            return {"identifier_type": "EI", "identifier": person}
        if self._draw.random() < 0.7:
            return {"name": f"P {person}", "address": {"lines": ["1 Main"], "country": "US", "state": "TX"}}
        state = self._draw.choice(("TX", "tx", "ZZ", "Texas", "", None))
        return {
            "name": f"Q {person} {(state or '-').upper()}",
            "address": {"lines": ["1 Q"], "country": "US", "state": state},
        }

    def _version(self, trip: str, bill: str, steps: tuple[int, ...]) -> int:
        held = self._versions.get((trip, bill), 0)
        version = max(1, held + self._draw.choice(steps))
        self._versions[trip, bill] = max(held, version)
        return version

    def _currency(self) -> str:
        chance = self._draw.random()
        if chance < 0.012:
            return "EUR"
        return self._regime.currency if chance < 0.9 else self._draw.choice(("USD", "GEL"))

    def _amount(self) -> str:
        draw = self._draw
        chance = draw.random()
        if self._regime.name != "us-321":
            return self._near_limit(chance)
        if chance < 0.1:
            return draw.choice(AMOUNTS)
        if chance < 0.15:
            return str(draw.randrange(800, 4000))
        wide = draw.randrange(1, 20_000 if self._small else 70_000)
        return f"{draw.choice((wide, draw.randrange(10_000, 40_000))) / 100:.2f}"

    def _near_limit(self, chance: float) -> str:
        """Return an amount that fits a limit one to ten times, or is a cent or half a unit beside a part of it."""
        draw = self._draw
        regime = draw.choice(self._amounts)
        # A cap is drawn more often than the limit, so that several bills together reach it.
        known = (*regime.amounts, *regime.caps * 3)
        amount = draw.choice([amount for measure, _, amount in known if measure == "value"] or [20_000])
        parts = (1, 1, 1, 1, 2, 4) if regime.window == "year" else (1, 2, 3, 4, 4, 5, 8, 10)
        wild, beside = (0.08, 0.94) if regime.window == "year" else (0.3, 0.8)
        cents = draw.randrange(1, amount + 1) if chance < wild else amount // draw.choice(parts)
        if chance > beside:
            cents += draw.choice((1, -1, 50, 49, -50))
        return f"{max(cents, 0) / 100:.2f}"

    def _dates(self, counts: tuple[int, ...]) -> list[str]:
        return [self._near().date().isoformat() for _ in range(self._draw.choice(counts))]

    def _near(self, wide: float = 1.0) -> datetime:
        return self._now + timedelta(days=self._draw.uniform(-self._days, self._days) * wide)

    def _moment(self, wide: float = 1.0) -> str:
        if self._draw.random() < 0.15:
            return self._text(self._midnight(wide, self._regime))
        return self._text(self._near(wide))

    def _midnight(self, wide: float, regime: Regime) -> datetime:
        """Return the begin of a day where the programme is, or the second before."""
        there = self._near(wide).astimezone(ZoneInfo(regime.zone)).replace(hour=0, minute=0, second=0, microsecond=0)
        return there.astimezone(UTC) - timedelta(seconds=self._draw.choice((0, 0, 1)))

    def _text(self, moment: datetime) -> str:
        zone = timezone(timedelta(hours=self._draw.choice((-4, 0, 8))))
        return moment.astimezone(zone).replace(microsecond=0).isoformat()

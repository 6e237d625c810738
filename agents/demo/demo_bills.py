"""A bill of the simulated day: how it is drawn, and how it is written as an event."""

from bisect import bisect
from functools import lru_cache
from itertools import accumulate
from math import exp, log
from random import Random
from typing import Final

from agents.demo.figures import (
    DAY_SECONDS,
    EXCLUDED_ORIGINS,
    HABITS,
    HOUR,
    MEAN_VALUE_CENTS,
    MIDNIGHT,
    ORIGINS,
    TAIL,
    Traffic,
)
from agents.demo.people import Consignees
from stream.money import format_cents

VALUE_CENTS_MAX: Final = 2_400_00
LIMIT_CENTS: Final = 800_00
"""The limit of that day; the generator uses it only to choose bills to split or to dispose of."""

GOODS: Final = (
    ("Cotton T-shirt", "6109100012"), ("LED desk lamp", "9405210000"), ("Phone case", "3926909990"),
    ("Ceramic mug", "6912004500"), ("Running shoes", "6404119080"), ("Wooden puzzle", "9503000073"),
    ("Paperback book", "4901990010"), ("Bluetooth earphones", "8518302000"), ("Silk scarf", "6214101000"),
    ("Stainless steel bottle", "7323930080"), ("Board game", "9504906000"), ("Yoga mat", "3918901000"),
)  # fmt: skip
FLAGS: Final = (('"pga"', 0.005), ('"adcvd"', 0.001), ('"quota"', 0.0005), ('"irc-tax"', 0.0005))

_ORIGIN_ENDS: Final = tuple(accumulate(share for _, share in EXCLUDED_ORIGINS))
_FLAG_ENDS: Final = tuple(accumulate(share for _, share in FLAGS))
SPLIT_CENTS: Final = (900_00, 1400_00)
"""What an order over the limit that travels as several bills is worth."""

# The few split orders have a high value; without them the mean is lower by this amount.
_MU: Final = log(MEAN_VALUE_CENTS - HABITS.split_order * sum(SPLIT_CENTS) / 2) - TAIL * TAIL / 2


@lru_cache(maxsize=8192)  # a large day writes the same second many times
def stamp(seconds: int) -> str:
    """Return an instant, in seconds from the day's midnight, as RFC 3339 in UTC."""
    days, rest = divmod(seconds + MIDNIGHT.hour * HOUR, DAY_SECONDS)
    minutes, second = divmod(rest, 60)
    return f"2025-08-{MIDNIGHT.day + days:02d}T{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}Z"


def date_of(seconds: int) -> str:
    """Return the Eastern date of an instant."""
    return f"2025-08-{MIDNIGHT.day + seconds // DAY_SECONDS:02d}"


class DemoBill:
    """One bill and its state; `version` counts its events."""

    __slots__ = (
        "arrived", "closed", "conveyance", "error", "filed", "flag", "good", "manifested_at", "number", "order",
        "origin", "sequence", "stateless", "traffic", "value_cents", "version", "who",
    )  # fmt: skip

    def __init__(self, rng: Random, number: int, sequence: int, who: int, conveyance: str, traffic: Traffic) -> None:
        draw = rng.random
        self.number = f"{traffic.carriers[0]}{number:08d}"
        self.sequence = sequence
        self.who = who
        self.conveyance = conveyance
        self.traffic = traffic
        self.manifested_at = 0
        self.version = 1
        self.closed = False
        self.arrived: int | None = None
        cents = int(exp(rng.gauss(_MU, TAIL)))
        self.value_cents = min(max(cents, 100), VALUE_CENTS_MAX)
        self.filed = "type86" if draw() < traffic.type86 else "manifest"
        place = bisect(_ORIGIN_ENDS, draw())
        self.origin = EXCLUDED_ORIGINS[place][0] if place < len(EXCLUDED_ORIGINS) else ORIGINS[number % len(ORIGINS)]
        place = bisect(_FLAG_ENDS, draw())
        self.flag = FLAGS[place][0] if place < len(FLAGS) else ""
        self.good = int(draw() * 12)
        self.order = f"D-{number:07d}" if draw() < HABITS.ordered else ""
        self.stateless = traffic.mode == "truck" and draw() < HABITS.no_state
        self.error = number % 5 if self.filed == "type86" and draw() < HABITS.filing_error else -1

    def written(self, consignees: Consignees, estimate: int, *, otherwise: bool) -> str:
        """Return the whole bill as JSON, as of its present version."""
        order = f'"order":"{self.order}",' if self.order else ""
        arrived = f'"arrived_at":"{stamp(self.arrived)}",' if self.arrived is not None else ""
        consignee = consignees.fragment(self.who, otherwise=otherwise, stateless=self.stateless)
        return (
            f'{{"bill":"{self.number}","version":{self.version},"conveyance":"{self.conveyance}",'
            f'"sequence":{self.sequence},"manifested_at":"{stamp(self.manifested_at)}","mode":"{self.traffic.mode}",'
            f'"filing":"{self.filed}","consignee":{consignee},'
            f'"shipper":{{"name":"Consolidator {self.good} Ltd","country":"{self.origin}"}},'
            f'{order}{arrived}{self._filing(estimate)}"lines":[{self._lines()}]}}'
        )

    def _filing(self, estimate: int) -> str:
        """Return the fields of a type 86 entry, except those that this bill lacks by error."""
        if self.filed != "type86":
            return ""
        day = date_of(estimate)
        dates = ("", f'"{day}","2025-08-22"')[self.error] if self.error in {0, 1} else f'"{day}"'
        kind = "T" if self.error == 2 else "H"
        quantity = "" if self.error == 3 else '"quantity":1,'
        port = "" if self.error == 4 else '"planned_port":"4701",'
        return f'"estimated_arrivals":[{dates}],"bill_type":"{kind}",{quantity}{port}'

    def _lines(self) -> str:
        """Return one line, or two for more expensive goods, which add up to the bill's value."""
        cents, good = self.value_cents, self.good
        if cents < 60_00 or good % 3:
            return self._line(good, cents)
        first = cents * 2 // 3
        return f"{self._line(good, first)},{self._line((good + 1) % len(GOODS), cents - first)}"

    def _line(self, good: int, cents: int) -> str:
        description, hts = GOODS[good]
        return (
            f'{{"description":"{description}","hts":"{hts}","origin":"{self.origin}","quantity":1,'
            f'"value":{{"amount":"{format_cents(cents)}","currency":"USD"}},"flags":[{self.flag}]}}'
        )

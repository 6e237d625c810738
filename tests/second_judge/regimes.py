"""The twelve programmes as this judge knows them, copied by hand from the table of regimes."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

Span = tuple[date, date]
EVER: Final[Span] = (date.min, date.max)


@dataclass(frozen=True)
class Regime:
    """A programme: amounts by measure as (measure, span, amount), in the order value, weight."""

    name: str
    zone: str
    amounts: tuple[tuple[str, Span, int], ...]
    caps: tuple[tuple[str, Span, int], ...]
    currency: str = "USD"
    by_purchase: bool = False
    window: str = "day"
    sellers: bool = False
    overflow: str | None = None
    open_days: int = 15

    def local_date(self, moment: datetime) -> date:
        """Return the date of a moment where the programme is."""
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def limits(self, day: date) -> dict[str, int]:
        """Return the limits of a day by measure, none outside the programme's days."""
        return {measure: amount for measure, (first, last), amount in self.amounts if first <= day <= last}

    def period(self, day: date) -> Span | None:
        """Return the first and last day that are summed with a day; None: what comes on one conveyance."""
        if self.window == "conveyance":
            return None
        if self.window == "day":
            return day, day
        if self.window == "year":
            return date(day.year, 1, 1), date(day.year, 12, 31)
        first = day.replace(day=1)
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)

    def closed(self, day: date, today: date) -> bool:
        """Tell whether what is summed with a day is closed."""
        period = self.period(day)
        return (today - (period[1] if period else day)).days > self.open_days

    @property
    def needs_weight(self) -> bool:
        """Whether a limit or a cap is on weight."""
        return any(measure == "weight" for measure, _, _ in (*self.amounts, *self.caps))

    @property
    def kept_days(self) -> int:
        """Days that a conveyance must be remembered for this programme."""
        return {"day": 1, "conveyance": 1, "month": 31, "half-year": 184, "year": 366}[self.window] + self.open_days


def _value(span: Span, amount: int) -> tuple[tuple[str, Span, int], ...]:
    return (("value", span, amount),)


_321: Final = (*_value((date.min, date(2016, 3, 9)), 200_00), *_value((date(2016, 3, 10), date.max), 800_00))
_GIFT: Final = (date(1994, 1, 1), date.max)
_KOREA: Final = (date(2022, 11, 17), date.max)
_KOREA_BEFORE: Final = (date.min, date(2022, 11, 16))
_UZBEK: Final = (date(2025, 5, 1), date.max)
_ECUADOR: Final = (date(2022, 1, 1), date.max)
_GEORGIA: Final = (("value", EVER, 300_00), ("weight", EVER, 30_000))
_EASTERN: Final = "America/New_York"


def _single(name: str, zone: str, span: Span, amount: int, **more: Any) -> Regime:
    return Regime(name, zone, _value(span, amount), _value(span, amount), overflow="all_or_none", **more)


def _monthly(name: str, zone: str, span: Span, amount: int) -> Regime:
    return Regime(name, zone, _value(span, amount), (), window="month", overflow="excess")


REGIMES: Final = {
    regime.name: regime
    for regime in (
        Regime("us-321", _EASTERN, _321, _321),
        _single("us-gift", _EASTERN, _GIFT, 100_00),
        _single("us-gift-insular", _EASTERN, _GIFT, 200_00),
        _single("kr", "Asia/Seoul", _KOREA, 150_00, by_purchase=True, sellers=True, open_days=60),
        _single("kr-us-list", "Asia/Seoul", _KOREA, 200_00, by_purchase=True, sellers=True, open_days=60),
        _single("kr-until-2022", "Asia/Seoul", _KOREA_BEFORE, 150_00, open_days=60),
        _monthly("az", "Asia/Baku", (date(2020, 8, 1), date.max), 300_00),
        _monthly("uz", "Asia/Tashkent", _UZBEK, 200_00),
        _monthly("uz-post", "Asia/Tashkent", _UZBEK, 100_00),
        Regime(
            "ec", "America/Guayaquil", _value(_ECUADOR, 1_600_00),
            (("value", _ECUADOR, 400_00), ("weight", _ECUADOR, 4_000)), window="year", overflow="skip", open_days=30,
        ),
        _single("pe", "America/Lima", EVER, 200_00, window="conveyance"),
        Regime(
            "ge", "Asia/Tbilisi", _GEORGIA, _GEORGIA, currency="GEL", window="conveyance", sellers=True,
            overflow="all_or_none",
        ),
    )
}  # fmt: skip

RATES: Final = {
    ("EUR", "USD", 2025, 3): (11_000, 10_000),
    ("GEL", "USD", 2025, 3): (3_333, 10_000),
    ("USD", "GEL", 2025, 3): (27_005, 10_000),
    ("USD", "GEL", 2025, 2): (275, 100),
}
"""Made-up rates, from, to, year and quarter: numerator and denominator. No other quarter has any."""


def rates_file() -> str:
    """Return the made-up rates as a rule file."""
    return "\n".join(
        f'[[rate]]\nid = "rate-{old}-{new}-{year}q{quarter}"\ncurrency = "{old}"\nto = "{new}"\n'.lower()
        .replace(f'"{old.lower()}"', f'"{old}"')
        .replace(f'"{new.lower()}"', f'"{new}"')
        + f'quarter = "{year}Q{quarter}"\nrate = "{over / under:.4f}"\n'
        + 'source = "made up by the tests"\ncertainty = "C"\ntext = "Made up by the tests."\n'
        for (old, new, year, quarter), (over, under) in RATES.items()
    )

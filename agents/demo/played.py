"""What a demo plays: the day of August 2025, or some weeks of a courier under a programme."""

from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from agents.demo.counts import BillCount
from agents.demo.figures import MIDNIGHT
from state.rules.programmes import Programme, Window
from state.rules.rulebook import Rulebook
from stream.periods import CalendarWindow, period_of
from stream.postings import US_321

WEEKS: Final = 3
BEFORE: Final = timedelta(days=10)
"""The weeks begin so long before the period turns."""
LATEST_TURN: Final = date(2026, 1, 1)
"""Every window has a period that begins on this day."""
WINDOW_WORDS: Final[dict[Window, str]] = {
    "day": "a day",
    "calendar-month": "a month",
    "half-year": "a half-year",
    "calendar-year": "a year",
    "conveyance": "a trip",
}
COLUMNS: Final[dict[Window, str]] = {
    "day": "day",
    "calendar-month": "month",
    "half-year": "half-year",
    "calendar-year": "year",
    "conveyance": "trip",
}
WHOLE_FROM: Final = 1_000_00
"""Amounts from here on are shown without cents."""


class Played(NamedTuple):
    """Names, zone, limit and currency of what is played."""

    begins: datetime
    """The simulation counts its seconds from this instant, a midnight in the zone."""
    zone: str
    zone_words: str
    span: str
    """What is played, in one word of the summary."""
    phase: str
    limit: str
    """The limit on value with its currency, or `the limit` where there is none."""
    limit_words: str
    """The limit and what it is summed over."""
    column: str = "day"
    """Head of a column of periods."""
    programme: Programme | None = None
    """None: the day of August 2025 under `us-321`."""

    @property
    def title(self) -> str:
        """Return what is played, as the first words of a sentence."""
        if self.programme is None:
            return "A day"
        return f"{self.programme.id}, {self.limit_words}: {WEEKS} weeks from {self.begins:%d %b %Y}, a courier"

    @property
    def name(self) -> str:
        """Return the programme's id."""
        return US_321 if self.programme is None else self.programme.id

    @property
    def short_limit(self) -> str:
        """Return the limit for a narrow column: the title beside it names the amount of a programme."""
        return self.limit if self.programme is None else "limit"

    def short_period(self, count: BillCount) -> str:
        """Return the period of a total in a few characters."""
        if self.programme is None:
            return f"{count.day:%d}"
        match self.programme.window:
            case "calendar-year":
                return f"{count.day:%Y}"
            case "calendar-month":
                return f"{count.day:%b %y}"
            case "half-year":
                return f"{count.day:%y} {'I' * (1 + (count.day.month > 6))}"
            case _:
                return f"{count.day:%d %b}"

    def clock(self, second: int) -> str:
        """Return the simulated time in the zone."""
        now = (self.begins + timedelta(seconds=second)).astimezone(ZoneInfo(self.zone))
        return f"{now:%a %d %b %Y %H:%M} {self.zone_words}"

    def period(self, second: int) -> str:
        """Return the period that the simulated time is in; empty where there is no programme or no period."""
        if self.programme is None or self.programme.window == "conveyance":
            return ""
        today = (self.begins + timedelta(seconds=second)).astimezone(ZoneInfo(self.zone)).date()
        return period_of(self.programme.window, today.toordinal()).text

    def money(self, cents: int) -> str:
        """Return an amount with its currency."""
        return dollars(cents) if self.programme is None else f"{self.figure(cents)} {self.programme.currency}"

    def figure(self, cents: int) -> str:
        """Return an amount for a table whose title names the currency; a dollar sign needs no title."""
        return dollars(cents) if self.programme is None else _amount(cents)

    @property
    def currency_words(self) -> str:
        """Return the end of a title of a table that shows amounts."""
        return "" if self.programme is None else f", {self.programme.currency}"


THE_DAY: Final = Played(MIDNIGHT, "America/New_York", "ET", "day", "a simulated day", "$800", "$800 a day")


def weeks_under(programme: Programme, rulebook: Rulebook) -> Played:
    """Return the weeks around the latest turn of a period that lies within the programme's limits."""
    turn = turn_of(programme, rulebook)
    zone = ZoneInfo(programme.zone)
    begins = datetime.combine(turn - BEFORE, datetime.min.time(), zone)
    limits = rulebook.limits(turn, programme.id)
    value = None if limits is None else limits.value
    amount = "the limit" if value is None else f"{_amount(value.amount)} {programme.currency}"
    return Played(
        begins,
        programme.zone,
        programme.zone.rpartition("/")[2].replace("_", " "),
        "weeks",
        f"{programme.id} in {programme.currency}",
        amount,
        f"{amount} {WINDOW_WORDS[programme.window]}",
        COLUMNS[programme.window],
        programme,
    )


def turn_of(programme: Programme, rulebook: Rulebook) -> date:
    """Return the first day of the latest period around which no limit begins or ends."""
    window: CalendarWindow = "calendar-month"
    if programme.window in {"half-year", "calendar-year"}:
        window = programme.window
    turn = LATEST_TURN
    around = range(-BEFORE.days, WEEKS * 7 - BEFORE.days)
    while not all(_is_limited(programme, rulebook, turn + timedelta(days=days)) for days in around):
        earlier = turn - timedelta(days=1)
        turn = date.fromordinal(period_of(window, earlier.toordinal()).first)
    return turn


def _is_limited(programme: Programme, rulebook: Rulebook, day: date) -> bool:
    return rulebook.limits(day, programme.id) is not None and not rulebook.on(day, programme.id).suspended_rule


def dollars(cents: int) -> str:
    """Return an amount of dollars for the screen."""
    return f"${_amount(cents)}"


def _amount(cents: int) -> str:
    return f"{cents / 100:,.2f}" if abs(cents) < WHOLE_FROM else f"{cents / 100:,.0f}"

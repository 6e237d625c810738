"""Stream time, and what is open at it: each programme has its own zone and its own days that a ledger stays open."""

from collections.abc import Mapping
from typing import Final

from state.withholding.bill import NO_DAY, Bill
from state.withholding.statuses import DAY_CLOSED
from state.withholding.terms import Terms
from stream.days import ZONE_NAME, day_of_micros
from stream.postings import US_321

ORDER_DAYS_KEPT: Final = 75
"""Bills manifested longer before stream time are no part of their order: 30 days of the rule, and 45 in which a
conveyance may still change."""


class Clock:
    """Stream time of one partition, with the dates that it is in the zones of the programmes."""

    __slots__ = ("_dates", "_micros", "_open_days", "_terms", "first_open", "today")

    def __init__(self, terms: Mapping[str, Terms], open_days: int) -> None:
        self._terms = terms
        self._open_days = open_days
        self._micros = 0
        self._dates: dict[str, int] = {}
        self.today = 0
        """Ordinal of the Eastern date."""
        self.first_open = 0
        """Ordinal of the first day of us-321 that is open."""

    def set(self, micros: int) -> None:
        """Set stream time, in microseconds since the epoch."""
        self._micros = micros
        self.today = day_of_micros(micros).toordinal()
        self.first_open = self.today - self._open_days
        if self._dates:
            self._dates.clear()

    def today_in(self, zone: str) -> int:
        """Return the ordinal of the date in a zone."""
        found = self._dates.get(zone)
        if found is None:
            found = self._dates[zone] = day_of_micros(self._micros, zone).toordinal()
        return found

    def today_of(self, programme: str) -> int:
        """Return the ordinal of the date in the zone of a programme, Eastern where it is not enabled."""
        return self.today if programme == US_321 else self.today_in(self.zone_of(programme))

    def zone_of(self, programme: str) -> str:
        """Return the zone of a programme, Eastern where it is not enabled."""
        terms = self._terms.get(programme)
        return ZONE_NAME if terms is None else terms.zone

    def is_open(self, terms: Terms, day: int) -> bool:
        """Whether the ledger of a bill on a day is open; in a conveyance each bill goes by its own date."""
        return terms.period(day).last + terms.open_days >= self.today_in(terms.zone)

    def stands(self, bill: Bill) -> bool:
        """Bring a bill read from its row up to now; whether anything is left of it.

        What was in a closed ledger is gone, but for a live bill of an order: it stays a part of its order, on no day.
        """
        terms = None if bill.day == NO_DAY else self._terms.get(bill.programme)
        if terms is not None and self.is_open(terms, bill.day):
            bill.ledger = terms.ledger(bill.day, bill.conveyance, bill.seller)
            return True
        if bill.day != NO_DAY:
            if bill.order is None or not bill.live:
                return False
            bill.leave_ledger(DAY_CLOSED)
        zone = self.zone_of(bill.programme)
        manifested = day_of_micros(bill.manifested, zone).toordinal()
        return manifested >= self.today_in(zone) - ORDER_DAYS_KEPT

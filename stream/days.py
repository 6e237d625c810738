"""Days: the date of an instant in a zone, Eastern Time unless told otherwise.

The customs day of the US runs from 12:00 a.m. to 11:59 p.m. Eastern Time of the actual arrival (GHY on ACE release 3,
2025). Time zones come from the tzdata wheel, never from the machine, so that every worker has the same midnight.
"""

from collections.abc import Callable
from datetime import date, datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from stream.instants import MICROS_A_DAY, MICROS_A_SECOND, MICROS_AN_HOUR, InstantError, from_micros, to_micros

ZONE_NAME: Final = "America/New_York"

EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()

HOURS_CACHED: Final = 65_536
"""Hours of a zone whose date is kept ready: seven and a half years, more than the days that are open at any time."""

# Near the ends of the calendar the offset cannot be looked up, and it does not change there.
_LOOKUP_FIRST: Final = (date(1, 1, 3).toordinal() - EPOCH_ORDINAL) * MICROS_A_DAY
_LOOKUP_LAST: Final = (date(9999, 12, 29).toordinal() - EPOCH_ORDINAL) * MICROS_A_DAY

_Hours = Callable[[int], date | None]


class ZoneError(ValueError):
    """A name is not that of a zone in the IANA time zone database."""


@cache
def zone_named(name: str) -> ZoneInfo:
    """Return a zone of the IANA time zone database. Raise ZoneError for a name that it does not have."""
    if name not in _zone_names():
        raise ZoneError("a zone is not in the IANA time zone database")
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as zone_file:
        return ZoneInfo.from_file(zone_file, key=name)


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())


def business_date(instant: datetime, zone: str = ZONE_NAME) -> date:
    """Return the date of an aware datetime in a zone. Raise InstantError if naive, or as `day_of_micros`."""
    return day_of_micros(to_micros(instant), zone)


def day_of_micros(micros: int, zone: str = ZONE_NAME) -> date:
    """Return the date, in a zone, of an instant in microseconds since the epoch.

    Raise InstantError if that date is outside years 1 to 9999, ZoneError for an unknown zone.
    """
    return _hours_of(zone)(micros // MICROS_AN_HOUR) or _date_of(micros, zone_named(zone))


@cache
def _hours_of(zone: str) -> _Hours:
    """Make the cache of a zone: hours of UTC to the one date that they have there, None of an hour that has two."""
    info = zone_named(zone)

    def date_of_hour(hour: int) -> date | None:
        first, last = hour * MICROS_AN_HOUR, (hour + 1) * MICROS_AN_HOUR - 1
        # Midnight of half-hour zones and of local mean time, and a change of the clocks, may fall within the hour.
        if _offset_seconds(first, info) != _offset_seconds(last, info):
            return None
        try:
            day = _date_of(first, info)
            return day if _date_of(last, info) == day else None
        except InstantError:
            return None

    return lru_cache(maxsize=HOURS_CACHED)(date_of_hour)


def _date_of(micros: int, zone: ZoneInfo) -> date:
    try:
        return date.fromordinal(
            EPOCH_ORDINAL + (micros + _offset_seconds(micros, zone) * MICROS_A_SECOND) // MICROS_A_DAY
        )
    except (ValueError, OverflowError):
        raise InstantError(f"an instant has no date in {zone.key} in years 1 to 9999") from None


def _offset_seconds(micros: int, zone: ZoneInfo) -> int:
    offset = from_micros(min(max(micros, _LOOKUP_FIRST), _LOOKUP_LAST)).astimezone(zone).utcoffset()
    return 0 if offset is None else offset.days * 86_400 + offset.seconds


EASTERN: Final = zone_named(ZONE_NAME)

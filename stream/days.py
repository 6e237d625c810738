"""Business days: the date of an instant in America/New_York, and their two-byte numbers in rows.

The customs day runs from 12:00 a.m. to 11:59 p.m. Eastern Time of the actual arrival (GHY on ACE release 3, 2025). The
time zone comes from the tzdata wheel, never from the machine, so that every worker has the same midnight.
"""

from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from tzdata import IANA_VERSION  # type: ignore[import-untyped]

from stream.instants import MICROS_A_DAY, MICROS_A_SECOND, MICROS_AN_HOUR, InstantError, from_micros, to_micros

ZONE_NAME = "America/New_York"
TZDATA_VERSION: str = IANA_VERSION
"""Release of the IANA time zone database that is used, such as "2026f"."""

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
DAY_NUMBER_MAX = 0xFFFF

with files("tzdata").joinpath("zoneinfo", *ZONE_NAME.split("/")).open("rb") as zone_file:
    EASTERN = ZoneInfo.from_file(zone_file, key=ZONE_NAME)

_STANDARD_TIME_FROM = to_micros(datetime(1883, 11, 18, 12, tzinfo=EASTERN))
"""From this instant on, midnight in New York is a whole hour of UTC; under local mean time before, it was not."""

# Near the ends of the calendar the offset cannot be looked up, and it does not change there.
_LOOKUP_FIRST = to_micros(datetime(1, 1, 3, tzinfo=EASTERN))
_LOOKUP_LAST = to_micros(datetime(9999, 12, 29, tzinfo=EASTERN))


class DayError(ValueError):
    """A date has no two-byte day number: it is before 1970-01-01 or after 2149-06-06."""


def business_date(instant: datetime) -> date:
    """Return the Eastern calendar date of an aware datetime. Raise InstantError if naive, or as `day_of_micros`."""
    return day_of_micros(to_micros(instant))


def day_of_micros(micros: int) -> date:
    """Return the Eastern calendar date of an instant in microseconds since the epoch.

    Raise InstantError if that date is outside years 1 to 9999.
    """
    if micros >= _STANDARD_TIME_FROM:
        return _date_of_hour(micros // MICROS_AN_HOUR)
    return _date_of(micros)


def day_number(day: date) -> int:
    """Return the days since 1970-01-01, from 0 to 65535, so that they fit two bytes. Raise DayError outside."""
    number = day.toordinal() - EPOCH_ORDINAL
    if 0 <= number <= DAY_NUMBER_MAX:
        return number
    raise DayError("a day lies before 1970-01-01 or after 2149-06-06")


def date_of(number: int) -> date:
    """Return the date of a day number, the reverse of `day_number`. Raise DayError outside 0 to 65535."""
    if 0 <= number <= DAY_NUMBER_MAX:
        return date.fromordinal(EPOCH_ORDINAL + number)
    raise DayError("a day number lies outside 0 to 65535")


# 65536 hours are seven and a half years: more than the days that are open at any time.
@lru_cache(maxsize=65_536)
def _date_of_hour(hour: int) -> date:
    return _date_of(hour * MICROS_AN_HOUR)


def _date_of(micros: int) -> date:
    offset = from_micros(min(max(micros, _LOOKUP_FIRST), _LOOKUP_LAST)).astimezone(EASTERN).utcoffset()
    seconds = 0 if offset is None else offset.days * 86_400 + offset.seconds
    try:
        return date.fromordinal(EPOCH_ORDINAL + (micros + seconds * MICROS_A_SECOND) // MICROS_A_DAY)
    except (ValueError, OverflowError):
        raise InstantError("an instant has no Eastern date in years 1 to 9999") from None

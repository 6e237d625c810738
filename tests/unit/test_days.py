"""Business days: where midnight in New York lies."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from stream.days import (
    ZoneError,
    business_date,
    day_of_micros,
    zone_named,
)
from stream.instants import InstantError, to_micros


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2025-08-20T03:59:59.999999Z", "2025-08-19"),  # ace-rules 3.2: 23:59:59.999 is the same day
        ("2025-08-20T04:00:00Z", "2025-08-20"),
        ("2025-08-20T00:00:00+14:00", "2025-08-19"),
        ("2025-01-15T04:59:59Z", "2025-01-14"),
        ("2025-01-15T05:00:00Z", "2025-01-15"),
        ("2025-03-09T04:59:59Z", "2025-03-08"),  # clocks go forward on the 9th: 23 hours
        ("2025-03-10T03:59:59Z", "2025-03-09"),
        ("2025-03-10T04:00:00Z", "2025-03-10"),
        ("2025-11-02T03:59:59Z", "2025-11-01"),  # back on the 2nd: 25 hours
        ("2025-11-03T04:59:59Z", "2025-11-02"),
        ("2025-11-03T05:00:00Z", "2025-11-03"),
        ("1969-12-31T05:00:00Z", "1969-12-31"),
        ("1883-11-18T04:56:01Z", "1883-11-17"),  # local mean time was 4:56:02 behind
        ("1883-11-18T04:56:02Z", "1883-11-18"),
        ("0001-01-01T05:00:00Z", "0001-01-01"),
        ("9999-12-31T23:59:59-05:00", "9999-12-31"),
    ],
)
def test_day_is_the_date_in_new_york(instant: str, day: str) -> None:
    """The day of an instant is the date on a New York calendar, whatever offset it is written with."""
    assert business_date(datetime.fromisoformat(instant)) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("instant", "zone", "day"),
    [
        ("2025-08-19T18:29:59.999999Z", "Asia/Kolkata", "2025-08-19"),  # half past: within an hour of UTC
        ("2025-08-19T18:30:00Z", "Asia/Kolkata", "2025-08-20"),
        ("2025-08-19T18:14:59Z", "Asia/Kathmandu", "2025-08-19"),  # a quarter past
        ("2025-08-19T18:15:00Z", "Asia/Kathmandu", "2025-08-20"),
        ("2025-08-19T14:59:59Z", "Asia/Seoul", "2025-08-19"),
        ("2025-08-19T15:00:00Z", "Asia/Seoul", "2025-08-20"),
        ("2025-04-05T13:29:59Z", "Australia/Lord_Howe", "2025-04-06"),  # clocks change by half an hour on this day
        ("2025-04-06T13:29:59Z", "Australia/Lord_Howe", "2025-04-06"),
        ("2025-04-06T13:30:00Z", "Australia/Lord_Howe", "2025-04-07"),
        ("2011-12-30T09:59:59Z", "Pacific/Apia", "2011-12-29"),  # Samoa had no 30 December
        ("2011-12-30T10:00:00Z", "Pacific/Apia", "2011-12-31"),
        ("2025-10-25T20:59:59Z", "Asia/Beirut", "2025-10-25"),  # clocks go back from midnight: the 25th comes again
        ("2025-10-25T21:00:00Z", "Asia/Beirut", "2025-10-25"),
        ("2025-10-25T22:00:00Z", "Asia/Beirut", "2025-10-26"),
    ],
)
def test_day_is_the_date_in_any_zone(instant: str, zone: str, day: str) -> None:
    """Zones with half hours, skipped days and clocks that go back over midnight have the date of their calendar."""
    assert business_date(datetime.fromisoformat(instant), zone) == date.fromisoformat(day)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../zones", "America/New_York/", "america/new_york", "UTC0"])
def test_unknown_zone_is_refused(name: str) -> None:
    """Only names of the time zone database are zones, and an error does not quote what was asked."""
    with pytest.raises(ZoneError, match=r"^a zone is not in the IANA time zone database$"):
        zone_named(name)
    with pytest.raises(ZoneError):
        day_of_micros(0, name)


@pytest.mark.parametrize("instant", ["0001-01-01T04:00:00Z", "9999-12-31T23:59:59-06:00"])
def test_instant_beyond_the_calendar_is_refused(instant: str) -> None:
    """Where New York has no date of years 1 to 9999 there is a clear error."""
    with pytest.raises(InstantError, match="no date in America/New_York"):
        business_date(datetime.fromisoformat(instant))


def test_both_ways_of_asking_agree() -> None:
    """A datetime and its microseconds have the same day."""
    instant = datetime(2025, 8, 20, 3, 59, 59, 999_999, timezone(timedelta(0)))
    assert day_of_micros(to_micros(instant)) == business_date(instant) == date(2025, 8, 19)


def test_naive_datetime_has_no_day() -> None:
    """A datetime without offset is refused, not taken for Eastern Time."""
    with pytest.raises(InstantError, match="needs an offset"):
        business_date(datetime(2025, 8, 19, tzinfo=UTC).replace(tzinfo=None))

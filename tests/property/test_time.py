"""Instants and days for any datetime: the arithmetic equals the standard library's, the text equals msgspec's."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from stream.days import EASTERN, business_date, zone_named
from stream.instants import from_micros, rfc3339, to_micros

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
ANY = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=OFFSETS)  # noqa: DTZ001 - the zone is drawn
RECENT = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=OFFSETS)  # noqa: DTZ001 - as above


@given(ANY)
def test_micros_keep_the_instant(instant: datetime) -> None:
    """A datetime and back is the same instant, in UTC."""
    back = from_micros(to_micros(instant))
    assert back == instant
    assert back.tzinfo is UTC


@given(ANY)
def test_text_is_what_msgspec_writes(instant: datetime) -> None:
    """An instant written by hand and one encoded in a message look the same, and msgspec reads it back."""
    text = rfc3339(instant)
    assert msgspec.json.encode(instant.astimezone(UTC)).decode() == f'"{text}"'
    assert msgspec.convert(text, datetime) == instant


@given(st.one_of(ANY, RECENT))
def test_day_equals_the_zones_own_conversion(instant: datetime) -> None:
    """The cached day is the date that zoneinfo gives for this very instant."""
    assert business_date(instant) == instant.astimezone(EASTERN).date()


ZONES = ("Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Monrovia", "Asia/Tashkent")


@given(st.one_of(ANY, RECENT), st.sampled_from(ZONES))
def test_day_in_any_zone_equals_its_own_conversion(instant: datetime, zone: str) -> None:
    """Whole, half and quarter hours, and offsets with seconds, all have the date that zoneinfo gives."""
    assert business_date(instant, zone) == instant.astimezone(zone_named(zone)).date()

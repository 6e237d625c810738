"""Instants: a point on the time line, or refused."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from stream.instants import InstantError, from_micros, rfc3339, to_micros

EASTERN_SUMMER = timezone(timedelta(hours=-4))


def test_offsets_of_one_instant_give_one_number() -> None:
    """Noon in UTC and eight in New York are the same microsecond."""
    assert to_micros(datetime(2025, 8, 19, 12, tzinfo=UTC)) == to_micros(
        datetime(2025, 8, 19, 8, tzinfo=EASTERN_SUMMER)
    )


@pytest.mark.parametrize(("micros", "text"), [(0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999999Z")])
def test_micros_count_from_the_epoch(micros: int, text: str) -> None:
    """Zero is the epoch and a negative number lies before it."""
    assert rfc3339(from_micros(micros)) == text


def test_fraction_has_six_digits_or_none() -> None:
    """An instant is written in UTC with Z, with microseconds only where it has any."""
    assert rfc3339(datetime(2025, 8, 19, 8, 0, 0, 500, EASTERN_SUMMER)) == "2025-08-19T12:00:00.000500Z"
    assert rfc3339(datetime(2025, 8, 19, 8, tzinfo=EASTERN_SUMMER)) == "2025-08-19T12:00:00Z"


def test_naive_datetime_is_refused() -> None:
    """A datetime without offset is nowhere on the time line."""
    naive = datetime(2025, 8, 19, 12, tzinfo=UTC).replace(tzinfo=None)
    with pytest.raises(InstantError, match="needs an offset"):
        to_micros(naive)
    with pytest.raises(InstantError, match="needs an offset"):
        rfc3339(naive)


def test_edges_of_the_calendar() -> None:
    """An instant just outside years 1 to 9999 of UTC has a number, but no datetime in UTC."""
    late = datetime.max.replace(tzinfo=EASTERN_SUMMER)
    assert to_micros(late) == to_micros(datetime.max.replace(tzinfo=UTC)) + 4 * 3_600_000_000
    with pytest.raises(InstantError, match="years 1 to 9999"):
        rfc3339(late)

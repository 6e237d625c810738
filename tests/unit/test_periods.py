"""Periods of windows: first and last day, and the text that decisions state."""

from datetime import date, timedelta

import pytest

from stream.periods import CalendarWindow, period_of


@pytest.mark.parametrize(
    ("window", "day", "text"),
    [
        ("day", date(2025, 8, 20), "2025-08-20"),
        ("calendar-month", date(2025, 8, 20), "2025-08-01/2025-08-31"),
        ("calendar-month", date(2024, 2, 29), "2024-02-01/2024-02-29"),
        ("calendar-month", date(2025, 12, 1), "2025-12-01/2025-12-31"),
        ("half-year", date(2025, 6, 30), "2025-01-01/2025-06-30"),
        ("half-year", date(2025, 7, 1), "2025-07-01/2025-12-31"),
        ("calendar-year", date(2024, 12, 31), "2024-01-01/2024-12-31"),
        ("day", date.min, "0001-01-01"),
        ("calendar-month", date.max, "9999-12-01/9999-12-31"),
        ("half-year", date.max, "9999-07-01/9999-12-31"),
        ("calendar-year", date.max, "9999-01-01/9999-12-31"),
    ],
)
def test_a_period_says_its_first_and_last_day(window: CalendarWindow, day: date, text: str) -> None:
    """A day's period is whole, at leap days and at both ends of the calendar too."""
    assert period_of(window, day.toordinal()).text == text


@pytest.mark.parametrize("window", ["day", "calendar-month", "half-year", "calendar-year"])
def test_periods_follow_one_another_without_gap(window: CalendarWindow) -> None:
    """Every day of five years lies in one period, and the day after a period's last begins the next."""
    day = date(2023, 1, 1).toordinal()
    for ordinal in range(day, day + 5 * 366):
        period = period_of(window, ordinal)
        assert period.first <= ordinal <= period.last
        assert {period_of(window, period.first), period_of(window, period.last)} == {period}
        assert period_of(window, period.last + 1).first == period.last + 1


def test_a_month_is_as_long_as_the_calendar_says() -> None:
    """Lengths of the months of a leap year."""
    lengths = []
    day = date(2024, 1, 15)
    while day.year == 2024:
        period = period_of("calendar-month", day.toordinal())
        lengths.append(period.last - period.first + 1)
        day += timedelta(days=31)
    assert lengths[:3] == [31, 29, 31]

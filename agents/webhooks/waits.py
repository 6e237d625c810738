"""How long a delivery waits before it is tried again: as long as the receiver asks, and more and more on its own."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

RETRY_AFTER_MOST: Final = 86_400.0
"""A receiver that asks for more than a day is asked again after a day."""
DOUBLINGS: Final = 30


def wait_seconds(failures: int, first: float, longest: float, chance: Callable[[], float]) -> float:
    """Return the wait after so many failures in a row: it doubles from `first` to `longest`, less up to a half.

    `chance` returns a number from 0 to 1; the jitter keeps receivers that come back from being met by all at once.
    """
    whole = min(longest, first * (1 << min(failures - 1, DOUBLINGS)))
    return whole * (1 - chance() / 2)


def retry_after_seconds(value: str | None, now: float) -> float:
    """Return what the header Retry-After asks for, in seconds or as a date; 0 where it asks for nothing."""
    text = (value or "").strip()
    if text.isascii() and text.isdecimal():
        asked = float(text[:12])
    else:
        try:
            date = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return 0.0
        asked = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
    return min(max(asked, 0.0), RETRY_AFTER_MOST)


def as_instant(seconds: float) -> datetime:
    """Return a time in seconds since 1970 as an instant, whole seconds."""
    return datetime.fromtimestamp(int(seconds), UTC)

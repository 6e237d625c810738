"""How long a delivery waits: it doubles, is spread, has a longest, and heeds Retry-After."""

from functools import partial

import pytest

from agents.webhooks.waits import RETRY_AFTER_MOST, retry_after_seconds, wait_seconds


def test_waits_double_to_the_longest() -> None:
    """Without jitter the waits are 1, 2, 4 and so on up to the longest, also after very many failures."""
    waits = [wait_seconds(failures, 1.0, 300.0, lambda: 0.0) for failures in (1, 2, 3, 9, 10, 10_000)]
    assert waits == [1, 2, 4, 256, 300, 300]


def test_jitter_takes_up_to_a_half() -> None:
    """The chance takes from nothing to a half of the wait."""
    spread = [wait_seconds(3, 1.0, 300.0, partial(float, chance)) for chance in (0.0, 0.5, 1.0)]
    assert spread == [4, 3, 2]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("soon", 0),
        ("-5", 0),
        ("7", 7),
        (" 7 ", 7),
        ("999999999999999999", RETRY_AFTER_MOST),
        ("Thu, 01 Jan 1970 00:16:50 GMT", 10),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", RETRY_AFTER_MOST),
        ("٧", 0),
    ],
)
def test_retry_after_is_read(value: str | None, seconds: float) -> None:
    """Seconds and dates are read at 1000 s after 1970; nothing, nonsense and the past ask for no wait."""
    assert retry_after_seconds(value, 1_000.0) == seconds

"""Instants: aware datetimes at the edges, integer microseconds since 1970-01-01T00:00:00Z in rows.

A naive datetime is not an instant, so every function here refuses it.
"""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROS_A_SECOND = 1_000_000
MICROS_AN_HOUR = 3_600 * MICROS_A_SECOND
MICROS_A_DAY = 24 * MICROS_AN_HOUR


class InstantError(ValueError):
    """Not an instant: a datetime without offset, or a time outside years 1 to 9999."""


def to_micros(instant: datetime) -> int:
    """Return the microseconds since the epoch of an aware datetime, negative before 1970; InstantError if naive."""
    try:
        since = instant - EPOCH
    except TypeError:
        raise InstantError("an instant needs an offset") from None
    return (since.days * 86_400 + since.seconds) * MICROS_A_SECOND + since.microseconds


def from_micros(micros: int) -> datetime:
    """Return the aware datetime in UTC. Raise InstantError outside years 1 to 9999."""
    try:
        return EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        raise InstantError("an instant lies outside years 1 to 9999") from None


def rfc3339(instant: datetime) -> str:
    """Return an instant in UTC as RFC 3339 with Z, as msgspec writes it: a fraction of six digits, or none.

    Raise InstantError if it is naive, or if its UTC date is outside years 1 to 9999.
    """
    text = instant.isoformat()
    if text[-6:] == "+00:00":
        return text[:-6] + "Z"
    return from_micros(to_micros(instant)).isoformat().replace("+00:00", "Z")

"""Moments are whole microseconds since 1970-01-01 UTC: exact, ordered, and cheap to compare and store."""

from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def from_datetime(value: datetime) -> int:
    """
    Return the moment of a datetime, exactly; a naive one is taken as UTC.
    """
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return (aware - EPOCH) // MICROSECOND


def to_datetime(at: int) -> datetime:
    """Return the UTC datetime of a moment, exactly."""
    return EPOCH + timedelta(microseconds=at)


def to_iso(at: int) -> str:
    """Return ISO 8601 text with milliseconds and `Z`, the form the tracking API speaks."""
    return to_datetime(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""When it happened: client clocks drift, queue and lie, so a best estimate is made and its quality is named."""

import contextlib
from datetime import UTC, date, datetime, time, tzinfo
from email.utils import parsedate_to_datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from onevoice.domain.event import Event, TimeQuality
from onevoice.domain.moment import MINUTE, SECOND, from_datetime

#: A client clock may run this far ahead before its word is not taken at all.
AHEAD = 5 * MINUTE

#: Offsets below this are network latency, not a wrong clock.
LATENCY = SECOND

#: Libraries (lower case) that stamp `sentAt` when a batch is closed or first tried, not when it is sent.
EARLY = frozenset({"analytics-kotlin", "analytics-swift", "analytics-csharp"})

#: Below these, a number counts seconds, milliseconds, microseconds (all reach past the year 5000).
SECONDS, MILLISECONDS = 10**11, 10**14
FARTHEST = 253_402_300_799 * SECOND  #: 9999-12-31T23:59:59Z, the last second a datetime can hold


def moment(value: object, zone: tzinfo = UTC) -> int | None:
    """
    Return the moment that a client wrote, or None if it cannot be read.

    Read are ISO 8601 text, RFC 2822 text and Unix numbers in seconds, milliseconds or microseconds; a text without
    an offset is taken in *zone*.
    """
    if type(value) is str:
        return _from_text(value, zone)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_number(value)
    return None


def _from_text(value: str, zone: tzinfo) -> int | None:
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):
            read = parsedate_to_datetime(value[:64])
            return from_datetime(read if read.tzinfo else read.replace(tzinfo=zone))
        return _from_digits(value)
    return from_datetime(read if read.tzinfo is not None else read.replace(tzinfo=zone))


def _from_digits(value: str) -> int | None:
    bare = value.strip()[:20]
    return _from_number(int(bare)) if bare.isascii() and bare.isdigit() else None


def _from_number(value: float) -> int | None:
    if not 0 < value <= FARTHEST:
        return None
    scale = SECOND if value < SECONDS else 1_000 if value < MILLISECONDS else 1
    return round(value * scale) if isinstance(value, float) else value * scale


def settle(
    original: int | None, sent: int | None, received: int, *, first: bool, early: bool, imported: bool
) -> tuple[int, TimeQuality]:
    """
    Return the best estimate of when something happened, and how good it is.

    The offset `received - sent` is applied if it is negative (the client's clock is ahead), or on a *first* attempt
    of a library that stamps honestly (not *early*); otherwise the event waited in a queue and its own time stands.
    What is more than five minutes ahead of us is clamped to receipt. Imports keep their time.
    """
    if original is None:
        return received, "received"
    offset = 0 if sent is None else received - sent
    quality: TimeQuality
    if imported:
        at, quality = original, "historical"
    elif offset < 0 or (first and not early):
        at, quality = original + offset, "exact" if abs(offset) < LATENCY else "corrected"
    else:
        at, quality = original, "queued" if offset else "exact"
    return (received, "clamped") if at > received + AHEAD else (at, quality)


def exported(event: Event) -> int:
    """Return Segment's `timestamp`: receivedAt - (sentAt - originalTimestamp), as exports to others want it."""
    original = moment(event.original_at)
    if original is None:
        return event.occurred_at
    sent = event.received_at if event.sent_at is None else event.sent_at
    return event.received_at - (sent - original)


@lru_cache(maxsize=1_024)
def zone_named(name: str) -> tzinfo:
    """Return a time zone by its IANA name; an unknown one is UTC."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, OSError, KeyError):
        return UTC


def till_moment(business_date: object, till_time: object, zone: tzinfo) -> int | None:
    """
    Return the moment of a till sale: its business date and the till's clock, in the store's zone.

    Without a till time it is noon of the business date. A sale after midnight belongs to the business date before,
    so tills send the calendar time in `timestamp` if they can.
    """
    try:
        day = date.fromisoformat(str(business_date)[:10])
        clock = time.fromisoformat(till_time) if isinstance(till_time, str) and till_time else time(12)
        return from_datetime(datetime.combine(day, clock.replace(tzinfo=clock.tzinfo or zone)))
    except (ValueError, OverflowError):
        return None

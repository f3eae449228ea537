"""When it happened is estimated as the wire contract says."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.collect.clock import exported, moment, settle, till_moment, zone_named
from onevoice.domain.event import Event
from onevoice.domain.moment import DAY, MINUTE, SECOND, from_datetime
from tests.collect.speech import heard
from tests.conftest import NOW

MOMENTS = st.integers(NOW - 400 * DAY, NOW + 400 * DAY)
FLAGS = st.booleans()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-01-01T00:00:00Z", NOW),
        ("2026-01-01T00:00:00.000Z", NOW),
        ("2026-01-01T00:00:00.000000001Z", NOW),
        ("2026-01-01T01:00:00+01:00", NOW),
        ("2025-12-31 19:00:00-0500", NOW),
        ("2026-01-01T00:00:00", NOW),
        ("2026-01-01", NOW),
        ("Thu, 01 Jan 2026 00:00:00 GMT", NOW),
        (1767225600, NOW),
        (1767225600.5, NOW + SECOND // 2),
        (1767225600000, NOW),
        (1767225600000000, NOW),
        ("1767225600000", NOW),
        ("yesterday", None),
        ("", None),
        (-5, None),
        (0, None),
        (10**30, None),
        (True, None),
        (None, None),
        (["2026"], None),
        ("9999-12-31T23:59:59-23:59", 253_402_387_139 * SECOND),
        ("0001-01-01T00:00:00+23:59", -62_135_683_140 * SECOND),
    ],
)
def test_moments_are_read(written: object, expected: int | None) -> None:
    """Every way in which SDKs write a moment is read; what is none is None."""
    assert expected == moment(written)


@given(st.text(max_size=40) | st.integers() | st.floats() | st.none())
def test_moments_never_fail(written: object) -> None:
    """Nothing written as a time makes the clock fail, and what is read fits 64 bits."""
    found = moment(written)

    assert found is None or abs(found) < 1 << 63


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2100, 1, 1)), st.integers(-14, 14))  # noqa: DTZ001
def test_iso_round_trip(naive: datetime, hours: int) -> None:
    """ISO text at any offset gives the exact microsecond."""
    aware = naive.replace(tzinfo=UTC).astimezone(timezone(timedelta(hours=hours)))

    assert from_datetime(naive) == moment(aware.isoformat())


@pytest.mark.parametrize(
    ("original", "sent", "first", "early", "expected"),
    [
        (None, NOW, True, False, (NOW, "received")),
        (NOW - 60 * SECOND, None, True, False, (NOW - 60 * SECOND, "exact")),
        (NOW - 2 * SECOND, NOW - SECOND // 2, True, False, (NOW - 2 * SECOND + SECOND // 2, "exact")),
        (NOW + DAY, NOW + DAY + SECOND, True, False, (NOW - SECOND, "corrected")),
        (NOW + DAY, NOW + DAY + SECOND, False, True, (NOW - SECOND, "corrected")),
        (NOW - DAY, NOW - DAY + 9 * SECOND, True, False, (NOW - 9 * SECOND, "corrected")),
        (NOW - DAY, NOW - DAY + 9 * SECOND, False, False, (NOW - DAY, "queued")),
        (NOW - DAY, NOW - DAY + 9 * SECOND, True, True, (NOW - DAY, "queued")),
        (NOW + 5 * MINUTE, None, True, False, (NOW + 5 * MINUTE, "exact")),
        (NOW + 5 * MINUTE + 1, None, True, False, (NOW, "clamped")),
    ],
    ids=[
        "no time at all: ours",
        "no sentAt: taken as received",
        "latency only: Segment's formula, called exact",
        "clock ahead: corrected",
        "clock ahead on a retry of an early stamper: corrected all the same",
        "clock behind, first attempt: corrected",
        "retry: it waited in a queue",
        "early stamper: it may have waited",
        "five minutes ahead is believed",
        "further ahead is clamped",
    ],
)
def test_settling(original: int | None, sent: int | None, first: bool, early: bool, expected: tuple[int, str]) -> None:
    """Each row of the time section of the wire contract."""
    assert expected == settle(original, sent, NOW, first=first, early=early, imported=False)


@given(original=MOMENTS, sent=st.none() | MOMENTS, first=FLAGS, early=FLAGS, imported=FLAGS)
def test_nothing_happens_later_than_the_tolerance(
    original: int, sent: int | None, first: bool, early: bool, imported: bool
) -> None:
    """No event is dated more than five minutes after its receipt."""
    at, _ = settle(original, sent, NOW, first=first, early=early, imported=imported)

    assert NOW + 5 * MINUTE >= at


@given(ago=st.integers(0, 300 * DAY), skew=st.integers(-300 * DAY, 300 * DAY))
def test_a_wrong_clock_does_not_matter_on_a_first_attempt(ago: int, skew: int) -> None:
    """However wrong a clock is, an honest first attempt gives the true moment: the skew cancels out."""
    at, _ = settle(NOW - ago + skew, NOW + skew, NOW, first=True, early=False, imported=False)

    assert NOW - ago == at


@given(original=MOMENTS, sent=MOMENTS)
def test_a_retry_never_drags_the_past_to_the_present(original: int, sent: int) -> None:
    """On a retry an event is never dated later than its client says."""
    at, _ = settle(original, sent, NOW, first=False, early=False, imported=False)

    assert at <= max(original, NOW)


@given(original=MOMENTS, sent=MOMENTS)
def test_imports_keep_their_time(original: int, sent: int) -> None:
    """An import's past is as it says, whatever else it says."""
    expected = (NOW, "clamped") if original > NOW + 5 * MINUTE else (original, "historical")

    assert expected == settle(original, sent, NOW, first=True, early=False, imported=True)


def test_library_and_retry_are_looked_at() -> None:
    """Kotlin's early sentAt, and a retried request of another library, leave an event its own time."""
    item = {"event": "T", "userId": "u1", "timestamp": "2025-12-31T00:00:00Z", "sentAt": "2025-12-31T00:00:05Z"}
    kotlin = item | {"context": {"library": {"name": "analytics-kotlin"}}}

    assert ["corrected", "queued", "queued"] == [
        heard(item).time_quality,
        heard(item, retry_count=1).time_quality,
        heard(kotlin).time_quality,
    ]


def test_segments_own_timestamp_for_exports() -> None:
    """Exports get receivedAt - (sentAt - originalTimestamp), also where we know better."""
    queued = heard(
        {"event": "T", "userId": "u1", "timestamp": "2025-12-31T00:00:00Z", "sentAt": "2025-12-31T00:00:05Z"},
        retry_count=1,
    )

    assert (NOW - 5 * SECOND, NOW - DAY) == (exported(queued), queued.occurred_at)


def test_export_without_a_client_time() -> None:
    """Where the client gave no time, exports get ours."""
    assert 9 == exported(Event(id="a", name="b", occurred_at=9, received_at=NOW))


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"properties": {"business_date": "2025-12-01", "till_time": "18:30"}}, "2025-12-01T17:30:00Z"),
        ({"properties": {"business_date": "2025-07-01", "till_time": "18:30:05"}}, "2025-07-01T16:30:05Z"),
        ({"properties": {"business_date": "2025-12-01"}}, "2025-12-01T11:00:00Z"),
        ({"timestamp": "2025-12-01T18:30:00"}, "2025-12-01T17:30:00Z"),
        (
            {"timestamp": "2025-12-02T00:30:00+01:00", "properties": {"business_date": "2025-12-01"}},
            "2025-12-01T23:30:00Z",
        ),
        (
            {"context": {"store": {"time_zone": "America/New_York"}}, "timestamp": "2025-12-01T12:30:00"},
            "2025-12-01T17:30:00Z",
        ),
    ],
)
def test_tills_speak_in_store_time(item: dict[str, dict[str, object]], expected: str) -> None:
    """A till's business date and clock are read in its store's zone, weeks later as well; an exact moment wins."""
    context = {"channel": "store", "store": {"time_zone": "Europe/Berlin"}, **item.get("context", {})}
    event = heard({"event": "Tried", "userId": "u1", **item, "context": context})

    assert moment(expected) == event.occurred_at


def test_unknown_zones_are_utc() -> None:
    """A zone that nobody knows does not stop a sale, and a broken date is no moment."""
    assert [UTC, UTC, UTC] == [zone_named("Mars/Olympus"), zone_named("../etc"), zone_named("")]
    assert (None, None) == (till_moment("soon", None, UTC), till_moment("2025-12-01", "late", UTC))

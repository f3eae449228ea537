"""Consumers follow the log, each event once, whatever dies in between."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onevoice.domain.moment import DAY
from onevoice.wiring.stores import Stores
from onevoice.worker.exporter import Exporter
from onevoice.worker.listing import Listing
from onevoice.worker.shift import drain
from onevoice.worker.upkeep import Upkeep
from tests.conftest import NOW
from tests.worker.houses import house, resolve, story, tell, track


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """Yield the stores of an empty workspace, on each database."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    with house(tmp_path, url, export_rows=10, export_seconds=60) as made:
        yield made


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def list_all(stores: Stores) -> int:
    """Bring the people list up to date and return how many people were refreshed."""
    listing, total = Listing(stores, clock=lambda: NOW), 0
    while done := listing.step():
        total += done
    return total


def test_whoever_an_event_touched_is_listed(stores: Stores) -> None:
    """New people appear, known ones are refreshed, and nobody else is touched."""
    tell(stores, [track(1), track(2)])
    resolve(stores)
    assert 2 == list_all(stores)
    tell(stores, [track(3, userId="u1")])
    resolve(stores)

    assert 1 == list_all(stores)
    assert [1, 2] == sorted(events for (events,) in stores.state.query("SELECT events FROM people"))


def test_absorbed_people_leave_the_list(stores: Stores) -> None:
    """When two people become one, one line remains, with the events of both."""
    login = {"type": "identify", "userId": "ann", "timestamp": "2025-12-31T12:00:00Z"}
    tell(stores, [track(1, userId="ann"), {**login, "messageId": "x", "traits": {"email": "ann@shop.example"}}])
    tell(
        stores,
        [{"type": "track", "messageId": "y", "event": "Ping", "context": {"traits": {"email": "a@shop.example"}}}],
    )
    resolve(stores)
    list_all(stores)
    assert 2 == stores.profiles.people.count()
    tell(stores, [{**login, "messageId": "z", "traits": {"email": "a@shop.example"}}])
    resolve(stores)
    list_all(stores)

    assert [(4,)] == stores.state.query("SELECT events FROM people")


def test_a_crash_before_the_cursor_repeats_the_same_lines(stores: Stores) -> None:
    """A refresh that is done twice writes the same lines."""
    tell(stores, story(2, 100))
    resolve(stores)
    list_all(stores)
    lines = stores.state.query("SELECT * FROM people ORDER BY person")
    stores.state.execute("UPDATE cursors SET seq = 0 WHERE consumer = 'people'")
    list_all(stores)

    assert lines == stores.state.query("SELECT * FROM people ORDER BY person")


def in_lake(stores: Stores) -> list[int]:
    """Return the log numbers in the lake."""
    found = stores.lake.dataset("events")
    rows: list[int] = sorted(found.to_table(columns=["seq"]).column("seq").to_pylist()) if found else []
    return rows


def test_few_and_fresh_events_wait_for_their_export(stores: Stores) -> None:
    """Nine of ten rows wait a minute; then they are exported, and the cursor tells how far."""
    clock = Clock()
    exporter = Exporter(stores, stores.settings, clock=clock)
    tell(stores, [track(number) for number in range(9)])
    resolve(stores)

    assert [0, 0] == [exporter.step(), exporter.step()]
    clock.now = 61
    assert [9, 0] == [exporter.step(), exporter.step()]
    assert list(range(1, 10)) == in_lake(stores)
    assert 9 == stores.log.cursor("lake")


def test_many_events_are_exported_at_once(stores: Stores) -> None:
    """Ten rows are enough not to wait."""
    tell(stores, [track(number) for number in range(10)])
    resolve(stores)

    assert 10 == Exporter(stores, stores.settings).step()


def test_a_crash_between_lake_and_cursor_repeats_no_row(stores: Stores) -> None:
    """An export whose cursor was lost is done again and adds nothing twice."""
    exporter = Exporter(stores, stores.settings)
    tell(stores, [track(number) for number in range(30)])
    resolve(stores)
    assert 30 == exporter.flush()
    stores.state.execute("UPDATE cursors SET seq = 12 WHERE consumer = 'lake'")
    tell(stores, [track(number) for number in range(30, 35)])
    resolve(stores)

    assert 23 == exporter.flush()
    assert list(range(1, 36)) == in_lake(stores)


def test_draining_brings_everything_up_to_date(stores: Stores) -> None:
    """One call resolves, lists and exports all there is; a second finds nothing."""
    tell(stores, [track(number) for number in range(25)])

    assert [25, 0] == [drain(stores, stores.settings) for _ in range(2)]
    assert 25 == stores.profiles.people.count()
    assert 25 == len(in_lake(stores))


def test_raw_bodies_are_forgotten_once_resolved_and_old(stores: Stores) -> None:
    """Old bodies go only when they are resolved, and never the newest, so that numbers go on."""
    keep = stores.settings.intake_days * DAY
    upkeep = Upkeep(stores, stores.settings, clock=lambda: NOW + keep + 1)
    tell(stores, [track(1)])
    tell(stores, [track(2)])
    upkeep.prune_intake()
    assert 2 == len(stores.intake.read(0, 9, 9_999))
    resolve(stores)
    Upkeep(stores, stores.settings, clock=lambda: NOW + keep).prune_intake()
    assert 2 == len(stores.intake.read(0, 9, 9_999))

    upkeep.prune_intake()
    assert [2] == [packet.seq for packet in stores.intake.read(0, 9, 9_999)]


def test_raw_bytes_of_rejects_are_forgotten_and_their_reason_stays(stores: Stores) -> None:
    """After the days of the setting a reject keeps its reason and loses its bytes."""
    bad: dict[str, Any] = {"type": "track", "userId": "u", "messageId": "b"}
    tell(stores, [bad])
    resolve(stores)
    later = NOW + stores.settings.rejected_days * DAY
    Upkeep(stores, stores.settings, clock=lambda: later).forget_rejects()
    assert b"" != stores.log.rejected()[0].what.raw
    Upkeep(stores, stores.settings, clock=lambda: later + 1).forget_rejects()

    assert [(b"", "no_event_name")] == [(row.what.raw, row.what.reason) for row in stores.log.rejected()]

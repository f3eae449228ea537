"""The resolver takes everything exactly once, whatever happens in between."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onevoice.adapters.state.cursors import Overtaken
from onevoice.domain.errors import Unavailable
from onevoice.wiring.stores import Stores
from onevoice.worker.pipeline import GENERATION, Pipeline
from tests.conftest import NOW
from tests.worker.houses import batch, contents, house, resolve, settings_of, story, tell, track


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """Yield the stores of an empty workspace, on each database."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    with house(tmp_path, url) as made:
        yield made


def test_events_become_persons_profiles_and_a_log(stores: Stores) -> None:
    """A batch of two purchases of one login gives two events, one person, and a facet that counts both."""
    tell(stores, [track(1, userId="ann"), track(2, userId="ann")])

    assert 2 == resolve(stores)
    person = stores.graph.person("user_id", "ann")
    assert person is not None
    facet = stores.profiles.facets(stores.graph.nodes(person))
    assert [(2, 2, {"USD": 25_000_000})] == [(one.count, one.orders, one.revenue) for one in facet.values()]
    assert [1, 2] == [one.seq for one in stores.log.events(0, 10)]
    assert stores.intake.last() == stores.log.cursor("resolve")


def test_nothing_to_do_is_zero(stores: Stores) -> None:
    """An empty intake gives nothing, again and again."""
    pipeline = Pipeline(stores, stores.settings)

    assert [0, 0] == [pipeline.step(), pipeline.step()]


def test_a_repeated_message_counts_once(stores: Stores) -> None:
    """The same message in one body, in the next body and in the next run is one event."""
    tell(stores, [track(1), track(1), track(2), track(1)], size=2)
    resolve(stores)
    tell(stores, [track(2), track(3)])
    resolve(stores)

    assert ["m1", "m2", "m3"] == [one.event.id for one in stores.log.events(0, 10)]


def test_batch_size_changes_nothing(stores: Stores, tmp_path: Path) -> None:
    """Taking events one by one or all at once leaves the same rows in every table."""
    told = story(7, 300)
    tell(stores, told)
    resolve(stores)

    with house(tmp_path / "other") as other:
        tell(other, told)
        resolve(other, settings_of(tmp_path / "other", micro_batch=1))
        assert contents(other) == contents(stores)


def test_a_new_process_goes_on_where_the_last_one_stopped(stores: Stores, tmp_path: Path) -> None:
    """Forgetting everything after each step, as a restart does, leaves the same rows in every table."""
    told = story(11, 300)
    tell(stores, told)
    small = settings_of(tmp_path, micro_batch=7, state=stores.settings.state)
    while Pipeline(stores, small, clock=lambda: NOW).step():
        pass

    with house(tmp_path / "other") as other:
        tell(other, told)
        resolve(other)
        assert contents(other) == contents(stores)


def test_what_is_refused_is_kept_with_its_reason(stores: Stores) -> None:
    """An item without a name goes to rejected; its neighbours go on."""
    tell(stores, [track(1), {"type": "track", "userId": "u", "messageId": "x"}, track(2)])
    resolve(stores)

    assert ["m1", "m2"] == [one.event.id for one in stores.log.events(0, 10)]
    assert ["no_event_name"] == [row.what.reason for row in stores.log.rejected()]


def test_a_second_worker_notices_that_it_was_overtaken(stores: Stores) -> None:
    """When another worker has taken the same bodies, the batch is dropped, and the next step goes on from there."""
    first, second = (Pipeline(stores, stores.settings, clock=lambda: NOW) for _ in range(2))
    tell(stores, [track(1)])
    assert 1 == first.step()
    assert 0 == second.step()
    tell(stores, [track(2), track(3)])
    assert 2 == first.step()

    with pytest.raises(Overtaken):
        second.step()

    tell(stores, [track(4)])
    assert 1 == second.step()
    assert ["m1", "m2", "m3", "m4"] == [one.event.id for one in stores.log.events(0, 10)]


def test_a_rebuild_elsewhere_makes_memory_stale(stores: Stores) -> None:
    """When the tables were rebuilt, the worker drops what it holds before it writes."""
    pipeline = Pipeline(stores, stores.settings, clock=lambda: NOW)
    tell(stores, [track(1)])
    pipeline.step()
    stores.log.move(GENERATION, 1, NOW)
    tell(stores, [track(2)])

    with pytest.raises(Overtaken):
        pipeline.step()
    assert 1 == pipeline.step()


class Trap:
    """A stand-in for the graph store that fails on one identifier."""

    def __init__(self, real: Any, value: str, error: Exception) -> None:
        self._real, self._value, self._error = real, value, error

    def fill(self, graph: Any, keys: Any) -> None:
        """Fail if the identifier is asked for."""
        given = list(keys)
        if any(value == self._value for _, value in given):
            raise self._error
        self._real.fill(graph, given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@pytest.mark.parametrize("error", [KeyError("defect"), sqlite3.DataError("too big")], ids=["code", "data"])
def test_an_event_that_makes_code_fail_is_put_aside(stores: Stores, error: Exception) -> None:
    """The one event is found and rejected as internal_error with its bytes; all others go on; a replay takes it in."""
    real = stores.graph
    stores.graph = Trap(real, "u13", error)  # type: ignore[assignment]
    tell(stores, [track(number) for number in range(25)], size=10)
    resolve(stores)

    assert {f"m{number}" for number in range(25)} - {"m13"} == {one.event.id for one in stores.log.events(0, 99)}
    rows = stores.log.rejected()
    assert [("internal_error", "Order Completed")] == [(row.what.reason, row.what.name) for row in rows]

    stores.graph = real
    assert 1 == stores.log.replay([rows[0].id], stores.intake)
    resolve(stores)
    assert "m13" in {one.event.id for one in stores.log.events(0, 99)}
    assert [] == stores.log.rejected()


def test_an_unwell_store_is_waited_for(stores: Stores) -> None:
    """While the store cannot be written nothing is rejected and nothing is lost; then all is taken once."""

    class Down:
        """A log that cannot be written, some times."""

        def __init__(self, real: Any, times: int) -> None:
            self.real, self.times = real, times

        def append(self, *given: Any) -> None:
            """Fail, or store."""
            self.times -= 1
            if self.times >= 0:
                raise Unavailable
            self.real.append(*given)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.real, name)

    tell(stores, [track(number) for number in range(5)])
    real = stores.log
    stores.log = Down(real, 2)  # type: ignore[assignment]
    pipeline = Pipeline(stores, stores.settings, clock=lambda: NOW)
    for _ in range(2):
        with pytest.raises(Unavailable):
            pipeline.step()
    assert 5 == pipeline.step()
    stores.log = real

    assert 5 == stores.log.last()
    assert [] == stores.log.rejected()


def test_the_clock_may_jump_back(stores: Stores) -> None:
    """A clock that goes back an hour changes no order and loses nothing."""
    moments = [NOW, NOW - 3_600_000_000, NOW - 7_200_000_000]
    pipeline = Pipeline(stores, stores.settings, clock=lambda: moments.pop(0))
    for number in range(3):
        stores.intake.append([(moments[0], *batch([track(number)])[1:])])
        assert 1 == pipeline.step()

    assert ["m0", "m1", "m2"] == [one.event.id for one in stores.log.events(0, 10)]
    assert stores.intake.last() == stores.log.cursor("resolve")

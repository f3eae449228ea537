"""The log alone gives back every derived table, and a rebuild says what differs and puts it right."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onevoice.adapters.state.cursors import Overtaken
from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust
from onevoice.resolve.assertion import asserted
from onevoice.resolve.reform import changed
from onevoice.resolve.rules import Kind, Rules
from onevoice.wiring.stores import Stores
from onevoice.worker.listing import Listing
from onevoice.worker.pipeline import Pipeline
from onevoice.worker.rebuild import Rebuild
from tests.conftest import NOW
from tests.worker.houses import batch, contents, house, resolve, story, tell, track


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """Yield a workspace that lived through a day, on each database."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    with house(tmp_path, url) as made:
        tell(made, story(3, 400))
        resolve(made)
        yield made


def differences(stores: Stores) -> list[str]:
    """Return what a rebuild would put right."""
    with Rebuild(stores.settings) as made:
        assert sorted(made.replay())[-1:] == ([made.total] if made.total else [])
        return made.differences().lines


def mend(stores: Stores) -> None:
    """Rebuild for good."""
    with Rebuild(stores.settings) as made:
        for _ in made.replay():
            pass
        made.swap()


def test_what_was_lived_equals_what_is_replayed(stores: Stores) -> None:
    """After a day of logins, orders and shared addresses, the replay differs in nothing."""
    assert [] == differences(stores)


@given(seed=st.integers(0, 10_000), events=st.integers(1, 120), size=st.integers(1, 40))
@settings(max_examples=15)
def test_replay_equality_holds_for_any_history(
    tmp_path_factory: pytest.TempPathFactory, seed: int, events: int, size: int
) -> None:
    """Whatever was lived through, in whatever batches, the replay finds the same."""
    home = tmp_path_factory.mktemp("life")
    with house(home, micro_batch=size) as stores:
        tell(stores, story(seed, events), size=7)
        resolve(stores)
        assert [] == differences(stores)


def test_human_assertions_are_replayed(stores: Stores) -> None:
    """A "not the same" that parts a person, and its withdrawal, are found again by the replay."""
    for at, verdict in enumerate(("same", "not_same", "withdrawn")):
        pair = (("user_id", "u1"), ("user_id", "u2"))
        stores.intake.emit([asserted(*pair, verdict, now=NOW + at, actor="ann")], "console", NOW)  # type: ignore[arg-type]
        resolve(stores)
        assert [] == differences(stores)


def test_a_change_of_rules_is_replayed_at_its_place(stores: Stores) -> None:
    """New rules decide everybody anew, in the middle of a batch too, and the replay agrees before and after."""
    people = "SELECT count(DISTINCT person) FROM nodes WHERE kind = 'anonymous_id'"
    before = stores.state.query(people)
    kinds = {**Rules().kinds, "anonymous_id": Kind(rank=7), "email": Kind(rank=3, named=True)}
    rules = Rules(version=1, kinds=kinds)
    told = [rules_event(rules), *[house_event(number) for number in range(5)]]
    tell(stores, story(4, 50))
    stores.intake.emit([house_event(99), *told], "console", NOW)
    tell(stores, story(5, 50))
    resolve(stores)

    assert 1 == stores.graph.rules().version
    assert before != stores.state.query(people)
    assert {"Person Split"} <= {name for (name,) in stores.state.query("SELECT DISTINCT name FROM events")}
    assert [] == differences(stores)


def rules_event(rules: Rules) -> Event:
    """Return the event that puts rules in force."""
    return changed(rules, now=NOW, actor="ann")


def house_event(number: int) -> Event:
    """Return a note on a user, spoken by the house."""
    who = (Identifier("user_id", f"u{number}", Trust.VERIFIED),)
    about = {"text": "called"}
    return Event(
        id=f"n{number}", name="Note Added", occurred_at=NOW, received_at=NOW, identifiers=who, properties=about
    )


def test_outsiders_do_not_change_the_rules(stores: Stores) -> None:
    """The same event through a key, even a secret one, is only an event."""
    body = rules_event(Rules(version=9, max_component=1)).properties
    tell(stores, [track(9_000, event="Identity Rules Changed", properties=body)])
    resolve(stores)

    assert 0 == stores.graph.rules().version


def test_outsiders_do_not_assert_who_is_who(stores: Stores) -> None:
    """A forged assertion through a public key joins nobody."""
    pair = {"a": {"kind": "user_id", "value": "u1"}, "b": {"kind": "user_id", "value": "u2"}}
    forged = track(9_000, event="Identity Asserted", properties={**pair, "verdict": "same"})
    linked = track(9_001, event="Identity Linked", properties={**pair, "probability": 1.0})
    assert stores.graph.person("user_id", "u1") != stores.graph.person("user_id", "u2")
    stores.intake.append([batch([forged, linked], trust=1, key="public")])
    resolve(stores)

    assert stores.graph.person("user_id", "u1") != stores.graph.person("user_id", "u2")


def test_damage_is_named_and_put_right(stores: Stores) -> None:
    """Rows that are missing, too many or altered are each named; a rebuild restores every table exactly."""
    before = contents(stores)
    node = stores.state.query("SELECT node FROM facets ORDER BY node LIMIT 2")
    stores.state.execute("UPDATE nodes SET person = 'nobody' WHERE node = ?", node[0])
    stores.state.execute("DELETE FROM facets WHERE node = ?", node[1])
    stores.state.insert("households", ("id", "node"), [("ghost", 1)])

    found = differences(stores)

    assert f"nodes: node={node[0][0]} differs in person" in found
    assert f"facets: node={node[1][0]} follows from the log and is not stored" in found
    assert "households: id=ghost is stored and does not follow from the log" in found
    assert 3 == len(found)
    mend(stores)
    assert [] == differences(stores)
    assert before == contents(stores)


def test_lost_and_invented_notices_are_put_right(stores: Stores) -> None:
    """A derived event that is gone comes back at the end of the log; one that never followed goes; anchors return."""
    rows = stores.state.query("SELECT seq, id FROM events WHERE derived = 1 ORDER BY seq")
    assert len(rows) >= 2
    last = stores.log.last()
    stores.state.execute("DELETE FROM events WHERE seq = ?", (rows[0][0],))
    stores.state.execute("UPDATE events SET id = 'invented' WHERE seq = ?", (rows[1][0],))
    moved = stores.state.query("SELECT seq, node FROM events WHERE derived = 0 ORDER BY seq LIMIT 1")[0]
    stores.state.execute("UPDATE events SET node = 999999 WHERE seq = ?", (moved[0],))

    assert 4 == len(differences(stores))
    mend(stores)

    assert [] == differences(stores)
    assert {rows[0][1], rows[1][1]} == {
        id_ for (id_,) in stores.state.query("SELECT id FROM events WHERE seq > ?", (last,))
    }
    assert [(moved[1],)] == stores.state.query("SELECT node FROM events WHERE seq = ?", (moved[0],))


def test_the_worker_goes_on_after_a_rebuild(stores: Stores) -> None:
    """A worker that lives through a rebuild drops its memory, goes on, and the replay still agrees."""
    pipeline = Pipeline(stores, stores.settings, clock=lambda: NOW)
    tell(stores, [track(5_000)])
    pipeline.step()
    stores.state.execute("DELETE FROM persons")
    mend(stores)
    tell(stores, [track(5_001, userId="u5000")])
    with pytest.raises(Overtaken, match="rebuilt"):
        pipeline.step()
    assert 1 == pipeline.step()

    assert 2 == len([one for one in stores.log.events(0, 9_999) if one.event.id in {"m5000", "m5001"}])
    assert [] == differences(stores)


def test_the_people_list_is_made_anew_after_a_rebuild(stores: Stores) -> None:
    """The list is a cache: after a rebuild its consumer starts from the beginning and writes every line again."""
    listing = Listing(stores, clock=lambda: NOW)
    while listing.step():
        pass
    before = stores.state.query("SELECT * FROM people ORDER BY person")
    assert before
    mend(stores)
    stores.state.execute("DELETE FROM people")
    while listing.step():
        pass

    assert before == stores.state.query("SELECT * FROM people ORDER BY person")


def test_nothing_is_left_behind(stores: Stores) -> None:
    """The temporary tables are removed, whatever happened."""
    differences(stores)
    with pytest.raises(RuntimeError), Rebuild(stores.settings):
        raise RuntimeError

    assert [] == list(stores.settings.root.glob("rebuild-*"))


def test_identifiers_keep_their_numbers(stores: Stores) -> None:
    """After a node is gone (as after an erasure), the others are found under the numbers the lake knows."""
    numbers = dict(stores.state.query("SELECT value, node FROM nodes WHERE kind = 'user_id'"))  # type: ignore[arg-type]
    first = min(numbers, key=lambda value: numbers[value])
    gone = stores.state.query("SELECT seq FROM events WHERE node = ?", (numbers[first],))
    assert gone
    stores.state.execute("DELETE FROM events WHERE node = ?", (numbers[first],))
    mend(stores)

    after = dict(stores.state.query("SELECT value, node FROM nodes WHERE kind = 'user_id'"))  # type: ignore[arg-type]
    assert {value: node for value, node in numbers.items() if value in after} == after
    assert Identifier("user_id", first, Trust.VERIFIED).value in numbers

"""The identity tables hold what the working set knew, however the log was cut into batches."""

import random
from collections.abc import Sequence

import pytest

from onevoice.adapters.database import Database, Row
from onevoice.adapters.state.graph import GraphStore, UnknownIdentifier
from onevoice.adapters.state.reform import Reform
from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.moment import HOUR
from onevoice.resolve.assertion import asserted
from onevoice.resolve.attachment import attach, keys_of
from onevoice.resolve.graph import Graph, NotLoaded
from onevoice.resolve.reform import changed, rules_of
from onevoice.resolve.rules import Rules, read
from tests.resolve.histories import NAMES, START, STRICT, TOWN, event, persons, replay

TABLES = {"nodes": "node", "edges": "a, b, slot", "persons": "id", "households": "id"}


def town(seed: int, size: int) -> list[Event]:
    """Return a drawn history of the town."""
    chance = random.Random(seed)
    history = []
    for number in range(size):
        kinds = chance.sample(list(TOWN), chance.choice([1, 2, 2, 3]))
        keys = [(kind, chance.choice(TOWN[kind])) for kind in kinds]
        at = START + chance.randrange(60 * 24) * HOUR
        history.append(event(number, keys, chance.choice([Trust.CLAIMED, Trust.VERIFIED]), at, chance.choice(NAMES)))
    history.append(asserted(("user_id", "anna"), ("user_id", "bob"), "not_same", now=START, actor="ada"))
    chance.shuffle(history)
    return history


def run(store: GraphStore, events: Sequence[Event], batch: int, keep: int, rules: Rules) -> list[Event]:
    """Resolve events in batches, keeping at most *keep* nodes in memory between them; return what was derived."""
    graph = Graph("town", rules)
    derived: list[Event] = []
    for start in range(0, len(events), batch):
        part = events[start : start + batch]
        store.fill(graph, graph.missing(key for one in part for key in keys_of(one)))
        derived += [made for one in part for made in attach(graph, one, rules).derived]
        with store.database.transaction():
            store.save(graph)
        graph.trim(keep)
    return derived


def rows(database: Database) -> dict[str, list[Row]]:
    """Return every row of the identity tables."""
    return {table: database.query(f"SELECT * FROM {table} ORDER BY {order}") for table, order in TABLES.items()}


def stored(database: Database) -> set[frozenset[tuple[str, str]]]:
    """Return who is who in the store, without ids."""
    found: dict[str, set[tuple[str, str]]] = {}
    for kind, value, person in database.query("SELECT kind, value, person FROM nodes"):
        found.setdefault(person, set()).add((kind, value))
    return {frozenset(keys) for keys in found.values()}


def empty(database: Database) -> None:
    """Forget everything."""
    for table in TABLES:
        database.execute(f"DELETE FROM {table}")


@pytest.mark.parametrize("rules", [Rules(), STRICT], ids=["defaults", "strict"])
def test_batches_change_no_row(database: Database, rules: Rules) -> None:
    """Any batching, with any memory, gives every row and every derived event alike, ids and order included."""
    store = GraphStore(database)
    for seed in range(3):
        history = town(seed, 120)
        derived = run(store, history, 1_000, 10_000, rules)
        first = rows(database)
        assert len(derived) > 5
        for batch, keep in ((40, 10_000), (7, 15), (13, 0)):
            empty(database)
            assert run(store, history, batch, keep, rules) == derived
            assert rows(database) == first
        empty(database)


def test_store_agrees_with_memory(database: Database) -> None:
    """What is stored is what a graph that never left memory says."""
    history = town(11, 150)
    run(GraphStore(database), history, 20, 30, Rules())
    assert stored(database) == persons(replay(history, Rules())[0])


def test_unfilled_identifier_is_refused(database: Database) -> None:
    """A graph with a store behind it makes no second node of an identifier that it was not asked to load."""
    graph = Graph("town")
    GraphStore(database).fill(graph, [("user_id", "anna")])
    with pytest.raises(NotLoaded, match="before the working set was filled"):
        attach(graph, event(1, [("user_id", "bob")], Trust.VERIFIED, START), graph.rules)


def test_absorbed_id_leads_to_the_survivor(database: Database) -> None:
    """After a merge the old id still finds the person, and the view lists what it absorbed."""
    store = GraphStore(database)
    anna, card = ("user_id", "anna"), ("loyalty_id@till", "101")
    apart = [event(1, [anna], Trust.VERIFIED, START), event(2, [card], Trust.VERIFIED, START + 1)]
    run(store, apart, 1, 0, Rules())
    older, younger = store.person(*anna), store.person(*card)
    assert older is not None and younger is not None and older != younger
    run(store, [event(3, [anna, card], Trust.VERIFIED, START + 2)], 1, 0, Rules())
    assert store.person(*card) == older
    assert store.current(younger) == older
    view = store.view(younger)
    assert (view.id, view.absorbed) == (older, (younger,))
    assert view.identifiers == (Identifier(*card, Trust.VERIFIED), Identifier(*anna, Trust.VERIFIED))


def test_why_tells_the_path(database: Database) -> None:
    """Two identifiers that only a third connects are explained step by step."""
    store = GraphStore(database)
    anna, card, mail = ("user_id", "anna"), ("loyalty_id@till", "101"), ("email", "anna@example.com")
    seen = [[anna, mail], [card, mail], [card, mail]]
    run(store, [event(n, keys, Trust.VERIFIED, START + n) for n, keys in enumerate(seen)], 1, 0, Rules())
    answer = store.why(anna, card)
    assert answer.same
    mailed = "e-mail address anna@example.com"
    trusted = "by a source we trust"
    assert [link.sentence for link in answer.links] == [
        f"user anna and {mailed} were named together once, on 1 January 2026, {trusted}.",
        f"{mailed} and loyalty card 101 (till) were named together 2 times since 1 January 2026, {trusted}.",
    ]
    with pytest.raises(UnknownIdentifier, match="'bob'"):
        store.why(anna, ("user_id", "bob"))


@pytest.mark.parametrize("seed", range(4))
def test_dry_run_is_what_applying_does(database: Database, seed: int) -> None:
    """The difference shown before a rule change is the difference made, and showing it changes no row."""
    store = GraphStore(database)
    run(store, town(seed, 150), 50, 100, Rules())
    before = rows(database)
    cause = changed(STRICT, now=START, actor="ada")
    assert rules_of(cause) == STRICT
    shown = Reform(store, STRICT, cause, workspace="town").run(save=False)
    assert rows(database) == before
    with database.transaction():
        made = Reform(store, STRICT, cause, workspace="town").run(save=True)
    people = ("Person Merged", "Person Split", "Identifier Demoted")
    assert [one for one in made.events if one.name in people] == list(shown.events)
    assert len(shown.merges) + len(shown.splits) > 0
    assert store.rules() == STRICT


@pytest.mark.parametrize("seed", range(3))
def test_applied_rules_decide_as_if_they_had_always_held(database: Database, seed: int) -> None:
    """Changing the rules over a store gives the persons that the new rules give from the first event on."""
    store = GraphStore(database)
    history = town(seed, 120)
    run(store, history, 50, 100, Rules())
    with database.transaction():
        Reform(store, STRICT, changed(STRICT, now=START, actor="ada"), workspace="town").run(save=True)
    assert stored(database) == persons(replay(history, STRICT)[0])


def test_rollback_of_rules_restores_everybody(database: Database) -> None:
    """Going back to the old rules gives the old persons with their old ids."""
    store = GraphStore(database)
    run(store, town(5, 120), 50, 100, Rules())
    before = stored(database)
    for rules in (STRICT, read({})):
        with database.transaction():
            Reform(store, rules, changed(rules, now=START, actor="ada"), workspace="town").run(save=True)
    assert stored(database) == before

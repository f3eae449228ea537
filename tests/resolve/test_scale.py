"""A whole store at once, and the two heaviest loads: one hot browser, and a merge of very many identifiers."""

import random
from collections import defaultdict

from onevoice.domain.event import Event
from onevoice.domain.identifier import Trust
from onevoice.domain.moment import DAY, HOUR
from onevoice.resolve.attachment import attach
from onevoice.resolve.graph import CROWDED, Graph
from onevoice.resolve.rules import Rules
from tests.resolve.histories import START, Key, event

PEOPLE, TABLETS, LOGINS = 5_000, 20, 50


def store() -> tuple[list[Event], dict[Key, int]]:
    """Return the events of a chain of shops, and to which person each identifier really belongs."""
    chance = random.Random(7)
    owner: dict[Key, int] = {}
    history: list[Event] = []

    def see(person: int, keys: list[Key], trust: Trust) -> None:
        at = START + chance.randrange(300 * 24) * HOUR
        history.append(event(len(history), keys, trust, at, {"first_name": f"name {person}"}))

    for person in range(PEOPLE):
        user, card = ("user_id", f"u{person}"), ("loyalty_id@till", f"c{person}")
        mail, web = ("email", f"p{person}@example.com"), ("anonymous_id", f"w{person}")
        family = person // 2 * 2 if person < PEOPLE // 10 else person
        phone = ("phone", "+15555555555" if person % 200 == 199 else f"+49151{family:07d}")
        owner |= {user: person, card: person, mail: person, web: person}
        see(person, [user, mail], Trust.VERIFIED)
        see(person, [card, mail], Trust.VERIFIED)
        see(person, [card, phone], Trust.VERIFIED)
        see(person, [user, web], Trust.CLAIMED)
    for tablet in range(TABLETS):
        for person in chance.sample(range(PEOPLE), LOGINS):
            see(person, [("user_id", f"u{person}"), ("device_id", f"tablet-{tablet}")], Trust.CLAIMED)
    chance.shuffle(history)
    return history, owner


def test_store_joins_nobody_wrongly() -> None:
    """Among 5,000 people with shared tablets, family phones and a junk phone no two are joined, and none is parted."""
    history, owner = store()
    graph = Graph("shop")
    for one in history:
        attach(graph, one, graph.rules)
    people, found = defaultdict(set), defaultdict(set)
    for node in graph.nodes.values():
        assert node.person is not None
        if (node.kind, node.value) in owner:
            people[node.person.id].add(owner[node.kind, node.value])
            found[owner[node.kind, node.value]].add(node.person.id)
    assert sum(len(real) > 1 for real in people.values()) == 0
    assert sum(len(parts) > 1 for parts in found.values()) == 0
    households = {person.household for person in graph.persons.values()} - {""}
    couples = {n // 2 for n in range(PEOPLE // 10) if {n // 2 * 2 % 200, (n // 2 * 2 + 1) % 200} & {199} == set()}
    assert len(households) == len(couples)


def test_hot_browser_stays_small() -> None:
    """Twenty thousand events of one browser make one node, one person and nothing to settle."""
    graph = Graph()
    seen = [event(n, [("anonymous_id", "hot")], Trust.CLAIMED, START + n) for n in range(20_000)]
    assert {attach(graph, one, graph.rules) for one in seen[1:]} == {attach(graph, seen[0], graph.rules)}
    assert (len(graph.nodes), len(graph.persons), len(graph.dirty_bonds)) == (1, 1, 0)


def test_merge_of_very_many_identifiers_is_bounded() -> None:
    """Twenty thousand browsers that claim one user make a crowd: none is joined, and no component is large."""
    graph = Graph("shop", Rules())
    user = ("user_id", "kiosk")
    for number in range(20_000):
        keys = [user, ("anonymous_id", f"w{number}")]
        attach(graph, event(number, keys, Trust.CLAIMED, START + number * DAY), graph.rules)
    node = graph.by_key[user]
    assert node.status == CROWDED
    assert max(len(one.component.nodes) for one in graph.nodes.values() if one.component) == 1
    assert len(graph.persons) == 20_001


def test_chain_of_very_many_identifiers_waits_for_a_human() -> None:
    """A chain of verified names grows to the largest size the rules allow, then waits."""
    graph = Graph("shop", Rules(max_component=200))
    told = []
    for number in range(2_000):
        keys = [(f"loyalty_id@s{n}", f"card-{n}") for n in (number, number + 1)]
        told += attach(graph, event(number, keys, Trust.VERIFIED, START + number), graph.rules).derived
    sizes = sorted(len(person.nodes) for person in graph.persons.values())
    assert sizes[-1] == 200
    assert sum(sizes) == 2_001
    assert {made.name for made in told} == {"Identity Merge Held"}

"""Generated histories of a small town, and a naive oracle that decides who is who from the set of its events."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import networkx as nx
from hypothesis import strategies as st

from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.moment import DAY, HOUR
from onevoice.resolve.assertion import asserted
from onevoice.resolve.attachment import attach
from onevoice.resolve.graph import Graph
from onevoice.resolve.marks import agree, conflict, marks_of
from onevoice.resolve.naming import weight
from onevoice.resolve.rules import Rules, read

START = 1_767_225_600_000_000
RULES = Rules(max_component=10_000)
#: So strict that limits and crowds are reached within one town.
STRICT = read(
    {
        "crowd": 4,
        "kinds": {
            "anonymous_id": {"limit": 2},
            "email": {"limit": 1, "window": 30},
            "phone": {"owners": 1},
            "user_id": {"owners": 2},
        },
    }
)
Key = tuple[str, str]

#: A town so small that everybody meets: shared tablets, family phones, recycled numbers, placeholders.
TOWN = {
    "user_id": ["anna", "bob", "cem", "null"],
    "loyalty_id@till": ["101", "102", "103"],
    "email": ["anna@example.com", "bob@example.com", "an.na@gmail.com", "anna+x@googlemail.com", "info@example.com"],
    "phone": ["+4915100000001", "+4915100000002", "+15555555555"],
    "card_alias": ["card-1", "card-2"],
    "device_id": ["tablet", "mobile"],
    "anonymous_id": ["web-1", "web-2", "web-3", "web-4", "web-5", "web-6", "web-7"],
    "ga_client_id": ["ga-1"],
    "address": ["elm street 1", "oak street 2"],
}
NAMES = [{}, {"first_name": "Anna", "last_name": "May"}, {"first_name": "Bob", "last_name": "May"}]


def rank(key: Key) -> tuple[int, str, str]:
    """Order identifiers as the collector does."""
    return (RULES.kind(key[0]).rank, *key)


def event(
    number: int, keys: Sequence[Key], trust: Trust, at: int, traits: dict[str, Any] | None = None, type_: Any = "track"
) -> Event:
    """Return one event that names somebody."""
    return Event(
        id=f"e{number}",
        name="Something Happened",
        type=type_,
        occurred_at=at,
        received_at=START + number,
        identifiers=tuple(Identifier(*key, trust) for key in sorted(set(keys), key=rank)),
        traits=traits or {},
    )


KEYS = st.sampled_from([(kind, value) for kind, values in TOWN.items() for value in values])
SIGHTINGS = st.tuples(
    st.lists(KEYS, min_size=1, max_size=3, unique=True),
    st.sampled_from([Trust.CLAIMED, Trust.VERIFIED, Trust.VERIFIED]),
    st.one_of(st.integers(0, 60 * 24), st.integers(0, 24)).map(lambda hours: START + hours * HOUR),
    st.sampled_from(NAMES),
    st.sampled_from(["track", "track", "track", "alias"]),
)
VERDICTS = st.tuples(
    KEYS, KEYS, st.sampled_from(["same", "not_same", "withdrawn"]), st.integers(0, 999).map(lambda n: START + n)
).filter(lambda said: said[0] != said[1])


@st.composite
def histories(draw: st.DrawFn, most: int = 25) -> list[Event]:
    """Draw the events of a town, with a few human words among them."""
    seen = draw(st.lists(SIGHTINGS, min_size=1, max_size=most))
    said = draw(st.lists(VERDICTS, max_size=2))
    told = [event(number, *sighting) for number, sighting in enumerate(seen)]
    human = [asserted(a, b, verdict, now=at, actor="ada") for a, b, verdict, at in said]
    return told + [word for place, word in enumerate(human) if word.id not in {one.id for one in human[:place]}]


def replay(events: Sequence[Event], rules: Rules = RULES) -> tuple[Graph, list[Event]]:
    """Attach events one after the other to an empty graph."""
    graph = Graph("town", rules)
    derived = [made for one in events for made in attach(graph, one, rules).derived]
    return graph, derived


def persons(graph: Graph) -> set[frozenset[Key]]:
    """Return who is who, without ids."""
    found = defaultdict(set)
    for node in graph.nodes.values():
        assert node.person is not None
        found[node.person.id].add((node.kind, node.value))
    return {frozenset(keys) for keys in found.values()}


def homes(graph: Graph) -> set[frozenset[Key]]:
    """Return who lives together, by identifiers, without ids."""
    found = defaultdict(set)
    for person in graph.persons.values():
        if person.household:
            found[person.household] |= {(graph.nodes[n].kind, graph.nodes[n].value) for n in person.nodes}
    return {frozenset(keys) for keys in found.values()}


class Oracle:
    """Decides the partition from the multiset of events at once, by the plainest reading of the rules."""

    def __init__(self, events: Sequence[Event], rules: Rules = RULES) -> None:
        self.rules = rules
        self.edges: dict[frozenset[Key], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        self.human: dict[frozenset[Key], tuple[int, str, str]] = {}
        self.first: dict[Key, int] = {}
        self.trust: dict[Key, int] = Counter()
        self.marks: dict[Key, frozenset[str]] = defaultdict(frozenset)
        for one in events:
            self._read(one)

    def blocked(self, key: Key) -> bool:
        """The placeholders of this town."""
        return key[1] in {"null", "info@example.com", "+15555555555"}

    def _read(self, one: Event) -> None:
        keys = [identifier.key for identifier in one.identifiers]
        if one.name == "Identity Asserted":
            pair = [(one.properties[end]["kind"], one.properties[end]["value"]) for end in "ab"]
            keys += pair
            word = (one.occurred_at, one.id, one.properties["verdict"])
            self.human[frozenset(pair)] = max(word, self.human.get(frozenset(pair), word))
        for identifier in one.identifiers:
            self.trust[identifier.key] = max(self.trust[identifier.key], int(identifier.trust))
        for key in keys:
            self.first[key] = min(one.occurred_at, self.first.get(key, one.occurred_at))
        for key in keys:
            if key[0] == "email" and key[1].endswith(("@gmail.com", "@googlemail.com")):
                box = ("mailbox", "anna@gmail.com")
                self.first[box] = 0
                self.edges[frozenset((key, box))][2] = [0]
        if one.name == "Identity Asserted":
            return
        anchor = next((key for key in keys if not self.blocked(key)), keys[0])
        for key in keys:
            if key != anchor and not self.blocked(key) and not self.blocked(anchor):
                self.edges[frozenset((key, anchor))][int(one.identifiers[0].trust)].append(one.occurred_at)
        if int(one.identifiers[0].trust) == 2:
            self.marks[anchor] |= marks_of(one.traits)

    def kind(self, key: Key) -> Any:
        """The rule of a key."""
        return self.rules.kind(key[0])

    def shared(self, key: Key) -> bool:
        """Too many owners at one time."""
        rule, spans = self.kind(key), defaultdict(list)
        if not rule.owners or self.blocked(key):
            return False
        for pair, seen in self.edges.items():
            if key not in pair:
                continue
            (other,) = pair - {key}
            times = seen.get(2, []) if rule.named else [at for some in seen.values() for at in some]
            counts = rule.unique or self.kind(other).rank < rule.rank
            if times and self.kind(other).named and counts:
                spans[other[0]].append((min(times), max(times)))
        reach = rule.overlap * DAY if rule.overlap else 10**18
        return any(
            sum(first <= at < last + reach for first, last in some) > rule.owners
            for some in spans.values()
            for at, _ in some
        )

    def neighbours(self, key: Key) -> int:
        """How many others a key was ever seen with."""
        return sum(key in pair for pair in self.edges.keys() | self.human.keys())

    def verdict(self, pair: frozenset[Key]) -> str:
        """The last human word, if it holds."""
        word = self.human.get(pair, (0, "", ""))[2]
        return "" if word == "withdrawn" else word

    def ordered(self) -> list[tuple[tuple[Any, ...], frozenset[Key], int]]:
        """Every bond that may join, strongest first."""
        shared = {key for key in self.first if self.shared(key)}
        found = []
        for pair in self.edges.keys() | self.human.keys():
            verdict, seen = self.verdict(pair), self.edges.get(pair, {})
            barred = pair & shared or any(self.kind(key).joins == "never" or self.blocked(key) for key in pair)
            crowd = any(self.neighbours(key) > self.rules.crowd for key in pair)
            weak = 2 not in seen or not all(self.kind(key).named for key in pair)
            barred = barred or (crowd and weak)
            if verdict == "not_same" or (not verdict and (barred or not seen)):
                continue
            trust = max(seen, default=-1)
            times = seen.get(trust, [0])
            weaker = max(pair, key=lambda key: (self.kind(key).rank, weight(*key)))
            count = len(times) if seen else 0
            contest = {"first": min(times), "newest": -max(times), "support": -count}[self.kind(weaker).contest]
            weights = sorted(weight(*key) for key in pair)
            order = (
                verdict != "same",
                -trust,
                self.kind(weaker).rank,
                contest if seen else 0,
                weights[0] ^ weights[1],
                weights[0],
            )
            found.append((order, pair, trust))
        return sorted(found, key=lambda entry: entry[0])

    def partition(self) -> set[frozenset[Key]]:
        """Join greedily, checking every constraint on whole sets each time."""
        bonds = self.ordered()
        lost = self._lost(bonds)
        graph = nx.Graph()
        graph.add_nodes_from(self.first)
        for _, pair, trust in bonds:
            a, b = pair
            x, y = nx.node_connected_component(graph, a), nx.node_connected_component(graph, b)
            if b not in x and pair not in lost and self._may(x, y, pair, trust):
                graph.add_edge(a, b)
        return {frozenset(part) for part in nx.connected_components(graph)}

    def _lost(self, bonds: list[tuple[tuple[Any, ...], frozenset[Key], int]]) -> set[frozenset[Key]]:
        winners: dict[Key, Key] = {}
        lost = set()
        for _, pair, _ in bonds:
            for key in pair:
                (other,) = pair - {key}
                rule, far = self.kind(key), self.kind(other)
                rival = far.named and far.rank < rule.rank
                if rule.joins not in {"agree", "no_conflict"} or not rival or self.verdict(pair) == "same":
                    continue
                best = self.marks[winners.setdefault(key, other)]
                differs = (
                    not agree(best, self.marks[other]) if rule.joins == "agree" else conflict(best, self.marks[other])
                )
                if winners[key] != other and differs:
                    lost.add(pair)
        return lost

    def _may(self, x: set[Key], y: set[Key], pair: frozenset[Key], trust: int) -> bool:
        for other in self.human:
            if self.verdict(other) == "not_same" and other & x and other & y:
                return False
        if self.verdict(pair) == "same":
            return True
        unique = [{key[0] for key in some if self.kind(key).unique} for some in (x, y)]
        named = [any(self.kind(key).named for key in some) for some in (x, y)]
        firm = any(self.trust[key] == 2 and self.kind(key).named for key in x | y)
        if unique[0] & unique[1]:
            return False
        if all(named) and (any(self.kind(key).joins == "attach" for key in pair) or (trust < 2 and firm)):
            return False
        both = {key[0] for key in x} & {key[0] for key in y}
        return not any(self._too_many([key for key in x | y if key[0] == kind]) for kind in both)

    def _too_many(self, keys: list[Key]) -> bool:
        rule = self.kind(keys[0])
        times = sorted(self.first[key] for key in keys)
        return bool(rule.limit) and any(
            sum(start <= at < start + rule.window * DAY for at in times) > rule.limit for start in times
        )

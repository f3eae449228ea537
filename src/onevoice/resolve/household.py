"""
Households: who lives together, a second and weaker partition above persons.

Two persons share a household if they share a postal address, a phone that stays with one of them, or a card and a
surname. A household never moves traits, consent or messages. Its id is made from its oldest shared identifier.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from onevoice.resolve.bond import Bond
from onevoice.resolve.graph import BLOCKED, Graph, Node, Person
from onevoice.resolve.naming import derived
from onevoice.resolve.rules import Rules

#: An identifier with this many times more neighbours than a household may have people is not even looked at.
SPREAD = 8


def widest(rules: Rules) -> int:
    """Return the most neighbours that an identifier may have to be looked at; all of them are always at hand."""
    return min(rules.household_max * SPREAD, rules.crowd)


class Move(NamedTuple):
    """A person that came into a household, left one ("" then), or changed."""

    person: Person
    old: str
    new: str
    because: Node | None


def rehouse(graph: Graph, touched: set[str], seeds: set[Node], fresh: Iterable[Bond]) -> list[Move]:
    """Bring the households around these persons and nodes up to date and return who moved, by person id."""
    concerned = {id_: graph.persons[id_] for id_ in touched if id_ in graph.persons}
    added = Counter(end for bond in fresh for end in (bond.a, bond.b))
    for node in seeds | _leaving(graph, added):
        concerned |= {person.id: person for person in _concerned(graph, node, added[node.id])}
    start = {id_: person for id_, person in concerned.items() if _shares(graph, person)}
    moves: dict[str, Move] = {}
    done: set[str] = set()
    for id_ in sorted(start):
        if id_ in done:
            continue
        members, shared = _reach(graph, start[id_])
        done |= members.keys()
        oldest = min(shared, key=lambda node: (node.first_at, node.weight)) if len(members) > 1 else None
        new = derived("household", graph.workspace, oldest.kind, oldest.value) if oldest else ""
        for person in members.values():
            if person.household != new:
                moves[person.id] = Move(person, person.household, new, oldest)
                person.household = new
                graph.dirty_persons.add(person)
                if oldest is not None:
                    graph.dirty_households[new] = oldest
    return [moves[id_] for id_ in sorted(moves)]


def _leaving(graph: Graph, added: Counter[int]) -> set[Node]:
    """Return the homes of nodes that have just met so many others that they live nowhere any more."""
    crowd = graph.rules.crowd
    nodes = [graph.nodes[number] for number in added]
    grown = [node for node in nodes if node.neighbours > crowd >= node.neighbours - added[node.id]]
    return {home for node in grown for number in node.links if (home := graph.nodes[number]).rule.household}


def _concerned(graph: Graph, node: Node, added: int) -> list[Person]:
    """Return whose household a changed node can change: its own person's, and, if it is shared, those around it."""
    if not node.rule.household:
        return [node.person] if node.person is not None else []
    if node.neighbours - added > widest(graph.rules):  # it was dissolved when it crossed the line
        return []
    near = [graph.nodes[number] for number in node.links]
    return [one.person for one in (node, *near) if one.person is not None and one.rule.named]


def _shares(graph: Graph, person: Person) -> bool:
    """Tell whether a person has, or is seen with, anything that a household could share."""
    if person.household:
        return True
    at_hand, crowd = graph.nodes, graph.rules.crowd
    for number in person.nodes:
        node = at_hand[number]
        if node.rule.household:
            return True
        if node.rule.named and node.neighbours <= crowd and any(at_hand[far].rule.household for far in node.links):
            return True
    return False


def _reach(graph: Graph, start: Person) -> tuple[dict[str, Person], list[Node]]:
    """Return everybody in a person's household, and the identifiers that they share."""
    members: dict[str, Person] = {start.id: start}
    shared: dict[int, Node] = {}
    waiting = [start]
    while waiting:
        person = waiting.pop()
        homes = {home.id: home for node in graph.members(person.nodes) for home in around(graph, node)}
        for home in homes.values():
            for group in groups(graph, home):
                if person in group:  # a neighbour by a mere claim lives elsewhere
                    shared[home.id] = home
                    fresh = [one for one in group if one.id not in members]
                    members |= {one.id: one for one in fresh}
                    waiting += fresh
    return members, list(shared.values())


def around(graph: Graph, node: Node) -> list[Node]:
    """Return the identifiers at or next to a node that a household could share."""
    settled = node.rule.named and node.neighbours <= graph.rules.crowd
    near = [graph.nodes[number] for number in node.links] if settled else []
    return [home for home in (node, *near) if home.rule.household]


def groups(graph: Graph, home: Node) -> list[list[Person]]:
    """Return the groups of two or more persons who share an identifier; a card is shared only within a surname."""
    most = graph.rules.household_max
    if not home.rule.household or home.status == BLOCKED or home.neighbours > widest(graph.rules):
        return []
    found: dict[str, dict[str, Person]] = {}
    for number, bond in home.links.items():
        node = graph.nodes[number]
        settled = node.rule.named and node.neighbours <= graph.rules.crowd
        if settled and node.person is not None and _holds(home, bond):
            for name in _names(home, node):
                found.setdefault(name, {})[node.person.id] = node.person
    return [list(group.values()) for group in found.values() if 1 < len(group) <= most]


def _holds(home: Node, bond: Bond) -> bool:
    """A claim does not put anybody into the household of an address or phone that is verified."""
    return bond.verdict != "not_same" and bond.trust >= home.trust


def _names(home: Node, node: Node) -> list[str]:
    if home.rule.joins != "no_conflict":
        return [""]
    return [mark for mark in node.marks if mark.startswith("f:")]

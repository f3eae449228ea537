"""Which id a cluster carries on: persons outlive the merges and splits that happen to them."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from onevoice.resolve.graph import Graph, Node, Person


class Change(NamedTuple):
    """What happened to the persons of a region."""

    merged: list[tuple[Person, list[Person]]]  #: the survivor and whom it absorbed
    split: list[tuple[Person, list[Person]]]  #: the source and the persons that came out of it
    touched: set[str]  #: ids of all persons whose nodes changed


def succeed(graph: Graph, clusters: Iterable[list[Node]], at: int) -> Change:
    """
    Give each cluster a person and return what changed.

    A person goes where most of its nodes went; the oldest that arrive in one cluster survives there and the others
    lead to it for ever. A cluster to which nobody came gets back the id that one of its nodes founded and that was
    absorbed since, or else a new one from its strongest node.
    """
    groups = sorted((sorted(nodes, key=strength) for nodes in clusters), key=lambda nodes: strength(nodes[0]))
    heirs = _heirs(groups)
    before = [{node.person.id: node.person for node in nodes if node.person} for nodes in groups]
    change = Change([], [], set())
    for at_group, nodes in enumerate(groups):
        came = sorted((p for p in before[at_group].values() if heirs[p.id] == at_group), key=age)
        person = came[0] if came else newcomer(graph, nodes, at)
        _settle(graph, person, nodes, change)
        if came[1:]:
            change.merged.append((person, came[1:]))
    absorb(graph, change)
    _parted(before, groups, heirs, change)
    return change


def strength(node: Node) -> tuple[int, int, int]:
    """Order nodes by how well they stand for a person; the smallest does it best."""
    return (node.rule.rank, node.first_at, node.weight)


def age(person: Person) -> tuple[int, str]:
    """Order persons, the oldest first."""
    return (person.founded_at, person.id)


def _heirs(groups: list[list[Node]]) -> dict[str, int]:
    """Return the number of the group in which most of each person's nodes are now; the stronger group wins a tie."""
    overlap: dict[str, Counter[int]] = {}
    for number, nodes in enumerate(groups):
        for node in nodes:
            if node.person:
                overlap.setdefault(node.person.id, Counter())[number] += 1
    return {id_: max(counts, key=lambda number: (counts[number], -number)) for id_, counts in overlap.items()}


def newcomer(graph: Graph, nodes: list[Node], at: int) -> Person:
    """Return a person for nodes, strongest first, to whom none came: an absorbed one taken up again, or a new one."""
    # A node that moved here from a living person may have founded that one: only absorbed ids are taken up again.
    for node in nodes:
        if node.dormant:
            person = Person(node.dormant, node.first_at, node.id)
            graph.persons[person.id] = person
            graph.redirects.pop(person.id, None)
            return person
    return graph.found_person(nodes[0], at)


def _settle(graph: Graph, person: Person, nodes: list[Node], change: Change) -> None:
    now = {node.id for node in nodes}
    if now == person.nodes:
        return
    person.nodes = now
    change.touched.add(person.id)
    graph.dirty_persons.add(person)
    for node in nodes:
        if node.dormant == person.id:
            node.dormant = ""
            graph.dirty_nodes.add(node)
        if node.person is not person:
            node.person = person
            graph.dirty_nodes.add(node)


def absorb(graph: Graph, change: Change) -> None:
    """Let every absorbed id lead to its survivor."""
    for survivor, absorbed in change.merged:
        for person in absorbed:
            graph.redirects[person.id] = (person, survivor.id)
            graph.persons.pop(person.id, None)
            graph.dirty_persons.discard(person)
            change.touched.add(person.id)
            founder = graph.nodes.get(person.founder)
            if founder is not None and founder.id in survivor.nodes:
                founder.dormant = person.id
                graph.dirty_nodes.add(founder)


def _parted(before: list[dict[str, Person]], groups: list[list[Node]], heirs: dict[str, int], change: Change) -> None:
    """Note the persons of which a part became, or went to, another person."""
    went: dict[str, tuple[Person, list[Person]]] = {}
    for number, persons in enumerate(before):
        now = groups[number][0].person
        for id_, person in persons.items():
            if heirs[id_] != number and now is not None and now is not person:
                went.setdefault(id_, (person, []))[1].append(now)
    change.split.extend(went[id_] for id_ in sorted(went))

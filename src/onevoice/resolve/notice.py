"""The house's own events about identity; each is derived from the event that caused it, so a rebuild makes it anew."""

from collections.abc import Iterable, Mapping
from typing import Any

from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust
from onevoice.resolve.bond import Bond
from onevoice.resolve.graph import STATUSES, Graph, Node, Person
from onevoice.resolve.naming import derived
from onevoice.resolve.partition import Parts


def named(node: Node) -> dict[str, str]:
    """Return a node as events name it."""
    return {"kind": node.kind, "value": node.value}


def _event(name: str, about: Node, key: str, cause: Event, properties: dict[str, Any]) -> Event:
    return Event(
        id=derived("notice", name, key, cause.id),
        name=name,
        occurred_at=cause.occurred_at,
        received_at=cause.received_at,
        identifiers=(Identifier(about.kind, about.value, Trust(about.trust)),),
        properties={**properties, "cause": cause.id},
        source="resolve",
        historical=cause.historical,
        derived=True,
    )


def strongest(graph: Graph, person: Person) -> Node:
    """Return the node that best stands for a person."""
    return min(graph.members(person.nodes), key=lambda node: (node.rule.rank, node.first_at, node.weight))


def demoted(graph: Graph, node: Node, cause: Event) -> Event:
    """Tell that an identifier turned out to be shared or crowded, and no longer joins."""
    told = {"identifier": named(node), "status": STATUSES[node.status], "rules_version": graph.rules.version}
    return _event("Identifier Demoted", node, f"{node.kind}:{node.value}:{node.status}", cause, told)


def held(graph: Graph, bond: Bond, cause: Event) -> Event:
    """Tell that two groups of identifiers are too large to be joined by a rule, and wait for a human."""
    a, b = graph.nodes[bond.a], graph.nodes[bond.b]
    told = {"a": named(a), "b": named(b), "most": graph.rules.max_component, "status": "oversized"}
    return _event("Identity Merge Held", a, f"{a.weight}:{b.weight}", cause, told)


def merged(graph: Graph, survivor: Person, absorbed: list[Person], edges: Iterable[Bond], cause: Event) -> Event:
    """Tell that persons became one, and which evidence joined them."""
    ids = [person.id for person in absorbed]
    inside = [bond for bond in edges if {bond.a, bond.b} <= survivor.nodes]
    told = {
        "survivor": survivor.id,
        "absorbed": ids,
        "lineage": [survivor.id, *ids],
        "edges": [_edge(graph, bond) for bond in inside[: len(ids)]],
        "rules_version": graph.rules.version,
    }
    return _event("Person Merged", strongest(graph, survivor), survivor.id, cause, told)


def _edge(graph: Graph, bond: Bond) -> dict[str, Any]:
    a, b = graph.nodes[bond.a], graph.nodes[bond.b]
    weaker = max(a, b, key=lambda node: (node.rule.rank, node.weight))
    basis = "human" if bond.verdict else "event" if bond.trust >= 0 else "linkage"
    trust = Trust(max(bond.trust, 0)).name.lower()
    return {"a": named(a), "b": named(b), "basis": basis, "trust": trust, "rule": weaker.kind.partition("@")[0]}


def split(graph: Graph, source: Person, results: list[Person], cause: Event, parts: Parts) -> Event:
    """Tell that a part of a person became, or went to, others, and which rules keep them apart."""
    persons = {person.id: person for person in (*results, source)}
    moved = {person.id: [named(node) for node in graph.members(person.nodes)] for person in results}
    reasons = {refused.reason for refused in parts.refused if _across(graph, refused.bond, persons)}
    told = {
        "source": source.id,
        "results": [person.id for person in results],
        "moved": moved,
        "reasons": sorted(reasons),
        "rules_version": graph.rules.version,
    }
    return _event("Person Split", strongest(graph, results[0]), source.id, cause, told)


def _across(graph: Graph, bond: Bond, persons: Mapping[str, Person]) -> bool:
    ends = {person.id for end in (bond.a, bond.b) if (person := graph.nodes[end].person)}
    return len(ends) == 2 and ends <= persons.keys()


def housed(graph: Graph, person: Person, old: str, new: str, because: Node | None, cause: Event) -> Event:
    """Tell that a person came into a household or left one."""
    told: dict[str, Any] = {"person": person.id, "household": new or old, "left": old if new else ""}
    if because is not None:
        told["shared"] = named(because)
    name = "Household Linked" if new else "Household Unlinked"
    return _event(name, strongest(graph, person), person.id, cause, told)

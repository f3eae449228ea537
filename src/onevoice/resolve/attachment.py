"""Attaching an event: find its anchor, add its evidence, and see whether that changes who belongs together."""

from collections.abc import Iterable
from typing import Any

import msgspec

from onevoice.domain.event import Event
from onevoice.resolve.assertion import VOICES, is_spoken, speak, spoken_keys
from onevoice.resolve.bond import ALIAS, EVENT, SURE
from onevoice.resolve.graph import BLOCKED, CROWDED, Graph, Key, Node
from onevoice.resolve.marks import marks_of, merged
from onevoice.resolve.partition import place
from onevoice.resolve.rules import Rules
from onevoice.resolve.settlement import Work, connect, settle
from onevoice.resolve.sighting import sight

#: What comes back from a channel confirms an address, but names nobody: such events never raise trust.
RECEIPTS = ("Email ", "SMS ", "Push Notification ", "Mail Piece ")


class Attachment(msgspec.Struct, frozen=True, gc=False):
    """Where an event belongs; a house event that names nobody has anchor 0."""

    anchor: int
    nodes: tuple[int, ...]
    derived: tuple[Event, ...] = ()


def keys_of(event: Event) -> list[Key]:
    """Return every key that a working set must hold before the event can be attached."""
    keys = [identifier.key for identifier in event.identifiers]
    if is_spoken(event):
        keys += spoken_keys(event)
    return keys


def keys_of_all(events: Iterable[Event]) -> dict[Key, None]:
    """Return the keys of many events, each once, in the order in which they are named."""
    keys: dict[Key, None] = {}
    for event in events:
        for one in event.identifiers:
            keys[one.kind, one.value] = None
        if event.name in VOICES:
            keys |= dict.fromkeys(keys_of(event))
    return keys


def attach(graph: Graph, event: Event, rules: Rules) -> Attachment:
    """
    Add an event's evidence to the working set and return its anchor and what follows from it.

    Raises:
        NotLoaded: The working set was not filled with `keys_of(event)`.
    """
    if rules is not graph.rules:
        graph.adopt(rules)
    is_word = event.name in VOICES and is_spoken(event)
    if len(event.identifiers) == 1 and not event.traits and not is_word and (node := _again(graph, event)):
        return Attachment(node.id, (node.id,))
    work = Work()
    nodes = _sight(graph, event, work)
    if is_word:
        speak(graph, event, work)
    if not nodes:
        return Attachment(0, (), settle(graph, work, event) if work else ())
    anchor = nodes[0]
    if anchor.status == BLOCKED:
        anchor = next((node for node in nodes if node.status != BLOCKED), anchor)
    if len(nodes) > 1:
        _bind(graph, anchor, nodes, event, work)
    if event.traits and event.identifiers[nodes.index(anchor)].trust == SURE:
        _mark(graph, anchor, event.traits, work)
    derived = settle(graph, work, event) if work else ()
    return Attachment(anchor.id, tuple([node.id for node in nodes]), derived)


def _again(graph: Graph, event: Event) -> Node | None:
    """Return the one node of an event that tells nothing new about it, most often a browser on its next page."""
    (one,) = event.identifiers
    node = graph.by_key.get((one.kind, one.value))
    if node is None or node.component is None or event.occurred_at < node.first_at or one.trust > node.trust:
        return None
    node.tick = graph.tick
    return node


def _sight(graph: Graph, event: Event, work: Work) -> list[Node]:
    """Return the event's nodes, made where they are new, strongest first."""
    by_key, tick, at = graph.by_key, graph.tick, event.occurred_at
    nodes = []
    for identifier in event.identifiers:
        key = (identifier.kind, identifier.value)
        node = by_key.get(key)
        if node is None or node.component is None or at < node.first_at:
            node = sight(graph, key, at, work)
        node.tick = tick
        if identifier.trust > node.trust:
            _raise(graph, node, int(identifier.trust), event, work)
        nodes.append(node)
    return nodes


def _raise(graph: Graph, node: Node, trust: int, event: Event, work: Work) -> None:
    """Note that somebody better vouched for a node."""
    if trust == SURE and event.name.startswith(RECEIPTS):
        return
    node.trust = trust
    graph.dirty_nodes.add(node)
    component = node.component
    if node.firm and component:
        component.firm = True
    if node.rule.household or (node.firm and component and (component.soft or not component.plain)):
        work.seeds.add(node)


def _bind(graph: Graph, anchor: Node, nodes: list[Node], event: Event, work: Work) -> None:
    """Add one sighting to the bond between the anchor and every other identifier of the event."""
    basis = ALIAS if event.type == "alias" else EVENT
    at, via, links, dirty = event.occurred_at, event.id, anchor.links, graph.dirty_bonds
    least = event.identifiers[nodes.index(anchor)].trust
    for identifier, node in zip(event.identifiers, nodes, strict=True):
        if node is anchor or node.status == BLOCKED:
            continue
        bond = links.get(node.id)
        if bond is None:
            if anchor.status >= CROWDED and node.status >= CROWDED and _forgets(graph, anchor, node):
                continue
            bond = connect(graph, anchor, node)
        before = place(bond, anchor, node) if bond.live == 1 else None
        is_new = bond.say(basis + min(least, identifier.trust), at, via)
        if is_new or bond.live > 1 or (before is not None and place(bond, anchor, node) != before):
            work.fresh[bond] = None
        dirty.add(bond)


def _forgets(graph: Graph, a: Node, b: Node) -> bool:
    """Tell whether a bond between two crowds is not worth keeping: it could never join anybody."""
    crowd = graph.rules.crowd
    return a.neighbours > crowd and b.neighbours > crowd and not (a.rule.named and b.rule.named)


def _mark(graph: Graph, node: Node, traits: dict[str, Any], work: Work) -> None:
    marks = marks_of(traits)
    if not marks <= node.marks and (wider := merged(node.marks, marks)) != node.marks:
        node.marks = wider
        graph.dirty_nodes.add(node)
        work.seeds.add(node)

"""Settling what new evidence changes: statuses, then components, then persons, then households, then the notices."""

from collections.abc import Iterable

from onevoice.domain.event import Event
from onevoice.resolve import notice
from onevoice.resolve.bond import Bond
from onevoice.resolve.graph import CROWDED, SHARED, Component, Graph, Node
from onevoice.resolve.household import rehouse
from onevoice.resolve.partition import Parts, crowded, partition
from onevoice.resolve.standing import crowds, refusal, status
from onevoice.resolve.succession import Change, succeed

#: A component larger than this takes in one more browser without being solved again.
LARGE = 16


class Work:
    """What an event changed: nodes that are new or know more, and bonds that are new, firmer or contested."""

    __slots__ = ("fresh", "seeds")

    def __init__(self) -> None:
        self.seeds: set[Node] = set()
        self.fresh: dict[Bond, None] = {}

    def __bool__(self) -> bool:
        return bool(self.seeds or self.fresh)


def connect(graph: Graph, a: Node, b: Node) -> Bond:
    """Return the bond between two nodes, made if there is none."""
    bond = a.links.get(b.id)
    if bond is None:
        bond = Bond(min(a.id, b.id), max(a.id, b.id))
        a.links[b.id] = b.links[a.id] = bond
        a.neighbours += 1
        b.neighbours += 1
        graph.dirty_nodes.update((a, b))
    graph.dirty_bonds.add(bond)
    return bond


def settle(graph: Graph, work: Work, cause: Event) -> tuple[Event, ...]:
    """Bring statuses, components, persons and households up to date, and return the events that tell of it."""
    told: list[Event] = []
    seeds = set(work.seeds)
    for bond in work.fresh:
        seeds.update(node for node in (graph.nodes[bond.a], graph.nodes[bond.b]) if _can_change(node, bond))
    for node in sorted(seeds, key=_number):
        if (now := status(graph, node)) != node.status:
            node.status = now
            graph.dirty_nodes.add(node)
            told.append(notice.demoted(graph, node, cause))
    region, held = gather(graph, seeds, work.fresh)
    told += [notice.held(graph, bond, cause) for bond in held]
    change = _solve(graph, region, work, cause, told) if region else Change([], [], set())
    told += [notice.housed(graph, *move, cause) for move in rehouse(graph, change.touched, seeds)]
    return tuple(told)


def _number(node: Node) -> int:
    return node.id


def _can_change(node: Node, bond: Bond) -> bool:
    """Tell whether a bond can still matter to a node: shared ones join nobody, crowded ones only on firm evidence."""
    if node.status >= SHARED:
        return bool(bond.verdict) or node.rule.household
    return node.status < CROWDED or bond.sure or bool(bond.verdict)


def gather(graph: Graph, seeds: set[Node], fresh: Iterable[Bond]) -> tuple[list[Component], list[Bond]]:
    """
    Return the components in which persons may change, and the bonds held back because the whole would be too large.

    Only fresh bonds can lead from one component into another: statuses never let more join.
    """
    found = {node.component.label: node.component for node in seeds if node.component}
    held: list[Bond] = []
    for bond in sorted(fresh, key=lambda bond: (bond.a, bond.b)):
        a, b = graph.nodes[bond.a], graph.nodes[bond.b]
        if a.component is b.component or not a.component or not b.component or refusal(bond, a, b, graph.rules):
            continue
        both = {a.component.label: a.component, b.component.label: b.component}
        if sum(len(part.nodes) for part in both.values()) > graph.rules.max_component and bond.verdict != "same":
            held += [] if a.component.held and b.component.held else [bond]
            for part in both.values():
                _hold(graph, part)
            continue
        found |= both
    return [found[label] for label in sorted(found)], held


def _hold(graph: Graph, component: Component) -> None:
    """Note that more wants into a component than the rules allow; its first node keeps the note."""
    component.held = True
    graph.dirty_nodes.add(graph.nodes[component.label])


def _solve(graph: Graph, region: list[Component], work: Work, cause: Event, told: list[Event]) -> Change:
    if len(region) == 1 and len(region[0].nodes) == 1:
        (node,) = graph.members(region[0].nodes)
        if node.person is not None:
            return Change([], [], set())
    if len(region) == 2 and len(work.fresh) == 1 and (change := _leaf(graph, region, work)):
        return change
    nodes = list(graph.members(number for component in region for number in component.nodes))
    before = {node.id: node.person for node in nodes}
    parts = partition(graph, nodes)
    _relabel(graph, parts)
    change = succeed(graph, parts.clusters, cause.occurred_at)
    _enliven(graph, parts)
    told += [notice.merged(graph, survivor, absorbed, before, parts, cause) for survivor, absorbed in change.merged]
    told += [notice.split(graph, source, results, cause, parts) for source, results in change.split]
    return change


def _leaf(graph: Graph, region: list[Component], work: Work) -> Change | None:
    """Let a new browser or device follow a large person without conflicts; None if it is not as simple as that."""
    small, large = sorted(region, key=lambda component: len(component.nodes))
    (leaf, *others) = graph.members(small.nodes)
    bond = next(iter(work.fresh))
    if others or leaf.rule.named or leaf.person or not large.plain or len(large.nodes) <= LARGE or bond.verdict:
        return None
    host = graph.nodes[bond.other(leaf.id)]
    if host.component is not large or host.person is None or work.seeds - {leaf, host}:
        return None
    times = [node.first_at for node in graph.members(large.nodes) if node.kind == leaf.kind]
    if leaf.rule.limit and crowded([*times, leaf.first_at], leaf.rule.limit, leaf.rule.span):
        return None
    large.nodes.add(leaf.id)
    leaf.component, leaf.person = large, host.person
    host.person.nodes.add(leaf.id)
    graph.dirty_nodes.add(leaf)
    return Change([], [], set())


def _relabel(graph: Graph, parts: Parts) -> None:
    """Give every connected piece its component, keeping the label of the largest old one that still lies inside."""
    at_home = {node.id: cluster for cluster, nodes in enumerate(parts.clusters) for node in nodes}
    for piece in parts.pieces:
        numbers = {node.id for node in piece}
        olds = [node.component for node in piece if node.component and node.component.label in numbers]
        label = max(olds, key=lambda old: (len(old.nodes), -old.label)).label if olds else min(numbers)
        component = Component(label, numbers)
        if any(old.held for old in olds):
            _hold(graph, component)
        component.plain = len({at_home[number] for number in numbers}) == 1 and not numbers & parts.contested
        for node in piece:
            if node.component is None or node.component.label != label:
                graph.dirty_nodes.add(node)
        for node in piece:
            node.component = component


def _enliven(graph: Graph, parts: Parts) -> None:
    """Note the bonds of which more evidence could change the outcome, so that all others need only be counted."""
    watched = {node.id for nodes in parts.clusters for node in nodes if crowds(graph, node)} | parts.contested
    joinable = {bond: graph.nodes[bond.a].person is not graph.nodes[bond.b].person for bond in parts.joinable}
    for nodes in parts.clusters:
        for node in nodes:
            for bond in node.links.values():
                live = bond in joinable and (joinable[bond] or bond.a in watched or bond.b in watched)
                if live != bond.live:
                    bond.live = live
                    graph.dirty_bonds.add(bond)

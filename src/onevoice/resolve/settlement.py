"""Settling what new evidence changes: statuses, then components, then persons, then households, then the notices."""

from collections.abc import Iterable

from onevoice.domain.event import Event
from onevoice.resolve import notice
from onevoice.resolve.bond import HUMAN, Bond
from onevoice.resolve.graph import CROWDED, SHARED, Component, Graph, Node
from onevoice.resolve.household import rehouse
from onevoice.resolve.partition import Parts, partition
from onevoice.resolve.plain import followed, greet, plainly, summed
from onevoice.resolve.standing import crowds, refusal, status
from onevoice.resolve.succession import Change, succeed


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
    if not work.fresh and len(work.seeds) == 1:
        (node,) = work.seeds
        if node.person is None and not node.links:  # a first visit: nothing to join, nobody to live with
            greet(graph, node, cause)
            return ()
    told: list[Event] = []
    looked = set(work.seeds)
    stirred = set(work.seeds)
    for bond in work.fresh:
        ends = graph.nodes[bond.a], graph.nodes[bond.b]
        looked.update(node for node in ends if _can_change(node, bond))
    for node in sorted(looked, key=_number):
        if (now := status(graph, node)) != node.status:
            node.status = now
            stirred.add(node)
            graph.dirty_nodes.add(node)
            told.append(notice.demoted(graph, node, cause))
    change = plainly(graph, stirred, work.fresh, cause) or followed(graph, stirred, work.fresh, cause)
    if change is None:
        change = _solved(graph, stirred, work.fresh, cause, told)
    else:
        told += [notice.merged(graph, *merger, work.fresh, cause) for merger in change.merged]
    told += [notice.housed(graph, *move, cause) for move in rehouse(graph, change.touched, looked, work.fresh)]
    return tuple(told)


def _number(node: Node) -> int:
    return node.id


def _can_change(node: Node, bond: Bond) -> bool:
    """Tell whether a bond can still matter to a node: shared ones join nobody, crowded ones only on firm evidence."""
    if node.rule.household or bond.verdict:
        return True
    return node.status < CROWDED or (node.status < SHARED and bond.sure)


def gather(graph: Graph, stirred: set[Node], fresh: Iterable[Bond]) -> tuple[list[list[Component]], list[Bond]]:
    """
    Return the groups of components that are to be solved together, and the bonds held back as too large.

    Only fresh bonds can lead from one component into another: statuses never let more join.
    """
    groups = {node.component.label: [node.component] for node in sorted(stirred, key=_number) if node.component}
    held: list[Bond] = []
    for bond in sorted(fresh, key=lambda bond: (bond.a, bond.b)):
        a, b = graph.nodes[bond.a], graph.nodes[bond.b]
        if not a.component or not b.component:
            continue
        if refusal(bond, a, b, graph.rules):
            if HUMAN in bond.parts:  # they may have been one until now
                groups.setdefault(a.component.label, [a.component])
                groups.setdefault(b.component.label, [b.component])
            continue
        one = groups.setdefault(a.component.label, [a.component])
        other = groups.setdefault(b.component.label, [b.component])
        if one is other:
            continue
        if sum(len(part.nodes) for part in one + other) > graph.rules.max_component and bond.verdict != "same":
            held += [] if a.component.held and b.component.held else [bond]
            _hold(graph, a.component)
            _hold(graph, b.component)
            continue
        one += other
        groups |= {part.label: one for part in other}
    distinct = {id(group): group for group in groups.values()}
    return sorted(distinct.values(), key=lambda group: min(part.label for part in group)), held


def _solved(graph: Graph, stirred: set[Node], fresh: Iterable[Bond], cause: Event, told: list[Event]) -> Change:
    groups, held = gather(graph, stirred, fresh)
    told += [notice.held(graph, bond, cause) for bond in held]
    change = Change([], [], set())
    for group in groups:
        change.touched.update(_solve(graph, group, cause, told).touched)
    return change


def _solve(graph: Graph, group: list[Component], cause: Event, told: list[Event]) -> Change:
    """Solve some components whole and return what became of their persons."""
    nodes = list(graph.members(number for component in group for number in component.nodes))
    parts = partition(graph, nodes)
    change, events = _carry(graph, nodes, parts, cause)
    told += events
    return change


def decide(graph: Graph, nodes: list[Node], cause: Event) -> list[Event]:
    """Decide some whole persons anew, unless evidence would join more than the rules allow; return what changed."""
    parts = partition(graph, nodes)
    if any(len(piece) > graph.rules.max_component for piece in parts.pieces):
        return []
    return _carry(graph, nodes, parts, cause)[1]


def _carry(graph: Graph, nodes: list[Node], parts: Parts, cause: Event) -> tuple[Change, list[Event]]:
    _relabel(graph, parts)
    before = {node.id: node.person for node in nodes}
    change = succeed(graph, parts.clusters, cause.occurred_at)
    _enliven(graph, parts)
    events = []
    for survivor, absorbed in change.merged:
        edges = [bond for bond in parts.joinable if before[bond.a] is not before[bond.b]]
        events.append(notice.merged(graph, survivor, absorbed, edges, cause))
    events += [notice.split(graph, source, results, cause, parts) for source, results in change.split]
    return change, events


def _hold(graph: Graph, component: Component) -> None:
    """Note that more wants into a component than the rules allow; its first node keeps the note."""
    component.held = True
    graph.dirty_nodes.add(graph.nodes[component.label])


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
        summed(graph, component)
        for node in piece:
            if node.component is None or node.component.label != label:
                graph.dirty_nodes.add(node)
        for node in piece:
            node.component = component


def _enliven(graph: Graph, parts: Parts) -> None:
    """Note the bonds of which more evidence could change the outcome, so that all others need only be counted."""
    watched = {node.id for nodes in parts.clusters for node in nodes if crowds(graph, node)}
    joinable = {bond: graph.nodes[bond.a].person is not graph.nodes[bond.b].person for bond in parts.joinable}
    for nodes in parts.clusters:
        for node in nodes:
            for bond in node.links.values():
                live = _life(bond, joinable[bond], watched, parts.contested) if bond in joinable else 0
                if live != bond.live:
                    bond.live = live
                    graph.dirty_bonds.add(bond)


def _life(bond: Bond, apart: bool, watched: set[int], contested: set[int]) -> int:
    if bond.a in watched or bond.b in watched:
        return 2
    return int(apart or bond.a in contested or bond.b in contested)

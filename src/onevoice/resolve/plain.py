"""
The plain case: evidence joins persons between whom nothing stands, so nothing needs to be solved.

It gives exactly what solving would: as every constraint only gets stricter while clusters grow, a union that breaks
none could not have been refused on the way.
"""

from collections import Counter
from collections.abc import Iterable

from onevoice.domain.event import Event
from onevoice.resolve.bond import HUMAN, SURE, Bond
from onevoice.resolve.graph import Component, Graph, Node, Person
from onevoice.resolve.partition import Place, crowded, place, rivals
from onevoice.resolve.standing import refusal
from onevoice.resolve.succession import Change, absorb, age, newcomer, strength

Join = tuple[Bond, Node, Node]


def summed(graph: Graph, component: Component) -> None:
    """Bring a component's sums up to date from its nodes."""
    component.soft = component.named = component.firm = False
    component.unique, component.times = set(), {}
    for node in graph.members(component.nodes):
        component.count(node)
        for number, bond in node.links.items():
            if HUMAN in bond.parts and bond.verdict:  # also one that leads out: it forbids a later join
                component.plain = False
            if number > node.id and number in component.nodes and node.rule.named and graph.nodes[number].rule.named:
                component.soft |= 0 <= bond.trust < SURE


def greet(graph: Graph, node: Node, cause: Event) -> None:
    """Give a new node, seen alone, a person of its own."""
    person = node.person = newcomer(graph, [node], cause.occurred_at)
    person.nodes.add(node.id)


def plainly(graph: Graph, stirred: set[Node], fresh: Iterable[Bond], cause: Event) -> Change | None:
    """
    Join what fresh evidence joins, if nothing stands between; None if it must be solved.

    *stirred* are the nodes of which more is known than what the fresh bonds say.
    """
    groups = {node.component: [node.component] for node in stirred if node.component}
    if any(len(part.nodes) > 1 for part in groups):
        return None
    joins = []
    for bond in fresh:
        a, b = graph.nodes[bond.a], graph.nodes[bond.b]
        if HUMAN in bond.parts or bond.live:
            return None
        if a.component and b.component and not refusal(bond, a, b, graph.rules):
            joins.append((bond, a, b))
            if not _tied(groups, a.component, b.component):
                return None
    ends = Counter(end.component for _, a, b in joins for end in (a, b))
    if not all(_simple(graph, ends, *join) for join in joins):
        return None
    distinct = list({id(group): group for group in groups.values()}.values())
    if not all(_fits(graph, group, joins) for group in distinct):
        return None
    change = Change([], [], set())
    for group in sorted(distinct, key=lambda group: min(part.label for part in group)):
        _unite(graph, group, joins, cause, change)
    absorb(graph, change)
    return change


def _tied(groups: dict[Component, list[Component]], a: Component, b: Component) -> bool:
    """Put two components into one group, unless they are in one already."""
    one, other = groups.setdefault(a, [a]), groups.setdefault(b, [b])
    if one is other:
        return False
    one += other
    groups.update(dict.fromkeys(other, one))
    return True


def _simple(graph: Graph, ends: Counter[Component | None], bond: Bond, a: Node, b: Node) -> bool:
    """Tell whether a bond joins whatever else does: no contest, no browser between two names, no mere likelihood."""
    one, other = a.component, b.component
    if one is None or other is None or bond.trust < 0:
        return False
    if "attach" in {a.rule.joins, b.rule.joins}:
        return (not one.named and ends[one] == 1) or (not other.named and ends[other] == 1)
    return not _contested(graph, a, b) and not _contested(graph, b, a)


def _contested(graph: Graph, node: Node, new: Node) -> bool:
    if node.rule.joins not in {"agree", "no_conflict"} or not rivals(new, node):
        return False
    return sum(rivals(graph.nodes[number], node) for number in node.links) > 1


def _fits(graph: Graph, group: list[Component], joins: list[Join]) -> bool:
    """Tell whether the union of plain components breaks no constraint."""
    if len(group) == 1:
        return True
    kinds = [kind for part in group for kind in part.unique]
    if len(kinds) != len(set(kinds)) or not all(part.plain for part in group):
        return False
    if sum(len(part.nodes) for part in group) > graph.rules.max_component:
        return False
    if any(part.firm for part in group) and (any(part.soft for part in group) or any(map(_claimed, joins))):
        return False
    for kind in {kind for part in group for kind in part.times}:
        rule = graph.rules.kind(kind)
        if crowded([at for part in group for at in part.times.get(kind, ())], rule.limit, rule.span):
            return False
    return True


def _claimed(join: Join) -> bool:
    bond, a, b = join
    return bond.trust < SURE and a.rule.named and b.rule.named


def _unite(graph: Graph, group: list[Component], joins: list[Join], cause: Event, change: Change) -> None:
    """Make one component and one person of a group."""
    large = max(group, key=lambda part: (len(part.nodes), -part.label))
    came = {person.id: person for part in group if (person := graph.nodes[part.label].person)}
    olds = sorted(came.values(), key=age)
    person = olds[0] if olds else _new_person(graph, group, cause.occurred_at)
    for part in group:
        if graph.nodes[part.label].person is not person:
            _welcome(graph, part, person, change)
    for part in group:
        if part is not large:
            for node in graph.members(part.nodes):
                node.component = large
                graph.dirty_nodes.add(node)
            large.absorb(part)
    if len(group) > 1:
        large.soft |= any(map(_claimed, joins))
        large.last = ()
        if large.held:
            graph.dirty_nodes.add(graph.nodes[large.label])
    if olds[1:]:
        change.merged.append((person, olds[1:]))


def _new_person(graph: Graph, group: list[Component], at: int) -> Person:
    nodes = graph.members(number for part in group for number in part.nodes)
    return newcomer(graph, sorted(nodes, key=strength), at)


def _welcome(graph: Graph, component: Component, person: Person, change: Change) -> None:
    for node in graph.members(component.nodes):
        node.person = person
        graph.dirty_nodes.add(node)
    person.nodes |= component.nodes
    graph.dirty_persons.add(person)
    change.touched.add(person.id)


def followed(graph: Graph, stirred: set[Node], fresh: Iterable[Bond], cause: Event) -> Change | None:
    """
    Let a new browser or device follow its owner, or not, if its bond stands behind all others in the order.

    The greedy join then comes to it last, so it is decided on the outcome alone; None if it is not as simple.
    """
    new = [node for node in stirred if node.person is None]
    bonds = list(fresh)
    if len(new) != len(stirred) or len(new) != 1 or len(bonds) != 1 or HUMAN in bonds[0].parts:
        return None
    (leaf,), (bond,) = new, bonds
    host = graph.nodes[bond.other(leaf.id)]
    if leaf.rule.named or leaf.rule.joins != "attach" or host.component is None or host.person is None:
        return None
    if refusal(bond, leaf, host, graph.rules) or len(host.component.nodes) >= graph.rules.max_component:
        return None
    here = place(bond, leaf, host)
    if here < (host.component.last or _last(graph, host.component)) or (host.rule.joins == "attach"):
        return None
    return _appended(graph, leaf, host, bond, here, cause)


def _last(graph: Graph, component: Component) -> Place:
    """Return the place of the weakest bond that may join inside a component."""
    places = [
        place(bond, node, other)
        for node in graph.members(component.nodes)
        for number, bond in node.links.items()
        if number > node.id and number in component.nodes
        if not refusal(bond, node, other := graph.nodes[number], graph.rules)
    ]
    component.last = max(places, default=())
    return component.last


def _appended(graph: Graph, leaf: Node, host: Node, bond: Bond, here: Place, cause: Event) -> Change | None:
    component, person = host.component, host.person
    if component is None or person is None:
        return None
    times = [node.first_at for node in graph.members(person.nodes) if node.kind == leaf.kind]
    full = leaf.rule.limit and crowded([*times, leaf.first_at], leaf.rule.limit, leaf.rule.span)
    change = Change([], [], set())
    own = Component(leaf.id, {leaf.id})
    _welcome(graph, own, newcomer(graph, [leaf], cause.occurred_at) if full else person, change)
    component.nodes.add(leaf.id)
    component.count(leaf)
    component.plain &= not full
    component.last = here
    leaf.component = component
    if full:
        bond.live = 1
    return change

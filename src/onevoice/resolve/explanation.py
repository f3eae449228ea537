"""Why two identifiers are, or are not, one person: the path of the strongest evidence, in plain words."""

from collections import deque
from collections.abc import Iterable

from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.moment import to_datetime
from onevoice.domain.person import Link, Why
from onevoice.resolve.blocklist import blocked
from onevoice.resolve.bond import ALIAS, HUMAN, LINKAGE, SURE, Bond, Part
from onevoice.resolve.graph import BLOCKED, Graph, Key, Node
from onevoice.resolve.partition import Parts, partition, place
from onevoice.resolve.standing import refusal

#: What people call the kinds.
WORDS = {
    "user_id": "user", "crm_id": "customer number", "loyalty_id": "loyalty card", "email": "e-mail address",
    "mailbox": "mailbox", "phone": "phone number", "card_alias": "payment card", "device_id": "device",
    "push_token": "app installation", "anonymous_id": "browser", "ga_client_id": "Google Analytics id",
    "ad_id": "advertising id", "social": "social account", "badge_id": "badge", "address": "postal address",
}  # fmt: skip

#: Why a bond did not join, by the reason that the partition gives.
REFUSALS = {
    "not_same": "a person said that they are not the same",
    "blocked": "one of them names nobody",
    "never": "this kind of identifier never joins people",
    "shared": "one of them is shared by several people",
    "crowded": "one of them was seen with too many others",
    "unlikely": "the likeness is too small",
    "household": "both use it, but nothing else says that they are one person: they count as a household",
    "names": "the names or birth dates told with it contradict each other",
    "unique": "each side has its own value of an identifier of which a person has only one",
    "bridge": "a browser or device follows one owner and joins no two",
    "claimed": "it is only claimed, and a claim never joins known people",
    "limit": "one person would gain too many identifiers of a kind in too short a time",
    "oversized": "together they would be so large that a person must decide",
}


def explain(graph: Graph, a: Key, b: Key) -> Why:
    """Answer why two known identifiers are, or are not, the same person; both must be loaded."""
    one, other = graph.by_key[a], graph.by_key[b]
    if one.person is other.person:
        bonds = _path(graph, one, other, _tree(graph, one))
        links = tuple(_link(graph, bond, start) for bond, start in bonds)
        return Why(same=True, sentence=f"{_name(one)} and {_name(other)} are the same person.", links=links)
    refused = {id(said.bond): said.reason for said in _parts(graph, {one, other}).refused}
    every = [bond for node in graph.nodes.values() for bond in node.links.values()]
    refusals = [
        _link(graph, bond, start, refused.get(id(bond)) or _barrier(graph, bond))
        for bond, start in _path(graph, one, other, every)
        if graph.nodes[bond.a].person is not graph.nodes[bond.b].person
    ]
    because = f": {REFUSALS[refusals[0].rule]}" if refusals else ": nothing was ever seen that connects them"
    sentence = f"{_name(one)} and {_name(other)} are not known to be the same person{because}."
    return Why(same=False, sentence=sentence, refusals=tuple(refusals))


def _parts(graph: Graph, nodes: Iterable[Node]) -> Parts:
    inside = {number for node in nodes if node.component for number in node.component.nodes}
    return partition(graph, graph.members(inside))


def _tree(graph: Graph, node: Node) -> list[Bond]:
    """Return the bonds that joined a node's person, which form its strongest spanning tree."""
    parts = _parts(graph, {node})
    out = {id(said.bond) for said in parts.refused}
    inside = [bond for bond in parts.joinable if id(bond) not in out]
    roots: dict[int, int] = {}
    joined = []
    for bond in sorted(inside, key=lambda bond: place(bond, graph.nodes[bond.a], graph.nodes[bond.b])):
        x, y = _root(roots, bond.a), _root(roots, bond.b)
        if x != y:
            roots[x] = y
            joined.append(bond)
    return joined


def _root(roots: dict[int, int], number: int) -> int:
    while number in roots:
        number = roots[number]
    return number


def _path(graph: Graph, start: Node, end: Node, bonds: Iterable[Bond]) -> list[tuple[Bond, int]]:
    """Return the shortest way over these bonds, each with the end at which it is entered; empty if there is none."""
    near: dict[int, list[Bond]] = {}
    for bond in bonds:
        near.setdefault(bond.a, []).append(bond)
        near.setdefault(bond.b, []).append(bond)
    came: dict[int, tuple[Bond, int] | None] = {start.id: None}
    waiting = deque([start.id])
    while waiting and end.id not in came:
        here = waiting.popleft()
        for bond in sorted(near.get(here, []), key=lambda bond: (bond.a, bond.b)):
            there = bond.other(here)
            if there not in came:
                came[there] = (bond, here)
                waiting.append(there)
    path = []
    step = came.get(end.id)
    while step is not None:
        path.append(step)
        step = came[step[1]]
    return path[::-1]


def _barrier(graph: Graph, bond: Bond) -> str:
    a, b = graph.nodes[bond.a], graph.nodes[bond.b]
    return refusal(bond, a, b, graph.rules) or "oversized"


def _identifier(node: Node) -> Identifier:
    return Identifier(node.kind, node.value, Trust(node.trust))


def _link(graph: Graph, bond: Bond, start: int, reason: str = "") -> Link:
    a, b = graph.nodes[start], graph.nodes[bond.other(start)]
    count, first_at, last_at = bond.seen()
    best = _best(bond)
    weaker = max(a, b, key=lambda node: (node.rule.rank, node.weight))
    return Link(
        a=_identifier(a),
        b=_identifier(b),
        rule=reason or ("assertion" if bond.verdict else weaker.kind.partition("@")[0]),
        sentence=_sentence(graph, a, b, bond) + (f", but {_why_not(graph, a, b, reason)}" if reason else "") + ".",
        count=count or best.count,
        first_at=first_at or best.first_at,
        last_at=last_at or best.last_at,
        via=best.via,
    )


def _best(bond: Bond) -> Part:
    if bond.verdict:
        return bond.parts[HUMAN]
    if bond.trust < 0:
        return bond.parts.get(LINKAGE) or bond.parts[HUMAN]
    parts = [part for slot, part in bond.parts.items() if slot < LINKAGE and slot % 3 == bond.trust]
    return min(parts, key=lambda part: (part.first_at, part.via))


def _why_not(graph: Graph, a: Node, b: Node, reason: str) -> str:
    for node in (a, b):
        if reason == "blocked" and node.status == BLOCKED:
            return f"{_name(node)} names nobody: {blocked(node.kind, node.value, graph.rules)}"
    return REFUSALS[reason]


def _sentence(graph: Graph, a: Node, b: Node, bond: Bond) -> str:
    part = _best(bond)
    pair = f"{_name(a)} and {_name(b)}"
    if bond.verdict:
        told = "are the same person" if bond.verdict == "same" else "are not the same person"
        return f"{part.actor or 'Somebody'} said on {_day(part.last_at)} that {pair} {told}"
    if bond.trust < 0:
        if LINKAGE in bond.parts:
            return f"{pair} look alike: the likeness is {bond.probability:.0%}"
        return f"What was once said of {pair} was taken back"
    if "mailbox" in {a.kind, b.kind}:
        email = a if b.kind == "mailbox" else b
        return f"{_name(email)} reaches the same Gmail mailbox as its other spellings"
    count, first_at, _ = bond.seen()
    times = "once, on" if count == 1 else f"{count} times since"
    alias = all(slot >= ALIAS for slot in bond.parts if slot < LINKAGE)
    saw = "were said to be one" if alias else "were named together"
    who = "by a source we trust" if bond.trust == SURE else "as a claim from a browser or app"
    return f"{pair} {saw} {times} {_day(first_at)}, {who}"


def _name(node: Node) -> str:
    base, _, system = node.kind.partition("@")
    return f"{WORDS.get(base, base)} {node.value}" + (f" ({system})" if system else "")


def _day(at: int) -> str:
    day = to_datetime(at)
    return f"{day.day} {day:%B %Y}"

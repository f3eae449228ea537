"""
Who belongs together: a function of the set of evidence and the rules, never of the order of arrival.

Bonds are taken strongest first: human before verified before claimed before linkage, then by the rank of their weaker
end, then by who has the better right to a contested value, then by support, then by the values themselves. A bond
joins its two clusters unless that breaks a constraint. Every constraint only gets stricter as clusters grow, so a
refusal never depends on what came later.
"""

from bisect import bisect
from collections.abc import Iterable
from typing import NamedTuple

from onevoice.resolve.bond import SURE, Bond
from onevoice.resolve.graph import Graph, Node
from onevoice.resolve.marks import agree, conflict
from onevoice.resolve.rules import Rules
from onevoice.resolve.standing import refusal

Place = tuple[int, ...]


class Refused(NamedTuple):
    """A bond that did not join, and why."""

    bond: Bond
    reason: str


class Parts(NamedTuple):
    """A solved set of nodes: the clusters, the connected pieces they lie in, and what was refused."""

    clusters: list[list[Node]]
    pieces: list[list[Node]]
    refused: list[Refused]
    contested: set[int]
    joinable: list[Bond]


class Cluster:
    """A growing person: what decides whether it may grow further."""

    __slots__ = ("firm", "full", "named", "nodes", "times", "unique")

    def __init__(self, node: Node) -> None:
        rule = node.rule
        self.nodes = [node]
        self.named = rule.named
        self.firm = node.firm
        self.unique = {node.kind} if rule.unique else set()
        self.times: dict[str, list[int]] = {node.kind: [node.first_at]} if rule.limit else {}
        self.full: set[str] = set()  #: kinds of which a human's word gave it more than the limit

    def absorb(self, other: "Cluster") -> None:
        """Take in another cluster."""
        self.nodes += other.nodes
        self.named |= other.named
        self.firm |= other.firm
        self.unique |= other.unique
        self.full |= other.full
        for kind, times in other.times.items():
            self.times[kind] = sorted(self.times.get(kind, []) + times)


def partition(graph: Graph, nodes: Iterable[Node]) -> Parts:
    """Return how these nodes fall into persons, looking at no bond that leads outside them."""
    inside = {node.id: node for node in nodes}
    refused: list[Refused] = []
    bonds: list[tuple[Place, Bond]] = []
    enemies: list[tuple[int, int]] = []
    for node in inside.values():
        for number, bond in node.links.items():
            if number < node.id or number not in inside:
                continue
            reason = refusal(bond, node, inside[number], graph.rules)
            if not reason:
                bonds.append((place(bond, node, inside[number]), bond))
                continue
            refused.append(Refused(bond, reason))
            if reason == "not_same":
                enemies.append((bond.a, bond.b))
    bonds.sort(key=_first)
    lost = contests(inside, bonds)
    beaten = {id(loser.bond) for loser in lost}
    growth = Growth(inside, graph.rules, enemies)
    for _, bond in bonds:
        if id(bond) not in beaten and (reason := growth.join(bond)):
            refused.append(Refused(bond, reason))
    contested = {loser.bond.a for loser in lost} | {loser.bond.b for loser in lost}
    pieces = _pieces(inside, [bond for _, bond in bonds])
    return Parts(growth.clusters(), pieces, refused + lost, contested, [bond for _, bond in bonds])


def _first(entry: tuple[Place, Bond]) -> Place:
    return entry[0]


def place(bond: Bond, a: Node, b: Node) -> Place:
    """Return where a bond stands in the order: the smaller, the stronger."""
    trust = bond.trust
    weaker = a if (a.rule.rank, a.weight) > (b.rule.rank, b.weight) else b
    contest = weaker.rule.contest
    if trust < 0:
        right = -round(bond.probability * 1_000_000)
    else:
        count, first_at, last_at = bond.seen()
        right = first_at if contest == "first" else -last_at if contest == "newest" else -count
    manual = -(bond.verdict == "same")
    return (manual, -trust, weaker.rule.rank, right, a.weight ^ b.weight, min(a.weight, b.weight))


def contests(inside: dict[int, Node], bonds: list[tuple[Place, Bond]]) -> list[Refused]:
    """
    Return the bonds that lose a contested value.

    A phone, card or mailbox seen with several names stays with the strongest; others share it only if what is known
    of them agrees (phone) or does not contradict (mailbox, card).
    """
    winners: dict[int, Node] = {}
    lost: list[Refused] = []
    for _, bond in bonds:
        for number, far in ((bond.a, bond.b), (bond.b, bond.a)):
            joins, other = inside[number].rule.joins, inside[far]
            if joins not in {"agree", "no_conflict"} or not rivals(other, inside[number]) or bond.verdict == "same":
                continue
            winner = winners.setdefault(number, other)
            if winner is other:
                continue
            if joins == "agree" and not agree(winner.marks, other.marks):
                lost.append(Refused(bond, "household"))
            elif joins == "no_conflict" and conflict(winner.marks, other.marks):
                lost.append(Refused(bond, "names"))
    return lost


def rivals(other: Node, node: Node) -> bool:
    """Tell whether another identifier can contest this one: it names somebody, and better."""
    return other.rule.named and other.rule.rank < node.rule.rank and other.rule is not node.rule


class Growth:
    """The clusters of one run of the greedy join."""

    def __init__(self, inside: dict[int, Node], rules: Rules, enemies: list[tuple[int, int]]) -> None:
        self.inside = inside
        self.rules = rules
        self.enemies = enemies
        self.where = {number: Cluster(node) for number, node in inside.items()}

    def join(self, bond: Bond) -> str:
        """Join the two clusters of a bond, or return the constraint that keeps them apart."""
        x, y = self.where[bond.a], self.where[bond.b]
        if x is y:
            return ""
        if reason := self.forbids(x, y, bond):
            return reason
        if len(x.nodes) < len(y.nodes):
            x, y = y, x
        if bond.verdict:
            x.full |= {kind for kind in x.times.keys() & y.times.keys() if self.exceeds(kind, x, y)}
        x.absorb(y)
        for node in y.nodes:
            self.where[node.id] = x
        return ""

    def forbids(self, x: Cluster, y: Cluster, bond: Bond) -> str:
        """Return which constraint keeps two clusters apart, or an empty string."""
        if any({id(self.where[a]), id(self.where[b])} == {id(x), id(y)} for a, b in self.enemies):
            return "not_same"
        if bond.verdict == "same":
            return ""
        if x.unique & y.unique:
            return "unique"
        if x.named and y.named:
            if "attach" in {self.inside[bond.a].rule.joins, self.inside[bond.b].rule.joins}:
                return "bridge"
            if 0 <= bond.trust < SURE and (x.firm or y.firm):
                return "claimed"
        if any(self.exceeds(kind, x, y) for kind in x.times.keys() & y.times.keys()):
            return "limit"
        return ""

    def exceeds(self, kind: str, x: Cluster, y: Cluster) -> bool:
        """Tell whether two clusters together have too many values of a kind within its window."""
        rule = self.rules.kind(kind)
        return kind in x.full or kind in y.full or meets(x.times[kind], y.times[kind], rule.limit, rule.span)

    def clusters(self) -> list[list[Node]]:
        """Return the clusters as they are now."""
        return [cluster.nodes for cluster in {id(one): one for one in self.where.values()}.values()]


def crowded(times: list[int], limit: int, span: int) -> bool:
    """Tell whether more than *limit* of these moments lie within one *span*."""
    if len(times) <= limit:
        return False
    ordered = sorted(times)
    return any(later - earlier < span for earlier, later in zip(ordered, ordered[limit:], strict=False))


def meets(many: list[int], few: list[int], limit: int, span: int) -> bool:
    """Tell whether two sorted lists of moments, each within the limit, break it together."""
    if len(many) < len(few):
        many, few = few, many
    if len(few) > 1:
        return crowded(many + few, limit, span)
    at = bisect(many, few[0])
    around = [*many[max(0, at - limit) : at], few[0], *many[at : at + limit]]
    return crowded(around, limit, span)


def _pieces(inside: dict[int, Node], bonds: list[Bond]) -> list[list[Node]]:
    near: dict[int, list[int]] = {number: [] for number in inside}
    for bond in bonds:
        near[bond.a].append(bond.b)
        near[bond.b].append(bond.a)
    found: list[list[Node]] = []
    seen: set[int] = set()
    for start in inside:
        if start in seen:
            continue
        seen.add(start)
        piece = [start]
        for number in piece:  # grows while it is walked
            fresh = [far for far in near[number] if far not in seen]
            seen.update(fresh)
            piece += fresh
        found.append([inside[number] for number in piece])
    return found

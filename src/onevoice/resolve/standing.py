"""What an identifier's own evidence makes of it (shared, crowded) and which bonds may join at all."""

from collections import Counter

from onevoice.domain.moment import DAY
from onevoice.resolve.bond import ALIAS, EVENT, HUMAN, SURE, Bond
from onevoice.resolve.graph import BLOCKED, CROWDED, OPEN, SHARED, Graph, Node
from onevoice.resolve.rules import Rules


def status(graph: Graph, node: Node) -> int:
    """
    Return a node's status from the set of its bonds.

    Statuses only ever rise as evidence grows, so the order in which it came does not matter.
    """
    if node.status >= SHARED or node.value.lower() in graph.rules.allowed:
        return node.status
    if node.rule.owners and owners(graph, node) > node.rule.owners:
        return SHARED
    return CROWDED if node.neighbours > graph.rules.crowd else OPEN


def owners(graph: Graph, node: Node) -> int:
    """
    Return how many different owners a node has: the most values of one kind that were seen with it.

    Claims count against browsers and devices only, so that a forger cannot take a phone from its owner. Where the
    rule has an overlap, owners count only if they were seen within that many days of each other.
    """
    seen: dict[str, list[tuple[int, int]]] = {}
    for number, bond in node.links.items():
        other = graph.nodes[number]
        if _owns(other, node) and (first_last := _span(bond, sure=node.rule.named)):
            seen.setdefault(other.kind, []).append(first_last)
    if not node.rule.overlap:
        return max(map(len, seen.values()), default=0)
    return max((_together(spans, node.rule.overlap * DAY) for spans in seen.values()), default=0)


def crowds(graph: Graph, node: Node) -> bool:
    """Tell whether more evidence on known bonds could still make a node shared."""
    rule = node.rule
    if not rule.overlap or node.status >= SHARED:
        return False
    kinds = Counter(other.kind for number in node.links if _owns(other := graph.nodes[number], node))
    return max(kinds.values(), default=0) > rule.owners


def _owns(other: Node, node: Node) -> bool:
    rule = other.rule
    return rule.named and other.status != BLOCKED and (node.rule.unique or rule.rank < node.rule.rank)


def _span(bond: Bond, *, sure: bool) -> tuple[int, int] | None:
    slots = (EVENT + SURE, ALIAS + SURE) if sure else range(HUMAN)
    parts = [bond.parts[slot] for slot in slots if slot in bond.parts]
    if not parts:
        return None
    return min(part.first_at for part in parts), max(part.last_at for part in parts)


def _together(spans: list[tuple[int, int]], overlap: int) -> int:
    """Return the most owners that were active at one time, each staying active for *overlap* after it was last seen."""
    steps = sorted([(first, 1) for first, _ in spans] + [(last + overlap, -1) for _, last in spans])
    most = now = 0
    for _, step in steps:
        now += step
        most = max(most, now)
    return most


def refusal(bond: Bond, a: Node, b: Node, rules: Rules) -> str:
    """Return why a bond may not join its two nodes whatever the rest of the graph says, or an empty string."""
    verdict = bond.verdict
    if verdict:
        return "" if verdict == "same" else "not_same"
    if BLOCKED in {a.status, b.status}:
        return "blocked"
    if a.rule.joins == "never" or b.rule.joins == "never":
        return "never"
    if SHARED in {a.status, b.status}:
        return "shared"
    if CROWDED in {a.status, b.status} and not (bond.sure and a.rule.named and b.rule.named):
        return "crowded"
    if bond.trust < 0 and bond.probability < rules.linkage:
        return "unlikely"
    return ""

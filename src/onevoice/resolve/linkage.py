"""
Probabilistic linkage as a document, and the cut that turns scored pairs into clusters.

The model follows Fellegi and Sunter (1969): each field that agrees or differs adds a match weight, log2 of a Bayes
factor. Scoring is Splink's work and happens in an adapter; what it means is decided here.
"""

from collections.abc import Hashable, Iterable, Iterator
from typing import Literal, TypeVar

import msgspec

Node = TypeVar("Node", bound=Hashable)

#: A scored pair: two records and the match weight between them.
Pair = tuple[Node, Node, float]

FieldKind = Literal["forename_surname", "name", "date", "postcode", "email", "text", "code", "exact"]


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One compared column; `kind` says how likeness is graded, `frequency` makes rare values count for more."""

    column: str
    kind: FieldKind
    second: str = ""  #: the surname's column, for forename_surname
    frequency: bool = False


class LinkageModel(msgspec.Struct, frozen=True, kw_only=True):
    """
    A linkage model: what is compared, which pairs are looked at, how it is trained and where clusters are cut.

    Blocking rules are comma-separated columns or SQL expressions that both records must share
    (`surname, substr(postcode, 1, 3)`). Weights are log2 Bayes factors.
    """

    fields: tuple[Field, ...]
    block: tuple[str, ...]  #: pairs to score
    train: tuple[str, ...]  #: blocking rules for expectation maximisation; together they leave no field out
    certain: tuple[str, ...]  #: pairs that are nearly always the same person; they estimate how common matches are
    recall: float = 0.7  #: the share of all true pairs that `certain` finds
    sample: float = 2e6  #: random pairs that estimate how often fields agree by chance
    floor: float = -8.0  #: pairs below this weight are not kept
    join: float = -4.0  #: two clusters join if the mean weight across them reaches this
    missing: float = -6.0  #: the weight of a pair that blocking never looked at
    most: int = 0  #: records that one person may have at most; a join beyond it is refused (0: any number)
    coupon: float = 0.8  #: probability that is enough for a coupon or an advertisement
    invoice: float = 0.99  #: probability that is enough for a bill, a parcel or a joined profile
    seed: int = 1


def probability(weight: float) -> float:
    """Return the match probability of a match weight: 2^w / (1 + 2^w)."""
    if weight > 500:
        return 1.0
    odds: float = 2.0**weight
    return odds / (1 + odds)


def average_link(pairs: Iterable[Pair[Node]], *, join: float, missing: float, most: int = 0) -> dict[Node, Node]:
    """
    Cluster records by average link: strongest pairs first, joining only while the whole of both sides agrees.

    A pair that was never scored counts as *missing*. Unlike connected components, one false pair cannot chain two
    families together. Returns record -> representative (the smallest member in the given order of records); records
    that joined nobody are absent. The result depends on the set of pairs only, not on their order.
    """
    forest = _Forest[Node](missing)
    ordered = sorted(pairs, key=lambda pair: (-pair[2], str(pair[0]), str(pair[1])))
    for left, right, weight in ordered:
        forest.cross(left, right, weight)
    for left, right, _ in ordered:
        a, b = forest.root(left), forest.root(right)
        if a == b or (most and forest.size[a] + forest.size[b] > most):
            continue
        if forest.mean(a, b) >= join:
            forest.merge(a, b)
    return forest.representatives()


class _Forest(dict[Node, Node]):
    """Union-find that also keeps, for every pair of touching clusters, the sum and number of weights across them."""

    def __init__(self, missing: float) -> None:
        super().__init__()
        self.missing = missing
        self.size: dict[Node, int] = {}
        self.across: dict[Node, dict[Node, tuple[float, int]]] = {}

    def root(self, node: Node) -> Node:
        """Return the cluster of a node, halving paths on the way."""
        while self[node] != node:
            self[node] = self[self[node]]
            node = self[node]
        return node

    def cross(self, left: Node, right: Node, weight: float) -> None:
        """Record one scored pair between two single records."""
        for node in (left, right):
            if node not in self:
                self[node] = node
                self.size[node] = 1
                self.across[node] = {}
        if left != right and right not in self.across[left]:
            self.across[left][right] = self.across[right][left] = (weight, 1)

    def mean(self, a: Node, b: Node) -> float:
        """Return the mean weight across two clusters, unseen pairs included."""
        total, seen = self.across[a].get(b, (0.0, 0))
        pairs = self.size[a] * self.size[b]
        return (total + (pairs - seen) * self.missing) / pairs

    def merge(self, a: Node, b: Node) -> None:
        """Join two clusters, the one with fewer neighbours into the other."""
        keep, gone = (a, b) if len(self.across[a]) >= len(self.across[b]) else (b, a)
        self[gone] = keep
        self.size[keep] += self.size.pop(gone)
        self.across[keep].pop(gone, None)
        for other, (total, seen) in self.across.pop(gone).items():
            if other == keep:
                continue
            known, number = self.across[keep].get(other, (0.0, 0))
            self.across[keep][other] = self.across[other][keep] = (known + total, number + seen)
            del self.across[other][gone]

    def representatives(self) -> dict[Node, Node]:
        """Return every node's representative."""
        smallest: dict[Node, Node] = {}
        for node in sorted(self, key=str):
            smallest.setdefault(self.root(node), node)
        return {node: smallest[self.root(node)] for node in self}


def kept(pairs: Iterable[Pair[Node]], clusters: dict[Node, Node]) -> Iterator[Pair[Node]]:
    """Yield the pairs whose two records ended in one cluster: these become evidence."""
    return ((a, b, weight) for a, b, weight in pairs if a in clusters and clusters[a] == clusters.get(b))

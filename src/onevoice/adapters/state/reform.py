"""Changing the identity rules over the whole store, in passes that hold a bounded number of persons at a time."""

from array import array
from collections.abc import Iterator, Sequence
from itertools import groupby

from onevoice.adapters.database import Row
from onevoice.adapters.state.graph import EDGES, NODES, GraphStore, add_bond, add_node
from onevoice.domain.event import Event
from onevoice.resolve.blocklist import blocked
from onevoice.resolve.graph import BLOCKED, OPEN, Component, Graph
from onevoice.resolve.household import rehouse
from onevoice.resolve.notice import housed
from onevoice.resolve.reform import Outcome, reform
from onevoice.resolve.rules import Rules
from onevoice.resolve.standing import refusal, status

#: Nodes looked at together.
PORTION = 2_000


class Reform:
    """One change of rules; `run(save=False)` is the dry run and touches nothing."""

    def __init__(self, store: GraphStore, rules: Rules, cause: Event, *, workspace: str = "workspace") -> None:
        self.store = store
        self.database = store.database
        self.rules = rules
        self.cause = cause
        self.workspace = workspace
        self.statuses: dict[int, int] = {}  #: of nodes that are not open under the new rules
        self.before: dict[int, int] = {}  #: of nodes whose status changes

    def run(self, *, save: bool) -> Outcome:
        """Return what the rules change; with *save*, change it, in the caller's transaction."""
        self._weigh()
        told: list[Event] = []
        for bundle in _portions(self._bundles()):
            graph = self._graph(bundle)
            by_bundle = [[graph.nodes[number] for number in numbers] for numbers in bundle]
            for nodes in by_bundle:
                told += reform(graph, nodes, self.before, self.cause)
            if save:
                self.store.save(graph)
        if save:
            self.store.put_rules(self.rules)
            told += self._houses()
        return Outcome(tuple(told))

    def _weigh(self) -> None:
        """Find the status that every node has under the new rules."""
        last = 0
        while rows := self.database.query(
            f"SELECT {', '.join(NODES)} FROM nodes WHERE node > ? ORDER BY node LIMIT {PORTION}", (last,)
        ):
            last = rows[-1][0]
            graph = Graph(self.workspace, self.rules)
            self._near(graph, rows)
            for row in rows:
                node = graph.nodes[row[0]]
                now = BLOCKED if blocked(node.kind, node.value, self.rules) else status(graph, node)
                if now != OPEN:
                    self.statuses[node.id] = now
                if now != row[5]:
                    self.before[node.id] = row[5]

    def _near(self, graph: Graph, rows: Sequence[Row]) -> None:
        """Load nodes with their neighbours; of crowds only those for whom verified evidence speaks."""
        for row in rows:
            add_node(graph, row)
        small = [row[0] for row in rows if row[9] <= self.rules.crowd]
        edges = {row[:3]: row for end in ("a", "b") for row in self.database.lookup("edges", EDGES, (end,), small)}
        for number in (row[0] for row in rows if row[9] > self.rules.crowd):
            sure = f"SELECT {', '.join(EDGES)} FROM edges WHERE slot IN (2, 5) AND (a = ? OR b = ?)"
            edges |= {row[:3]: row for row in self.database.query(sure, (number, number))}
        far = {number for row in edges.values() for number in row[:2]} - graph.nodes.keys()
        for row in self.database.lookup("nodes", NODES, ("node",), sorted(far)):
            add_node(graph, row)
        for node in graph.nodes.values():
            node.status = BLOCKED if blocked(node.kind, node.value, self.rules) else OPEN
        for row in edges.values():
            add_bond(graph, row)

    def _bundles(self) -> Iterator[list[int]]:
        """Yield the nodes that must be decided together: whom evidence may join, and whom the old rules had joined."""
        row = self.database.one("SELECT coalesce(max(node), 0) FROM nodes")
        parents = array("q", range((row[0] if row else 0) + 1))
        self._by_person(parents)
        self._by_evidence(parents)
        concerned = sorted(
            (_root(parents, number), number) for (number,) in self.database.stream("SELECT node FROM nodes")
        )
        for _, members in groupby(concerned, key=lambda pair: pair[0]):
            numbers = [number for _, number in members]
            if len(numbers) > 1 or numbers[0] in self.before:
                yield numbers

    def _by_person(self, parents: "array[int]") -> None:
        rows = self.database.stream("SELECT person, node FROM nodes ORDER BY person, node")
        for _, members in groupby(rows, key=lambda row: row[0]):
            first, *rest = [number for _, number in members]
            for number in rest:
                _union(parents, first, number)

    def _by_evidence(self, parents: "array[int]") -> None:
        last = (-1, -1)
        while rows := self.database.query(
            f"SELECT {', '.join(EDGES)} FROM edges WHERE a > ? OR (a = ? AND b > ?) "
            f"ORDER BY a, b, slot LIMIT {PORTION}",
            (last[0], *last),
        ):
            whole = self._whole(rows)
            last = whole[-1][:2]
            graph = self._graph([sorted({number for row in whole for number in row[:2]})], whole)
            for node in graph.nodes.values():
                for number, bond in node.links.items():
                    if node.id < number and not refusal(bond, node, graph.nodes[number], self.rules):
                        _union(parents, node.id, number)

    @staticmethod
    def _whole(rows: list[Row]) -> list[Row]:
        """Drop the last pair, which may continue in the next portion, unless it is the end or all there is."""
        if len(rows) < PORTION or rows[0][:2] == rows[-1][:2]:
            return rows
        return [row for row in rows if row[:2] != rows[-1][:2]]

    def _graph(self, bundles: Sequence[list[int]], edges: Sequence[Row] | None = None) -> Graph:
        """Load just these nodes, by the new rules, with the evidence between them."""
        graph = Graph(self.workspace, self.rules)
        numbers = [number for bundle in bundles for number in bundle]
        for row in self.database.lookup("nodes", NODES, ("node",), numbers):
            node = add_node(graph, row)
            node.status = self.statuses.get(node.id, OPEN)
            node.component = Component(row[4], {node.id})
            node.component.held = bool(row[12])
        self.store.load_persons(graph)
        found = self.database.lookup("edges", EDGES, ("a",), numbers) if edges is None else edges
        for row in found:
            if row[1] in graph.nodes:
                add_bond(graph, row)
        return graph

    def _houses(self) -> list[Event]:
        """Bring all households up to date with the persons as they are now."""
        told: list[Event] = []
        last = 0
        while rows := self.database.query(
            "SELECT n.node, n.kind, n.value, p.household FROM nodes n JOIN persons p ON p.id = n.person "
            f"WHERE n.node > ? ORDER BY n.node LIMIT {PORTION}",
            (last,),
        ):
            last = rows[-1][0]
            homes = [(kind, value) for _, kind, value, _ in rows if self.rules.kind(kind).household]
            housed_now = [(kind, value) for _, kind, value, household in rows if household]
            graph = Graph(self.workspace, self.rules)
            self.store.fill(graph, homes + housed_now)
            whole = {node.person.id for node in graph.nodes.values() if node.component and node.person}
            moves = rehouse(graph, whole, {graph.by_key[key] for key in homes}, ())
            told += [housed(graph, *move, self.cause) for move in moves]
            self.store.save(graph)
        return told


def _portions(bundles: Iterator[list[int]]) -> Iterator[list[list[int]]]:
    portion: list[list[int]] = []
    size = 0
    for bundle in bundles:
        portion.append(bundle)
        size += len(bundle)
        if size >= PORTION:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _root(parents: "array[int]", number: int) -> int:
    while parents[number] != number:
        parents[number] = parents[parents[number]]
        number = parents[number]
    return number


def _union(parents: "array[int]", a: int, b: int) -> None:
    x, y = _root(parents, a), _root(parents, b)
    if x != y:
        parents[max(x, y)] = min(x, y)

"""The identity tables: fill a working set from them, save what it changed, and answer who is who."""

from collections.abc import Iterable, Sequence

import msgspec

from onevoice.adapters.database import Database, Row
from onevoice.domain.errors import NotFound
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.person import Person as PersonView
from onevoice.domain.person import Why
from onevoice.resolve.blocklist import mailbox
from onevoice.resolve.bond import Bond, Part
from onevoice.resolve.explanation import explain
from onevoice.resolve.graph import CROWDED, Component, Graph, Key, Node, Person
from onevoice.resolve.household import widest
from onevoice.resolve.plain import summed
from onevoice.resolve.rules import Rules

NODES = (
    "node", "kind", "value", "person", "component", "status", "trust", "first_at", "marks", "neighbours", "founded",
    "dormant", "held",
)  # fmt: skip
EDGES = ("a", "b", "slot", "count", "first_at", "last_at", "via", "probability", "verdict", "actor", "live")
PERSONS = ("id", "founded_at", "founder", "household", "redirect")
HIDDEN = frozenset({"mailbox"})  #: kinds that the house adds for itself


class UnknownIdentifier(NotFound):
    """Nobody was ever seen under this identifier."""


def upsert(key: str, columns: Sequence[str]) -> str:
    """Return the conflict clause that replaces a row."""
    return f"ON CONFLICT ({key}) DO UPDATE SET " + ", ".join(
        f"{column} = excluded.{column}" for column in columns if column not in key.split(", ")
    )


class GraphStore:
    """The nodes, edges, persons and households tables."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def fill(self, graph: Graph, identifiers: Iterable[Key]) -> None:
        """Load these identifiers with everything that could change together with them, or note that they are new."""
        keys = dict.fromkeys(identifiers)
        keys |= dict.fromkeys(
            ("mailbox", box) for kind, value in keys if kind.startswith("email") and (box := mailbox(value))
        )
        if not graph.backed:
            graph.backed = True
            graph.next_node = max(graph.next_node, self._next())
        wanted = [key for key in keys if (node := graph.by_key.get(key)) is None or node.component is None]
        rows = self.database.lookup("nodes", NODES, ("kind", "value"), wanted)
        found = {(row[1], row[2]) for row in rows}
        graph.absent.update(key for key in wanted if key not in found)
        labels = {row[4] for row in rows}
        while labels:
            housemates = sorted(self._components(graph, labels))
            labels = {label for (label,) in self.database.lookup("nodes", ("component",), ("node",), housemates)}

    def _next(self) -> int:
        row = self.database.one("SELECT coalesce(max(node), 0) + 1 FROM nodes")
        return int(row[0]) if row else 1

    def _components(self, graph: Graph, labels: set[int]) -> set[int]:
        """Load whole components and return nodes of others, with which they share a household."""
        rows = self.database.lookup("nodes", NODES, ("component",), sorted(labels))
        members = self._members(graph, rows)
        crowd = graph.rules.crowd
        near = [node.id for node in members if node.status < CROWDED or node.neighbours <= crowd]
        edges = {row[:3]: row for end in ("a", "b") for row in self.database.lookup("edges", EDGES, (end,), near)}
        edges |= {row[:3]: row for row in self._between_crowds(graph, members)}
        self._stubs(graph, {number for row in edges.values() for number in row[:2]})
        for row in edges.values():
            add_bond(graph, row)
        self.load_persons(graph)
        for component in {id(node.component): node.component for node in members if node.component}.values():
            nodes = [graph.nodes[number] for number in component.nodes]
            live = any(bond.live > 0 for node in nodes for bond in node.links.values())
            component.plain = not live and len({node.person for node in nodes}) == 1
            summed(graph, component)
        return _housemates(graph, members)

    def _members(self, graph: Graph, rows: Sequence[Row]) -> list[Node]:
        members = []
        components: dict[int, Component] = {}
        for row in rows:
            node = graph.nodes.get(row[0]) or add_node(graph, row)
            if node.component is None:
                label = row[4]
                component = components.setdefault(label, Component(label, set()))
                component.nodes.add(node.id)
                component.held = component.held or bool(row[12])
                node.component = component
                node.tick = graph.tick
                members.append(node)
        return members

    def _between_crowds(self, graph: Graph, members: list[Node]) -> list[Row]:
        """Return the edges between identifiers that are too large to have all their edges loaded."""
        new = {node.id for node in members if node.status >= CROWDED and node.neighbours > graph.rules.crowd}
        if not new:
            return []
        large = {node.id for node in graph.nodes.values() if node.component and node.neighbours > graph.rules.crowd}
        pairs = {(min(a, b), max(a, b)) for a in new for b in large if a != b}
        return self.database.lookup("edges", EDGES, ("a", "b"), sorted(pairs))

    def _stubs(self, graph: Graph, numbers: set[int]) -> None:
        unknown = sorted(number for number in numbers if number not in graph.nodes)
        for row in self.database.lookup("nodes", NODES, ("node",), unknown):
            add_node(graph, row)

    def load_persons(self, graph: Graph) -> None:
        """Give every loaded node its person; only members, not stubs, count among a person's nodes."""
        waiting, graph.unhoused = graph.unhoused, []
        unknown = sorted({id_ for _, id_ in waiting if id_ not in graph.persons})
        for id_, founded_at, founder, household, _ in self.database.lookup("persons", PERSONS, ("id",), unknown):
            person = graph.persons[id_] = Person(id_, founded_at, founder)
            person.household = household
        for node, id_ in waiting:
            node.person = graph.persons[id_]
            node.person.nodes.add(node.id)

    def save(self, graph: Graph) -> None:
        """Write what changed; call it inside the transaction that also moves the cursor."""
        store = self.database.insert
        nodes = sorted(graph.dirty_nodes, key=lambda node: node.id)
        store("nodes", NODES, [_node_row(node) for node in nodes], upsert("node", NODES))
        bonds = sorted(graph.dirty_bonds, key=lambda bond: (bond.a, bond.b))
        edges = [row for bond in bonds for row in _bond_rows(bond)]
        store("edges", EDGES, edges, upsert("a, b, slot", EDGES))
        persons = {person.id: (person, "") for person in graph.dirty_persons} | graph.redirects
        rows = [
            (id_, person.founded_at, person.founder, person.household if not redirect else "", redirect)
            for id_, (person, redirect) in sorted(persons.items())
        ]
        store("persons", PERSONS, rows, upsert("id", PERSONS))
        homes = [(id_, node.id) for id_, node in sorted(graph.dirty_households.items())]
        store("households", ("id", "node"), homes, upsert("id", ("id", "node")))
        graph.clear_dirty()

    def rules(self) -> Rules:
        """Return the identity rules in force; the defaults until an event changed them."""
        row = self.database.one("SELECT body FROM identity_rules WHERE id = 1")
        return msgspec.json.decode(bytes(row[0]), type=Rules) if row else Rules()

    def put_rules(self, rules: Rules) -> None:
        """Put rules in force; only the reform that applied them may."""
        row = (1, rules.version, msgspec.json.encode(rules))
        columns = ("id", "version", "body")
        self.database.insert("identity_rules", columns, [row], upsert("id", columns))

    def why(self, a: Key, b: Key) -> Why:
        """
        Return why two identifiers are, or are not, the same person.

        Raises:
            UnknownIdentifier: Nobody was ever seen under one of them.
        """
        graph = Graph(rules=self.rules())
        self.fill(graph, (a, b))
        for key in (a, b):
            if key not in graph.by_key:
                raise UnknownIdentifier(f"Nobody was ever seen under {key[0]} {key[1]!r}.", kind=key[0])
        return explain(graph, a, b)

    def person(self, kind: str, value: str) -> str | None:
        """Return the id of the person who goes by an identifier."""
        row = self.database.one("SELECT person FROM nodes WHERE kind = ? AND value = ?", (kind, value))
        return row[0] if row else None

    def current(self, person: str) -> str | None:
        """Return the id to which a person id leads today; None if there never was such a person."""
        seen: set[str] = set()
        while person not in seen:
            seen.add(person)
            row = self.database.one("SELECT redirect FROM persons WHERE id = ?", (person,))
            if row is None:
                return None
            if not row[0]:
                return person
            person = row[0]
        return None

    def identifiers(self, person: str) -> list[Identifier]:
        """Return a person's identifiers, by kind and value."""
        rows = self.database.query(
            "SELECT kind, value, trust FROM nodes WHERE person = ? ORDER BY kind, value", (person,)
        )
        return [Identifier(kind, value, Trust(trust)) for kind, value, trust in rows if kind not in HIDDEN]

    def nodes(self, person: str) -> list[int]:
        """Return the numbers of a person's nodes."""
        return [
            row[0] for row in self.database.query("SELECT node FROM nodes WHERE person = ? ORDER BY node", (person,))
        ]

    def view(self, person: str) -> PersonView:
        """
        Return a person with identifiers, household and the ids that it absorbed.

        Raises:
            NotFound: There never was a person of this id.
        """
        now = self.current(person)
        if now is None:
            raise NotFound(f"There is no person {person}.", person=person)
        row = self.database.one("SELECT household FROM persons WHERE id = ?", (now,))
        absorbed = self._absorbed(now)
        return PersonView(
            id=now, identifiers=tuple(self.identifiers(now)), household=row[0] if row else "", absorbed=absorbed
        )

    def _absorbed(self, person: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        waiting = [person]
        while waiting:
            rows = self.database.lookup("persons", ("id",), ("redirect",), waiting)
            waiting = [id_ for (id_,) in rows if id_ not in found]
            found |= dict.fromkeys(waiting)
        return tuple(sorted(found))

    def household(self, household: str) -> list[str]:
        """Return the persons of a household."""
        rows = self.database.query("SELECT id FROM persons WHERE household = ? ORDER BY id", (household,))
        return [row[0] for row in rows]


def add_node(graph: Graph, row: Row) -> Node:
    """Put a stored node into a graph; its person follows with `load_persons`."""
    number, kind, value, person, _, status, trust, first_at, marks, neighbours, founded, dormant, _ = row
    node = Node(number, kind, value, graph.rules.kind(kind), first_at)
    node.status, node.trust, node.neighbours = status, trust, neighbours
    node.marks = frozenset(marks.split("\n")) if marks else frozenset()
    node.founded, node.dormant = founded, dormant
    graph.nodes[number] = graph.by_key[kind, value] = node
    graph.unhoused.append((node, person))
    return node


def _node_row(node: Node) -> Row:
    component, person = node.component, node.person
    return (
        node.id, node.kind, node.value, person.id if person else "", component.label if component else node.id,
        node.status, node.trust, node.first_at, "\n".join(sorted(node.marks)), node.neighbours, node.founded,
        node.dormant, int(component is not None and component.held and component.label == node.id),
    )  # fmt: skip


def add_bond(graph: Graph, row: Row) -> None:
    """Put stored evidence between two nodes of a graph."""
    a, b, slot, count, first_at, last_at, via, probability, verdict, actor, live = row
    one, other = graph.nodes[a], graph.nodes[b]
    bond = one.links.get(b)
    if bond is None:
        bond = Bond(a, b)
        one.links[b] = other.links[a] = bond
    if slot in bond.parts:  # what is in memory is newer
        return
    part = bond.parts[slot] = Part(count, first_at, last_at, via)
    part.probability, part.verdict, part.actor = probability, verdict, actor
    bond.live = live


def _bond_rows(bond: Bond) -> list[Row]:
    return [
        (
            bond.a, bond.b, slot, part.count, part.first_at, part.last_at, part.via, part.probability, part.verdict,
            part.actor, bond.live,
        )
        for slot, part in bond.parts.items()
    ]  # fmt: skip


def _housemates(graph: Graph, members: list[Node]) -> set[int]:
    """Return the nodes of components not yet loaded, whose persons may share a household with these nodes."""
    most = widest(graph.rules)
    found: set[int] = set()
    for node in members:
        for number in node.links:
            other = graph.nodes[number]
            homes = (one for one in (node, other) if one.rule.household)
            if other.component is None and any(home.neighbours <= most for home in homes):
                found.add(number)
    return found

"""The working set: the identifiers at hand, what binds them, and the persons they form, with what must be saved."""

from collections.abc import Iterable, Iterator

from onevoice.domain.errors import OnevoiceError
from onevoice.resolve.blocklist import blocked
from onevoice.resolve.bond import Bond
from onevoice.resolve.naming import derived, weight
from onevoice.resolve.rules import Kind, Rules

Key = tuple[str, str]

#: What a node's own evidence makes of it. All but OPEN are for ever under one version of the rules.
OPEN, CROWDED, SHARED, BLOCKED = 0, 1, 2, 3
STATUSES = ("open", "crowded", "shared", "blocked")


class NotLoaded(OnevoiceError):
    """An identifier was used before the working set was filled with it; fill(graph, graph.missing(keys)) first."""


class Person:
    """A cluster of nodes with an id that lasts."""

    __slots__ = ("founded_at", "founder", "household", "id", "nodes")

    def __init__(self, id_: str, founded_at: int, founder: int) -> None:
        self.id = id_
        self.founded_at = founded_at
        self.founder = founder  #: the node from which the id was made
        self.household = ""
        self.nodes: set[int] = set()


class Component:
    """
    Nodes that evidence could join; only within one can persons meet.

    While it is `plain` (one person, nothing refused, no human word) the sums below say all that a further join must
    know. `soft`: claims alone join some of its names. `held`: more wants in than the rules allow.
    """

    __slots__ = ("firm", "held", "label", "last", "named", "nodes", "plain", "soft", "times", "unique")

    def __init__(self, label: int, nodes: set[int]) -> None:
        self.label = label
        self.nodes = nodes
        self.held = False
        self.plain = True
        self.soft = False
        self.named = False
        self.firm = False
        self.unique: set[str] = set()
        self.times: dict[str, list[int]] = {}
        self.last: tuple[int, ...] = ()  #: no bond inside stands behind this in the order; (): unknown

    def count(self, node: "Node") -> None:
        """Add a node to the sums."""
        rule = node.rule
        self.named |= rule.named
        self.firm |= node.firm
        if rule.unique:
            self.unique.add(node.kind)
        if rule.limit:
            self.times.setdefault(node.kind, []).append(node.first_at)

    def absorb(self, other: "Component") -> None:
        """Take in another plain component, sums and all; its nodes must be told by the caller."""
        self.nodes |= other.nodes
        self.held |= other.held
        self.soft |= other.soft
        self.named |= other.named
        self.firm |= other.firm
        self.unique |= other.unique
        for kind, times in other.times.items():
            self.times.setdefault(kind, []).extend(times)


class Node:
    """One identifier. A node without a component is a stub: known as a neighbour, its own evidence not at hand."""

    __slots__ = (
        "_weight",
        "component",
        "dormant",
        "first_at",
        "founded",
        "id",
        "kind",
        "links",
        "marks",
        "neighbours",
        "person",
        "rule",
        "status",
        "tick",
        "trust",
        "value",
    )

    def __init__(self, id_: int, kind: str, value: str, rule: Kind, first_at: int) -> None:
        self.id = id_
        self.kind = kind
        self.value = value
        self.rule = rule
        self.status = OPEN
        self.trust = 0
        self.first_at = first_at
        self.marks: frozenset[str] = frozenset()
        self.person: Person | None = None
        self.component: Component | None = None
        self.links: dict[int, Bond] = {}
        self.neighbours = 0  #: how many other nodes it was ever seen with
        self.founded = 0  #: how many person ids were made from it
        self.dormant = ""  #: the last of them, while it is absorbed
        self.tick = 0
        self._weight = -1

    @property
    def weight(self) -> int:
        """A number that orders nodes by nothing but themselves."""
        if self._weight < 0:
            self._weight = weight(self.kind, self.value)
        return self._weight

    @property
    def firm(self) -> bool:
        """Whether somebody we trust vouched that this names a person."""
        return self.trust == 2 and self.rule.named

    def person_id(self, workspace: str) -> str:
        """Return the next person id that this node can found."""
        counter = (str(self.founded),) if self.founded else ()
        return derived("person", workspace, self.kind, self.value, *counter)


class Graph:
    """
    What the resolver holds in memory.

    A graph alone knows everything there is; once a store has filled it (`backed`), a key that is neither loaded nor
    known to be absent raises NotLoaded rather than make a second node of it.
    """

    def __init__(self, workspace: str = "workspace", rules: Rules | None = None) -> None:
        self.workspace = workspace
        self.rules = rules or Rules()
        self.backed = False
        self.next_node = 1
        self.tick = 1
        self.nodes: dict[int, Node] = {}
        self.by_key: dict[Key, Node] = {}
        self.persons: dict[str, Person] = {}
        self.absent: set[Key] = set()
        self.unhoused: list[tuple[Node, str]] = []  #: nodes a store has loaded, whose persons it loads next
        self.clear_dirty()

    def clear_dirty(self) -> None:
        """Forget what must be saved, once it is."""
        self.dirty_nodes: set[Node] = set()
        self.dirty_bonds: set[Bond] = set()
        self.dirty_persons: set[Person] = set()
        self.dirty_households: dict[str, Node] = {}  #: id -> the shared identifier that it is made from
        self.redirects: dict[str, tuple[Person, str]] = {}  #: absorbed id -> who it was, survivor
        self.tick += 1

    def missing(self, keys: Iterable[Key]) -> list[Key]:
        """Return the keys that a store must be asked for before they can be attached."""
        found: dict[Key, None] = {}
        by_key, absent = self.by_key, self.absent
        for key in keys:
            node = by_key.get(key)
            if node is None:
                if key not in absent:
                    found[key] = None
            elif node.component is None:
                found[key] = None
        return list(found)

    def adopt(self, rules: Rules) -> None:
        """Read every node at hand by these rules."""
        self.rules = rules
        for node in self.nodes.values():
            node.rule = rules.kind(node.kind)

    def create(self, key: Key, at: int) -> Node:
        """
        Return a new node, still without a person.

        Raises:
            NotLoaded: The store was not asked whether it exists.
        """
        if self.backed and key not in self.absent:
            raise NotLoaded(kind=key[0])
        self.absent.discard(key)
        node = Node(self.next_node, *key, self.rules.kind(key[0]), at)
        self.next_node += 1
        if blocked(*key, self.rules):
            node.status = BLOCKED
        self.nodes[node.id] = self.by_key[key] = node
        node.component = Component(node.id, {node.id})
        node.component.count(node)
        self.dirty_nodes.add(node)
        return node

    def found_person(self, founder: Node, at: int) -> Person:
        """Return a new person without nodes, named after its founder."""
        person = Person(founder.person_id(self.workspace), at, founder.id)
        founder.founded += 1
        self.dirty_nodes.add(founder)
        self.persons[person.id] = person
        self.dirty_persons.add(person)
        return person

    def members(self, nodes: Iterable[int]) -> Iterator[Node]:
        """Yield the nodes of these numbers, by number."""
        at_hand = self.nodes
        return (at_hand[number] for number in sorted(nodes))

    def trim(self, limit: int) -> None:
        """
        Forget the components used longest ago until no more than *limit* nodes remain; all must have been saved.

        Neighbours of what stays remain as stubs, and households stay or go as a whole.
        """
        if len(self.nodes) <= limit:
            return
        kept = self._recent(limit * 3 // 4)
        self.absent.clear()
        for number, node in list(self.nodes.items()):
            if number not in kept:
                self._forget(node, kept)
        for number in kept:
            links = self.nodes[number].links
            for far in [far for far in links if far not in self.nodes]:
                del links[far]
        alive = {node.person.id for node in self.nodes.values() if node.person}
        self.persons = {id_: person for id_, person in self.persons.items() if id_ in alive}

    def _recent(self, limit: int) -> set[int]:
        kept: set[int] = set()
        for node in sorted(self.nodes.values(), key=lambda node: (-node.tick, node.id)):
            if node.component is None or node.id in kept:
                continue
            circle = self._circle(node.component)
            if kept and len(kept) + len(circle) > limit:
                break
            kept |= circle
        return kept

    def _circle(self, start: Component) -> set[int]:
        """Return the nodes of a component and of all that share a household identifier with it."""
        found: set[int] = set()
        waiting = [start]
        while waiting:
            component = waiting.pop()
            if component.label in found:
                continue
            found |= component.nodes
            for node in self.members(component.nodes):
                for number in node.links:
                    other = self.nodes[number]
                    if other.component and number not in found and (node.rule.household or other.rule.household):
                        waiting.append(other.component)
        return found

    def _forget(self, node: Node, kept: set[int]) -> None:
        """Drop a node, or leave a stub of it for those neighbours that stay and are no crowd themselves."""
        near = [number for number in node.links if number in kept]
        small = [number for number in near if self.nodes[number].neighbours <= self.rules.crowd]
        for number in near:
            if number not in small:
                del self.nodes[number].links[node.id]
        if small:
            node.component = None
            node.links = {number: node.links[number] for number in small}
            return
        del self.nodes[node.id]
        self.by_key.pop((node.kind, node.value), None)

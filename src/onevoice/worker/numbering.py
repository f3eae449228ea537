"""Numbers of identifiers outlive a rebuild: the log, the ledger and the lake know them by number."""

from collections.abc import Iterable

from onevoice.adapters.database import Database
from onevoice.resolve.graph import Graph, Key, Node
from onevoice.resolve.rules import Rules


class Numbers:
    """The numbers that identifiers have in a store, and fresh ones beyond them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        row = database.one("SELECT max(node) FROM nodes")
        self._next = int(row[0] or 0) + 1 if row else 1
        self._known: dict[Key, int] = {}

    def prepare(self, keys: Iterable[Key]) -> None:
        """Look up the numbers of these keys at once; what was looked up before is forgotten."""
        rows = self._database.lookup("nodes", ("kind", "value", "node"), ("kind", "value"), sorted(set(keys)))
        self._known = {(kind, value): node for kind, value, node in rows}

    def number(self, key: Key) -> int:
        """Return the number of a key."""
        found = self._known.get(key)
        if found is None:
            row = self._database.one("SELECT node FROM nodes WHERE kind = ? AND value = ?", key)
            found = int(row[0]) if row else self._next
            self._next += not row
            self._known[key] = found
        return found


class NumberedGraph(Graph):
    """A graph whose new nodes get the numbers that a store already gave them."""

    def __init__(self, workspace: str, rules: Rules, numbers: Numbers) -> None:
        super().__init__(workspace, rules)
        self._numbers = numbers

    def create(self, key: Key, at: int) -> Node:
        """Return a new node under its old number."""
        self.next_node = self._numbers.number(key)
        return super().create(key, at)

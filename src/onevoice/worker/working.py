"""What the single writer holds in memory: the graph and the facets at hand, always as the store has them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from onevoice.adapters.state.graph import GraphStore
from onevoice.adapters.state.profiles import Profiles
from onevoice.adapters.state.reform import Reform
from onevoice.domain.event import Event
from onevoice.profile.facet import Facets, fold
from onevoice.resolve.attachment import attach, keys_of_all
from onevoice.resolve.graph import Graph
from onevoice.resolve.reform import CHANGED, rules_of
from onevoice.resolve.rules import Rules
from onevoice.wiring.settings import Settings

#: event, node of its anchor, its dedupe keys, its JSON (empty: not yet made): what the log stores.
Entry = tuple[Event, int, Sequence[str], bytes]

#: event, its dedupe keys, its JSON.
Fresh = tuple[Event, Sequence[str], bytes]
NewGraph = Callable[[Rules], Graph]

#: Who may change the identity rules; what comes through a key carries the key's id as its source.
HOUSE = "console"

#: Entries kept in memory between steps; beyond, the oldest facets go, and the graph starts anew. A node with its
#: evidence and its person takes 2.5 KB, a facet 2 KB.
MOST_FACETS, MOST_NODES = 100_000, 200_000


class Tables(Protocol):
    """The two stores that are kept in step."""

    graph: GraphStore
    profiles: Profiles


def stretches(fresh: Sequence[Fresh]) -> Iterator[Sequence[Fresh]]:
    """Cut events where the identity rules change, so that each change stands alone."""
    start = 0
    for at, (event, _, _) in enumerate(fresh):
        if is_reform(event):
            if at > start:
                yield fresh[start:at]
            yield fresh[at : at + 1]
            start = at + 1
    if start < len(fresh) or not fresh:
        yield fresh[start:]


def is_reform(event: Event) -> bool:
    """Tell whether an event changes the identity rules; only the house itself may."""
    return event.name == CHANGED and event.source == HOUSE


class Working:
    """
    The stages resolve and profile over one pair of stores.

    Hand it whole `stretches`. After any failed transaction call `forget`: memory may then be ahead of the store.
    """

    def __init__(self, tables: Tables, settings: Settings, graph: NewGraph | None = None) -> None:
        self._tables = tables
        self._workspace = settings.workspace
        self._new_graph = graph or (lambda rules: Graph(settings.workspace, rules))
        self._facets = Facets(settings.currency)
        self.forget()

    def forget(self) -> None:
        """Drop everything; the next batch loads what it needs from the store."""
        self._facets.clear()
        self._graph: Graph | None = None
        self._reform: Event | None = None

    def take(self, fresh: Sequence[Fresh]) -> list[Entry]:
        """Attach fresh events one after the other, fold them, and return them with what they brought about."""
        graph, facets = self._graph or self._new_graph(self._tables.graph.rules()), self._facets
        self._graph = graph
        self._tables.graph.fill(graph, keys_of_all(event for event, _, _ in fresh))
        rules = graph.rules
        attached = [attach(graph, event, rules) for event, _, _ in fresh]
        self._tables.profiles.fill(facets, {one.anchor for one in attached if one.anchor})
        entries: list[Entry] = []
        for (event, keys, body), one in zip(fresh, attached, strict=True):
            entries.append((event, one.anchor, keys, body))
            if one.anchor:
                fold(facets, one.anchor, event, self._find)
            entries.extend((made, self._find(made.anchor.key) or one.anchor, (), b"") for made in one.derived)
        self._reform = next((event for event, _, _ in fresh if is_reform(event)), None)
        return entries

    def _find(self, key: tuple[str, str]) -> int | None:
        node = self._graph.by_key.get(key) if self._graph is not None else None
        return node.id if node is not None else None

    def save(self) -> list[Entry]:
        """Store what changed, in the running transaction, and return what a change of the rules brought about."""
        if self._graph is not None:
            self._tables.graph.save(self._graph)
        self._tables.profiles.save(self._facets)
        if self._reform is None:
            return []
        cause = self._reform
        reform = Reform(self._tables.graph, rules_of(cause), cause, workspace=self._workspace)
        told = reform.run(save=True).events
        self.forget()
        keys = sorted({event.anchor.key for event in told})
        lookup = self._tables.graph.database.lookup
        rows = lookup("nodes", ("kind", "value", "node"), ("kind", "value"), keys)
        nodes = {(kind, value): node for kind, value, node in rows}
        return [(event, nodes[event.anchor.key], (), b"") for event in told]

    def trim(self) -> None:
        """Keep memory within bounds; call it when everything is saved."""
        if len(self._facets.loaded) > MOST_FACETS:
            self._facets.trim(MOST_FACETS * 3 // 4)
        if self._graph is not None and len(self._graph.nodes) > MOST_NODES:
            self._graph = None

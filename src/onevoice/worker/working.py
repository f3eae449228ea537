"""What the single writer holds in memory: the graph and the facets at hand, always as the store has them."""

from collections.abc import Callable, Sequence
from typing import Protocol

from onevoice.adapters.state.graph import GraphStore
from onevoice.adapters.state.profiles import Profiles
from onevoice.domain.event import Event
from onevoice.profile.facet import Facets, fold
from onevoice.resolve.attachment import attach, keys_of
from onevoice.resolve.graph import Graph
from onevoice.resolve.rules import Rules
from onevoice.wiring.settings import Settings

#: event, node of its anchor, its dedupe keys: what the log stores.
Entry = tuple[Event, int, Sequence[str]]

#: Entries kept in memory between steps; beyond, the oldest facets go, and the graph starts anew.
MOST_FACETS, MOST_NODES = 200_000, 600_000


class Tables(Protocol):
    """The two stores that are kept in step."""

    graph: GraphStore
    profiles: Profiles


class Working:
    """
    The stages resolve and profile over one pair of stores.

    After any failed transaction call `forget`: memory may then be ahead of the store.
    """

    def __init__(self, tables: Tables, settings: Settings, graph: Callable[[], Graph] | None = None) -> None:
        self._tables = tables
        self._new_graph = graph or (lambda: Graph(settings.workspace))
        self._facets = Facets(settings.currency)
        self.rules = Rules()
        self.forget()

    def forget(self) -> None:
        """Drop everything; the next batch loads what it needs from the store."""
        self._facets.clear()
        self._graph = self._new_graph()

    def take(self, fresh: Sequence[tuple[Event, Sequence[str]]]) -> list[Entry]:
        """Attach fresh events one after the other, fold them, and return them with what they brought about."""
        graph, facets = self._graph, self._facets
        self._tables.graph.fill(graph, [key for event, _ in fresh for key in keys_of(event)])
        attached = [attach(graph, event, self.rules) for event, _ in fresh]
        self._tables.profiles.fill(facets, {one.anchor for one in attached if one.anchor})
        entries: list[Entry] = []
        for (event, keys), one in zip(fresh, attached, strict=True):
            entries.append((event, one.anchor, keys))
            if one.anchor:
                fold(facets, one.anchor, event, self._find)
            entries.extend((made, self._find(made.anchor.key) or one.anchor, ()) for made in one.derived)
        return entries

    def _find(self, key: tuple[str, str]) -> int | None:
        node = self._graph.by_key.get(key)
        return node.id if node is not None else None

    def save(self) -> None:
        """Store what changed, in the running transaction."""
        self._tables.graph.save(self._graph)
        self._tables.profiles.save(self._facets)

    def trim(self) -> None:
        """Keep memory within bounds; call it when everything is saved."""
        self._facets.trim(MOST_FACETS)
        if len(self._graph.nodes) > MOST_NODES:
            self._graph = self._new_graph()

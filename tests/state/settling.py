"""A small resolver for tests: events through graph, facets and log, as the worker does it."""

from collections.abc import Sequence

import msgspec

from onevoice.adapters.database import Database
from onevoice.adapters.state.graph import GraphStore
from onevoice.adapters.state.log import Log
from onevoice.adapters.state.profiles import Profiles
from onevoice.collect.keys import keys_of as dedupe_keys
from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust
from onevoice.profile.facet import Facets, fold
from onevoice.resolve.attachment import attach, keys_of
from onevoice.resolve.graph import Graph
from onevoice.resolve.rules import Rules

START = 1_700_000_000_000_000


def event(
    number: int, name: str, *identifiers: tuple[str, str], trust: Trust = Trust.VERIFIED, **given: object
) -> Event:
    """Return one event of a trusted source."""
    fields = {"channel": "web", "occurred_at": START + number, "received_at": START + number, "source": "shop", **given}
    named = tuple(Identifier(kind, value, trust) for kind, value in identifiers)
    return Event(id=f"m{number}", name=name, identifiers=named, **fields)  # type: ignore[arg-type]


def settle(database: Database, events: Sequence[Event], workspace: str = "workspace") -> None:
    """Resolve, fold and log some events, and write the lines of the people they concern."""
    graph, rules, facets = Graph(workspace), Rules(), Facets()
    store, profiles, log = GraphStore(database), Profiles(database), Log(database)
    store.fill(graph, [key for one in events for key in keys_of(one)])

    def find(key: tuple[str, str]) -> int | None:
        node = graph.by_key.get(key)
        return node.id if node else None

    rows = []
    for one in events:
        attached = attach(graph, one, rules)
        rows.append((one, attached.anchor, dedupe_keys(one), b""))
        rows += [(made, find(made.anchor.key) or attached.anchor, (), b"") for made in attached.derived]
    profiles.fill(facets, {node for _, node, *_ in rows if node})
    for one, node, *_ in rows:
        fold(facets, node, one, find)
    with database.transaction():
        log.append(rows, log.last() + 1)
        store.save(graph)
        profiles.save(facets)
    profiles.refresh(graph.persons)


def body(*events: Event) -> bytes:
    """Return events as one acknowledged batch."""
    return msgspec.json.encode({"batch": [msgspec.to_builtins(one) for one in events]})

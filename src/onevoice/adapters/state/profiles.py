"""Facets in the store: one compact row a node, written only when it changed."""

from collections.abc import Iterable

import msgspec

from onevoice.adapters.database import Database
from onevoice.adapters.state.consents import Consents
from onevoice.domain.profile import Facet
from onevoice.profile.facet import Facets, bound

#: Sorted keys make equal facets equal bytes, so that a rebuild can be compared row by row.
encoder = msgspec.msgpack.Encoder(order="deterministic")
decoder = msgspec.msgpack.Decoder(Facet)


class Profiles:
    """The facets table, and profiles read from it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.consents = Consents(database)

    def fill(self, facets: Facets, nodes: Iterable[int]) -> None:
        """Load the facets of *nodes* that are not at work yet; a node without one gets an empty facet."""
        missing = facets.missing(nodes)
        found = self.facets(missing)
        for node in missing:
            facets.put(node, found.get(node) or Facet())

    def save(self, facets: Facets) -> int:
        """
        Store every changed facet and new consent entry, and return how many facets changed.

        Call it in the transaction that moves the cursor; if that fails, `facets.clear()`.
        """
        rows = [(node, encoder.encode(facet)) for node, facet in facets.changed()]
        self.database.insert("facets", ("node", "body"), rows, "ON CONFLICT (node) DO UPDATE SET body = excluded.body")
        self.consents.append(facets.consents)
        facets.saved()
        return len(rows)

    def facets(self, nodes: Iterable[int]) -> dict[int, Facet]:
        """Return the facets of those nodes that have one."""
        rows = self.database.lookup("facets", ("node", "body"), ("node",), sorted(nodes))
        return {node: decoder.decode(body) for node, body in rows}


def encoded(facet: Facet) -> bytes:
    """Return a facet as the table keeps it: equal facets give equal bytes."""
    bound(facet)
    return encoder.encode(facet)

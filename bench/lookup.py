"""A person found by any identifier through the API, among a million."""

import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.gateway.house import House

from bench import Row
from bench.gateway import load
from onevoice.adapters.database import Database
from onevoice.adapters.database import Row as Line
from onevoice.adapters.state.profiles import encoded
from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.profile import Facet
from onevoice.profile.facet import Facets, fold

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "1000000"))
AT = 1_767_225_600_000_000
CHUNK = 50_000
ASKED = 20_000
#: Connections that are busy at the same time: a latency is measured, not the most that it can do.
CONNECTIONS = 2


def facet(kind: str) -> bytes:
    """Return the facet of a customer with twenty orders and some traits, as the store keeps it."""
    facets = Facets()
    facets.put(1, Facet())
    for number in range(20):
        event = Event(
            id=f"e-{number}",
            name="Order Completed",
            channel=("web", "store", "app")[number % 3],
            occurred_at=AT + number * 86_400_000_000,
            received_at=AT + number * 86_400_000_000,
            identifiers=(Identifier(kind, "x", Trust.VERIFIED),),
            traits={"name": "Ada Lovelace", "email": "ada@example.com", "city": "London"},
            properties={
                "order_id": f"o-{number}",
                "total": 12.5,
                "currency": "EUR",
                "products": [{"category": "Shoes"}],
            },
        )
        fold(facets, 1, event)
    return encoded(dict(facets.changed())[1])


def name(number: int) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the two identifiers of a person."""
    return ("email", f"customer{number}@example.com"), ("loyalty_id", f"L{number:09}")


def fill(database: Database) -> None:
    """Write a million people with two identifiers each straight into the tables."""
    bodies = [facet(kind) for kind in ("email", "loyalty_id")]
    for first in range(0, PEOPLE, CHUNK):
        numbers = range(first, min(first + CHUNK, PEOPLE))
        persons = [(f"p{number:09}", AT, 2 * number + 1, "", "") for number in numbers]
        nodes: list[Line] = []
        facets: list[Line] = []
        for number in numbers:
            for at, (kind, value) in enumerate(name(number), 1):
                node = 2 * number + at
                nodes.append((node, kind, value, f"p{number:09}", 2 * number + 1, 0, 2, AT, "", 1, 1, "", 0))
                facets.append((node, bodies[at - 1]))
        with database.transaction():
            database.insert("persons", ("id", "founded_at", "founder", "household", "redirect"), persons)
            database.insert("nodes", NODES, nodes)
            database.insert("facets", ("node", "body"), facets)


NODES = (
    "node", "kind", "value", "person", "component", "status", "trust", "first_at", "marks", "neighbours", "founded",
    "dormant", "held",
)  # fmt: skip


def requests(house: House) -> list[bytes]:
    """Return lookups of people at random, by either identifier."""
    rng = random.Random(1)
    chosen = [name(rng.randrange(PEOPLE))[rng.randrange(2)] for _ in range(ASKED)]
    head = f" HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {house.secret}\r\n\r\n"
    return [f"GET /api/v1/people/lookup?{kind}={value}{head}".encode() for kind, value in chosen]


def rows() -> Iterator[Row]:
    """Yield one row."""
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        fill(house.state)
        house.start()
        try:
            found = load(house.settings.port, requests(house), CONNECTIONS)
        finally:
            house.stop()
    rate = found["answered"] / found["seconds"]
    note = f"{PEOPLE:,} people, {CONNECTIONS} connections, {rate:,.0f} lookups/s, p50 {found['p50']} ms"
    yield Row("profile lookup, p99", f"{found['p99']} ms", "published: Segment 200 ms", note=note)

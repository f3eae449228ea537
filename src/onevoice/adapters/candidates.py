"""The records that linkage compares: one for each person, from the traits of their identifiers."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from typing import Any

import msgspec
import pyarrow as pa

from onevoice.adapters.database import Database
from onevoice.domain.identifier import Identifier
from onevoice.domain.profile import Facet
from onevoice.profile.trait import chosen

#: Column of the model -> traits that may hold it, best first.
TRAITS = {
    "first_name": ("first_name", "firstName", "given_name"),
    "last_name": ("last_name", "lastName", "surname"),
    "birthday": ("birthday", "date_of_birth", "dob"),
    "street": ("street", "address.street"),
    "postcode": ("postcode", "postalCode", "zip", "address.postalCode"),
    "city": ("city", "address.city"),
}
#: Persons read at once.
BATCH = 20_000

_facet = msgspec.msgpack.Decoder(Facet)


def persons(database: Database, columns: Sequence[str]) -> Iterator[tuple[str, Identifier, dict[str, str]]]:
    """Yield each person who has any of the columns, with one identifier and the columns' values."""
    rows = database.stream(
        "SELECT n.person, n.kind, n.value, f.body FROM nodes n JOIN facets f ON f.node = n.node "
        "ORDER BY n.person, n.node"
    )
    for person, members in groupby(rows, key=lambda row: row[0]):
        record: dict[str, str] = {}
        first: Identifier | None = None
        for _, kind, value, body in members:
            first = first or Identifier(kind, value)
            for column, text in told(_facet.decode(body), columns).items():
                record.setdefault(column, text)
        if record and first is not None:
            yield person, first, record


def told(facet: Facet, columns: Sequence[str]) -> dict[str, str]:
    """Return what a facet says of the columns, in one spelling."""
    found: dict[str, str] = {}
    for column in columns:
        for name in TRAITS.get(column, (column,)):
            trait = chosen(name, facet.traits[name]) if name in facet.traits else None
            if trait is not None and (text := spelled(trait.value)):
                found[column] = text
                break
    return found


def spelled(value: Any) -> str:
    """Return a text in lower case with single spaces, so that spelling alone makes no difference."""
    return re.sub(r"\s+", " ", str(value)).strip().casefold()


def table(database: Database, columns: Sequence[str]) -> tuple[pa.Table, dict[str, Identifier]]:
    """Return the records as Arrow (unique_id is the person) and each person's identifier."""
    schema = pa.schema([("unique_id", pa.string()), *((name, pa.string()) for name in columns)])
    source = persons(database, columns)
    identifiers: dict[str, Identifier] = {}
    batches: list[pa.RecordBatch] = []
    while part := list(islice(source, BATCH)):
        identifiers.update({person: identifier for person, identifier, _ in part})
        arrays = [[person for person, _, _ in part], *[[record.get(name) for _, _, record in part] for name in columns]]
        batches.append(pa.record_batch([pa.array(values, pa.string()) for values in arrays], schema=schema))
    return pa.Table.from_batches(batches, schema), identifiers

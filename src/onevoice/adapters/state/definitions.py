"""Versioned documents: every `put` of a changed body makes a new version, and no version ever changes."""

from typing import TypeVar

import msgspec

from onevoice.adapters.database import Database, Row
from onevoice.domain.document import Document
from onevoice.domain.errors import NotFound

Struct = TypeVar("Struct")
COLUMNS = "kind, name, version, body, created_at, created_by"


class DocumentNotFound(NotFound):
    """There is no document of that kind and name."""


class Definitions:
    """The definitions table."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def put(self, kind: str, name: str, body: object, *, now: int, by: str) -> Document:
        """Store a new version of a document, or return the newest if nothing changed."""
        encoded = msgspec.json.encode(body, order="sorted")
        with self.database.transaction():
            newest = self.find(kind, name)
            if newest is not None and bytes(newest.body) == encoded:
                return newest
            version = newest.version + 1 if newest else 1
            row = (kind, name, version, encoded, now, by)
            self.database.insert("definitions", COLUMNS.split(", "), [row])
        return _document(row)

    def find(self, kind: str, name: str, version: int | None = None) -> Document | None:
        """Return one version of a document, the newest unless said otherwise."""
        which, params = ("AND version = ?", (kind, name, version)) if version else ("", (kind, name))
        row = self.database.one(
            f"SELECT {COLUMNS} FROM definitions WHERE kind = ? AND name = ? {which} ORDER BY version DESC LIMIT 1",
            params,
        )
        return _document(row) if row else None

    def get(self, kind: str, name: str, type_: type[Struct], version: int | None = None) -> Struct:
        """
        Return the body of a document as its struct.

        Raises:
            DocumentNotFound: No such document or version.
        """
        found = self.find(kind, name, version)
        if found is None:
            raise DocumentNotFound(f"There is no {kind} named {name!r}.", kind=kind, name=name)
        return msgspec.json.decode(bytes(found.body), type=type_)

    def newest(self, kind: str) -> list[Document]:
        """Return the newest version of every document of a kind, by name."""
        rows = self.database.query(
            f"SELECT {COLUMNS} FROM definitions d WHERE kind = ? AND version = "
            "(SELECT max(version) FROM definitions e WHERE e.kind = d.kind AND e.name = d.name) ORDER BY name",
            (kind,),
        )
        return [_document(row) for row in rows]

    def versions(self, kind: str, name: str) -> list[Document]:
        """Return every version of a document, newest first."""
        rows = self.database.query(
            f"SELECT {COLUMNS} FROM definitions WHERE kind = ? AND name = ? ORDER BY version DESC", (kind, name)
        )
        return [_document(row) for row in rows]


def _document(row: Row) -> Document:
    kind, name, version, body, created_at, created_by = row
    return Document(
        kind=kind,
        name=name,
        version=version,
        body=msgspec.Raw(bytes(body)),
        created_at=created_at,
        created_by=created_by,
    )

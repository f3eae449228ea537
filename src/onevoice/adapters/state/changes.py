"""What a stretch of the log touched, without reading its bodies: for consumers that only need to know whom."""

from typing import Any

import msgspec

from onevoice.adapters.database import Database

#: Properties of the house's own events that name persons.
NAMING = ("survivor", "absorbed", "source", "results", "person")


class _Told(msgspec.Struct):
    """The part of a derived event that is needed."""

    properties: dict[str, Any] = {}


_decoder = msgspec.json.Decoder(_Told)


class Changes:
    """The events table, read by stretches."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def last(self) -> int:
        """Return the newest number of the log, 0 if it is empty."""
        row = self.database.one("SELECT max(seq) FROM events")
        return int(row[0] or 0) if row else 0

    def upto(self, after: int, most: int) -> int:
        """Return where a stretch of at most so many events ends; *after* itself if there is nothing."""
        row = self.database.one("SELECT max(seq) FROM events WHERE seq > ? AND seq <= ?", (after, after + most))
        if row and row[0] is not None:
            return int(row[0])
        # A gap longer than a stretch: after a rebuild, numbers may be missing.
        row = self.database.one("SELECT min(seq) FROM events WHERE seq > ?", (after,))
        return int(row[0]) if row and row[0] is not None else after

    def nodes(self, after: int, upto: int) -> list[int]:
        """Return the nodes to which events of a stretch are anchored."""
        sql = "SELECT DISTINCT node FROM events WHERE seq > ? AND seq <= ? AND node <> 0"
        return [node for (node,) in self.database.query(sql, (after, upto))]

    def persons(self, after: int, upto: int) -> set[str]:
        """Return the persons whom the house's own events of a stretch name: merged, split, moved."""
        sql = "SELECT body FROM events WHERE seq > ? AND seq <= ? AND derived = 1"
        found: set[str] = set()
        for (body,) in self.database.query(sql, (after, upto)):
            told = _decoder.decode(body).properties
            for name in NAMING:
                value = told.get(name, ())
                found.update([value] if isinstance(value, str) else value)
        return found

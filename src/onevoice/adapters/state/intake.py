"""The intake: what was acknowledged, in arrival order, until it is resolved."""

import itertools
from collections.abc import Sequence

import msgspec

from onevoice.adapters.database import Database
from onevoice.domain.event import Event
from onevoice.domain.identifier import Trust
from onevoice.domain.packet import Packet

#: received_at, key, trust, path, meta (JSON), body.
Acknowledged = tuple[int, str, int, str, bytes, bytes]

COLUMNS = ("received_at", "key", "trust", "path", "meta", "body")

#: Names our lock among PostgreSQL's advisory locks (the letters of "onevoice" as a number).
LOCK = int.from_bytes(b"onevoice")

#: The house's own events are put in as packets of at most this many.
EMITTED = 1_000


class Intake:
    """The intake table: appended by doors, read in order by the one resolver."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def append(self, rows: Sequence[Acknowledged]) -> None:
        """
        Store bodies durably, all or none.

        On PostgreSQL the numbers of rows are given before they are committed, so two writers could commit out of
        order and the reader pass over a row for ever; a lock until the commit keeps the two orders the same. SQLite
        has one writer at a time anyway.
        """
        with self.database.transaction():
            if self.database.dialect == "postgres":
                # The schema is part of the lock: workspaces that share a server do not wait for each other.
                self.database.query("SELECT pg_advisory_xact_lock(? # hashtext(current_schema()))", (LOCK,))
            self.database.insert("intake", COLUMNS, rows)

    def emit(self, events: Sequence[Event], source: str, now: int) -> None:
        """Put in events that the house itself speaks; they are believed."""
        encode = msgspec.json.encode
        self.append(
            [
                (now, source, int(Trust.VERIFIED), "emit", b"{}", encode(events[at : at + EMITTED]))
                for at in range(0, len(events), EMITTED)
            ]
        )

    def read(self, after: int, limit: int, max_bytes: int) -> list[Packet]:
        """Return packets after a number, in order: at most *limit* and *max_bytes* of them, but one at least."""
        sizes = self.database.query(
            "SELECT seq, length(body) FROM intake WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)
        )
        if not sizes:
            return []
        sums = itertools.accumulate(size for _, size in sizes)
        within = sum(total <= max_bytes for total in sums)
        until = sizes[max(within, 1) - 1][0]
        rows = self.database.query(
            f"SELECT seq, {', '.join(COLUMNS)} FROM intake WHERE seq > ? AND seq <= ? ORDER BY seq", (after, until)
        )
        decode = msgspec.json.decode
        return [
            Packet(
                seq=seq,
                received_at=received_at,
                key=key,
                trust=Trust(trust),
                path=path,
                meta=decode(meta),
                body=bytes(body),
            )
            for seq, received_at, key, trust, path, meta, body in rows
        ]

    def last(self) -> int:
        """Return the number of the newest row, 0 if there is none."""
        row = self.database.one("SELECT max(seq) FROM intake")
        return int(row[0] or 0) if row else 0

    def prune(self, before_seq: int, before_at: int) -> int:
        """Delete rows that are both resolved (below a number) and old enough, and return how many."""
        return self.database.execute("DELETE FROM intake WHERE seq < ? AND received_at < ?", (before_seq, before_at))

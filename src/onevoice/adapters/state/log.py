"""The log: events in their one order, the keys already taken, and the cursors of those who read."""

from collections.abc import Sequence

import msgspec

from onevoice.adapters.database import Database, Row
from onevoice.adapters.state.rejects import Rejects
from onevoice.adapters.state.seen import Seen
from onevoice.domain.event import Event

EVENTS = ("seq", "id", "name", "channel", "node", "occurred_at", "received_at", "derived", "body")

#: event, node of its anchor, its dedupe keys, its JSON (empty: to be made here).
Entry = tuple[Event, int, Sequence[str], bytes]

_event = msgspec.json.Decoder(Event)


class Logged(msgspec.Struct, frozen=True):
    """One row of the log."""

    seq: int
    node: int
    event: Event


class Log(Rejects):
    """The events, seen, duplicates, cursors and rejected tables, written by the one resolver."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._encode = msgspec.json.Encoder().encode
        self._seen = Seen(database)

    def cursor(self, consumer: str) -> int:
        """Return how far a consumer has read, 0 if it never did."""
        row = self.database.one("SELECT seq FROM cursors WHERE consumer = ?", (consumer,))
        return int(row[0]) if row else 0

    def move(self, consumer: str, seq: int, now: int) -> None:
        """Note how far a consumer has read, in the running transaction."""
        self.database.insert(
            "cursors",
            ("consumer", "seq", "moved_at"),
            [(consumer, seq, now)],
            "ON CONFLICT (consumer) DO UPDATE SET seq = excluded.seq, moved_at = excluded.moved_at",
        )

    def cursors(self) -> list[tuple[str, int, int]]:
        """Return every consumer with its number and when it moved last."""
        return [
            (consumer, seq, moved_at)
            for consumer, seq, moved_at in self.database.query(
                "SELECT consumer, seq, moved_at FROM cursors ORDER BY consumer"
            )
        ]

    def unseen(self, keys: Sequence[Sequence[str]]) -> list[bool]:
        """
        Tell for each event whether it is new: none of its keys is in the log, nor with an event before it here.

        The keys of a copy count as taken too: what matches any of them is a copy of the same fact.
        """
        flat = [key for own in keys for key in own]
        taken = set(self._seen.find(flat))
        if not taken and len(set(flat)) == len(flat):
            return [True] * len(keys)
        fresh: list[bool] = []
        for own in keys:
            is_new = taken.isdisjoint(own)
            taken.update(own)
            fresh.append(is_new)
        return fresh

    def append(self, rows: Sequence[Entry], first_seq: int) -> None:
        """Store events under dense numbers from *first_seq* on, and take their keys, in the running transaction."""
        encode = self._encode
        events: list[Row] = []
        seen: dict[str, int] = {}
        for seq, (event, node, keys, body) in enumerate(rows, first_seq):
            events.append(
                (
                    seq,
                    event.id,
                    event.name,
                    event.channel,
                    node,
                    event.occurred_at,
                    event.received_at,
                    int(event.derived),
                    body or encode(event),
                )
            )
            for key in keys:
                seen.setdefault(key, seq)
        self.database.insert("events", EVENTS, events)
        self._seen.add(seen)

    def link(self, copies: Sequence[tuple[Event, Sequence[str]]]) -> None:
        """
        Count copies with the event they repeat, and take their further keys for it.

        Call it after `append`, in the same transaction, so that copies of one batch find their first.
        """
        if not copies:
            return
        taken = self._seen.find(list({key for _, keys in copies for key in keys}))
        counts: dict[tuple[int, str], tuple[int, int]] = {}
        more: dict[str, int] = {}
        for event, keys in copies:
            first = min((taken[key] for key in keys if key in taken), default=None)
            if first is None:
                continue
            count, last_at = counts.get((first, event.source), (0, 0))
            counts[first, event.source] = (count + 1, max(last_at, event.received_at))
            for key in keys:
                if key not in taken:
                    taken[key] = more[key] = first
        self._seen.add(more)
        self.database.insert(
            "duplicates",
            ("seq", "source", "count", "last_at"),
            [(seq, source, count, at) for (seq, source), (count, at) in sorted(counts.items())],
            "ON CONFLICT (seq, source) DO UPDATE SET count = duplicates.count + excluded.count, "
            "last_at = CASE WHEN excluded.last_at > duplicates.last_at THEN excluded.last_at "
            "ELSE duplicates.last_at END",
        )

    def duplicates(self, seq: int) -> list[tuple[str, int, int]]:
        """Return who repeated an event: source, how often, and when last."""
        rows = self.database.query(
            "SELECT source, count, last_at FROM duplicates WHERE seq = ? ORDER BY source", (seq,)
        )
        return [(source, count, last_at) for source, count, last_at in rows]

    def last(self) -> int:
        """Return the number of the newest event, 0 if there is none."""
        row = self.database.one("SELECT max(seq) FROM events")
        return int(row[0] or 0) if row else 0

    def events(self, after: int, limit: int) -> list[Logged]:
        """Return events after a number, in order."""
        return self._logged("WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit))

    def find(self, event_id: str, nodes: Sequence[int]) -> Logged | None:
        """Return the event of an id among those anchored at some nodes."""
        marks = ", ".join("?" * len(nodes)) or "NULL"
        found = self._logged(f"WHERE node IN ({marks}) AND id = ? ORDER BY seq LIMIT 1", (*nodes, event_id))
        return found[0] if found else None

    def of_nodes(
        self, nodes: Sequence[int], before: tuple[int, int] | None, limit: int, channel: str = ""
    ) -> list[Logged]:
        """
        Return what happened to some nodes, newest first, perhaps in one channel only.

        *before* is `(occurred_at, seq)` of the last row of the page before, or None for the first page. Each node is
        read through its own index range, so the cost follows the page, not the length of the history.
        """
        found: list[Row] = []
        for node in nodes:
            found += self._of_node(node, before, limit, channel)
        found.sort(key=lambda row: (-row[0], -row[1]))
        seqs = [row[1] for row in found[:limit]]
        rows = self.database.lookup("events", ("seq", "node", "body"), ("seq",), seqs)
        by_seq = {seq: Logged(seq, node, _event.decode(body)) for seq, node, body in rows}
        return [by_seq[seq] for seq in seqs]

    def _of_node(self, node: int, before: tuple[int, int] | None, limit: int, channel: str) -> list[Row]:
        where, params = "node = ?", [node]
        if before is not None:
            where += " AND (occurred_at, seq) < (?, ?)"
            params += [before[0], before[1]]
        extra = (channel,) if channel else ()
        return self.database.query(
            f"SELECT occurred_at, seq FROM events WHERE {where}{' AND channel = ?' if channel else ''} "
            "ORDER BY occurred_at DESC, seq DESC LIMIT ?",
            (*params, *extra, limit),
        )

    def _logged(self, rest: str, params: Sequence[object]) -> list[Logged]:
        rows = self.database.query(f"SELECT seq, node, body FROM events {rest}", params)
        return [Logged(seq, node, _event.decode(body)) for seq, node, body in rows]

"""
Rebuild: replay the log through resolve and profile into fresh tables, compare, and put right what differs.

The fresh tables live in a temporary SQLite file inside the workspace, whatever the state store is. Identifiers keep
their node numbers, because the lake and the log know them by number.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import msgspec

from onevoice import profile, resolve
from onevoice.adapters.database import Database, Row, SqliteDatabase, connect
from onevoice.adapters.migrations import migrate
from onevoice.adapters.state.cursors import Cursor
from onevoice.adapters.state.graph import GraphStore
from onevoice.adapters.state.log import Log
from onevoice.adapters.state.profiles import Profiles
from onevoice.domain.event import Event
from onevoice.resolve.attachment import keys_of
from onevoice.resolve.graph import Graph
from onevoice.resolve.rules import Rules
from onevoice.wiring.settings import Settings
from onevoice.wiring.workspace import now
from onevoice.worker.comparison import Differences, Table, columns_of, describe, key_of, rows, walk
from onevoice.worker.numbering import NumberedGraph, Numbers
from onevoice.worker.pipeline import GENERATION, RESOLVE
from onevoice.worker.working import Entry, Working, stretches

#: Tables that are caches of others; their consumer makes them anew.
CACHES = frozenset({"people", "people_terms", "people_grams"})
#: Events replayed in one transaction of the temporary store, and rows put right in one statement.
PORTION = 5_000
#: What the house derived itself, compared by id: it stands where it once came up.
DERIVED = Table(
    "events", ("id",), ("id", "name", "channel", "node", "occurred_at", "received_at", "derived", "body"), "derived = 1"
)

Item = TypeVar("Item")

_decode = msgspec.json.Decoder(Event).decode


class Shadow:
    """The fresh tables."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.graph = GraphStore(database)
        self.profiles = Profiles(database)
        self.log = Log(database)


@contextlib.contextmanager
def snapshot(database: Database) -> Iterator[None]:
    """See one state of a store for as long as it takes, without keeping its writer waiting."""
    database.execute("BEGIN" if database.dialect == "sqlite" else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        yield
    finally:
        database.execute("ROLLBACK")


class Rebuild:
    """One replay: `replay`, then `differences`, then perhaps `swap`. Use it as a context."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.total = 0  #: events to replay
        self.events = 0  #: events replayed
        self._last = 0  #: number of the last event replayed
        self._made = 0  #: events derived
        self._moved = Differences()  #: events whose anchor is another now

    def __enter__(self) -> "Rebuild":
        """Open both stores and fix the moment that is compared."""
        self._stack = contextlib.ExitStack()
        folder = Path(tempfile.mkdtemp(prefix="rebuild-", dir=self._settings.root))
        self._stack.callback(shutil.rmtree, folder, ignore_errors=True)
        self._shadow = Shadow(self._fresh(folder))
        self._stored = self._opened()
        self._seen = self._stack.enter_context(contextlib.ExitStack())
        self._seen.enter_context(snapshot(self._stored))
        self._numbers = Numbers(self._stored)
        self._working = Working(self._shadow, self._settings, self._graph)
        row = self._stored.one("SELECT count(*) FROM events WHERE derived = 0")
        self.total = int(row[0]) if row else 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the fresh tables."""
        self._stack.close()

    def _opened(self) -> Database:
        database = connect(self._settings.state_url)
        self._stack.callback(database.close)
        return database

    def _fresh(self, folder: Path) -> Database:
        database = SqliteDatabase(folder / "shadow.db", durable=False, cache_mb=256)
        self._stack.callback(database.close)
        migrate(database, "state", now=now())
        database.script("CREATE TABLE moved (seq INTEGER PRIMARY KEY, node INTEGER NOT NULL)")
        return database

    def _graph(self, rules: Rules) -> Graph:
        return NumberedGraph(self._settings.workspace, rules, self._numbers)

    def replay(self) -> Iterator[int]:
        """Replay what there is, yielding how many events it was so far."""
        sql = "SELECT seq, node, body FROM events WHERE seq > ? AND derived = 0 ORDER BY seq LIMIT ?"
        while portion := self._stored.query(sql, (self._last, PORTION)):
            self._take(portion)
            self._last = portion[-1][0]
            self.events += len(portion)
            yield self.events

    def _take(self, portion: Sequence[Row]) -> None:
        events = [_decode(body) for _, _, body in portion]
        self._numbers.prepare(key for event in events for key in keys_of(event))
        rows = iter(portion)
        for stretch in stretches([(event, (), b"") for event in events]):
            self._keep(list(islice(rows, len(stretch))), self._working.take(stretch))
        self._working.trim()

    def _keep(self, portion: Sequence[Row], entries: list[Entry]) -> None:
        """Store what a stretch brought about, and note whose anchor is another now."""
        anchors = [node for event, node, *_ in entries if not event.derived]
        moved = [(row[0], new) for row, new in zip(portion, anchors, strict=True) if row[1] != new]
        with self._shadow.database.transaction():
            entries += self._working.save()
            derived = [entry for entry in entries if entry[0].derived]
            self._shadow.log.append(derived, self._made + 1)
            self._shadow.database.insert("moved", ("seq", "node"), moved)
        self._made += len(derived)
        for seq, node in moved:
            self._moved.add("events", f"seq={seq} belongs to node {node}")

    def tables(self) -> list[Table]:
        """Return what is compared: every table of resolve and profile that is no cache, and the derived events."""
        database = self._shadow.database
        names = sorted((resolve.WRITES | profile.WRITES) - CACHES)
        return [Table(name, key_of(database, name), columns_of(database, name)) for name in names] + [DERIVED]

    def differences(self) -> Differences:
        """Compare what was made with what was stored at the moment of the snapshot."""
        found = Differences()
        found.merge(self._moved)
        for table in self.tables():
            for a, b in walk(table, rows(self._stored, table), rows(self._shadow.database, table)):
                found.add(table.name, describe(table, a, b))
        return found

    def swap(self) -> None:
        """
        Replay what came since and put right, in one transaction, every row that differs.

        The resolver waits meanwhile, then notices the new generation and reads its tables again.
        """
        self._seen.close()
        store = self._opened()
        generation = Cursor(store, GENERATION)
        with store.transaction():
            # The resolver's cursor is locked first, so that nothing it does can fall between reading and writing.
            store.execute("UPDATE cursors SET seq = seq WHERE consumer = ?", (RESOLVE,))
            age = generation.read()
            generation.advance(age, age + 1, now())
            with snapshot(self._stored):
                for _ in self.replay():
                    pass
                for table in self.tables():
                    self._mend(store, table)
            for part in _parts(self._shadow.database.stream("SELECT node, seq FROM moved")):
                for node, seq in part:
                    store.execute("UPDATE events SET node = ? WHERE seq = ?", (node, seq))
            store.execute("UPDATE cursors SET seq = 0 WHERE consumer = 'people'")

    def _mend(self, store: Database, table: Table) -> None:
        different = walk(table, rows(self._stored, table), rows(self._shadow.database, table))
        width = len(table.key)
        where = " AND ".join(f"{name} = ?" for name in table.key)
        known = {"derived = 1": " AND derived = 1"}.get(table.where, "")
        for part in _parts(different):
            gone = [a[:width] for a, b in part if a is not None and (b is None or table is not DERIVED)]
            for key in gone:
                store.execute(f"DELETE FROM {table.name} WHERE {where}{known}", key)
            if table is DERIVED:
                self._mend_derived(store, part)
            else:
                store.insert(table.name, table.ordered, [b for _, b in part if b is not None])

    def _mend_derived(self, store: Database, part: Sequence[tuple[Row | None, Row | None]]) -> None:
        """Keep the number of a derived event that only differs; a new one goes to the end of the log."""
        names = DERIVED.ordered[1:]
        for a, b in part:
            if a is not None and b is not None:
                changes = ", ".join(f"{name} = ?" for name in names)
                store.execute(f"UPDATE events SET {changes} WHERE id = ? AND derived = 1", (*b[1:], b[0]))
        fresh = [b for a, b in part if a is None and b is not None]
        last = Log(store).last()
        store.insert("events", ("seq", *DERIVED.ordered), [(last + at, *row) for at, row in enumerate(fresh, 1)])


def _parts(items: Iterator[Item]) -> Iterator[list[Item]]:
    while part := list(islice(items, PORTION)):
        yield part

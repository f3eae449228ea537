"""The exporter: the log goes to the lake, each event once, and the lake is kept in order."""

import logging
import time
from collections.abc import Callable
from typing import Protocol

from onevoice.adapters.database import Database
from onevoice.adapters.lake import Lake
from onevoice.adapters.state.cursors import Cursor
from onevoice.adapters.state.log import Log
from onevoice.wiring.settings import Settings
from onevoice.wiring.workspace import now

log = logging.getLogger("onevoice.worker")

#: Rows of one append when there is much to catch up with.
MOST_ROWS = 50_000
#: Small files of a table that make it worth merging them.
MANY_FILES = 48
#: Rows after which the lake is ordered by person anew.
REORDER_ROWS = 2_000_000


class Exported(Protocol):
    """The stores between which the exporter stands."""

    state: Database
    log: Log

    @property
    def lake(self) -> Lake:
        """Where events are kept for ever."""


class Exporter:
    """
    Follows the log into the lake.

    The lake itself remembers the last number it holds (a Delta application transaction), so a crash after the append
    and before the cursor's commit repeats an append that changes nothing.
    """

    def __init__(self, stores: Exported, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stores = stores
        self._rows = settings.export_rows
        self._seconds = settings.export_seconds
        self._clock = clock
        self._cursor = Cursor(stores.state, "lake")
        self._ordered = Cursor(stores.state, "lake-order")
        self._since: float | None = None

    def step(self) -> int:
        """Export what is due and return how many events it was; few and fresh ones wait."""
        at = self._cursor.read()
        waiting = self._stores.log.last() - at
        if waiting <= 0:
            self._since = None
            return 0
        if self._since is None:
            self._since = self._clock()
        if waiting < self._rows and self._clock() - self._since < self._seconds:
            return 0
        return self.export(at)

    def flush(self) -> int:
        """Export all there is, due or not, and return how many events it was."""
        total = 0
        while done := self.export(self._cursor.read()):
            total += done
        return total

    def export(self, at: int) -> int:
        """Export one portion after a log number."""
        found = self._stores.log.events(at, MOST_ROWS)
        if not found:
            return 0
        self._stores.lake.append_events([(one.seq, one.node, one.event) for one in found])
        with self._stores.state.transaction():
            self._cursor.advance(at, found[-1].seq, now())
        self._since = None
        return len(found)

    def tidy(self) -> int:
        """Merge small files; after much growth also order the rows by person. Return how many files were rewritten."""
        lake = self._stores.lake
        done = self._cursor.read()
        last = self._ordered.read()
        if done - last >= REORDER_ROWS:
            files = lake.compact(ordered=True)
            with self._stores.state.transaction():
                self._ordered.advance(last, done, now())
        elif max((len(lake.files(name)) for name in lake.names()), default=0) > MANY_FILES:
            files = lake.compact()
        else:
            return 0
        log.info("The lake was compacted", extra={"files": sum(files.values())})
        return 0

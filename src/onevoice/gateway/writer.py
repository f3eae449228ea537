"""
Group commit: requests hand their rows to one thread, which commits everything that waits in one transaction.

So the price of one flush to disk is shared by all who wait for it, and a row is acknowledged only once it is there.
"""

import asyncio
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from onevoice.domain.errors import OnevoiceError, Unavailable
from onevoice.gateway.refusals import DiskFull, Overloaded

log = logging.getLogger(__name__)

#: received_at, key, trust, path, meta, body: a row of the intake table.
Row = tuple[int, str, int, str, bytes, bytes]
Waiting = tuple[Row, "asyncio.Future[None]"]

#: Bounds of one transaction.
GROUP_ROWS = 2_000
GROUP_BYTES = 16 * 1024 * 1024
#: Bytes that may wait in memory; beyond, requests are refused at once.
MAX_WAITING = 64 * 1024 * 1024
#: Seconds that one commit may take before newcomers are refused instead of queued behind it.
STALL_SECONDS = 3.0
#: The disk keeps this much free, so that the worker can still go on and make room.
MIN_FREE = 64 * 1024 * 1024
#: Seconds between two looks at the free space.
LOOK_SECONDS = 1.0

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Appender(Protocol):
    """What the writer needs of the intake."""

    def append(self, rows: Sequence[Row]) -> None:
        """Commit rows durably, all or none."""


class Commits:
    """Figures about the commits, written by the writer's thread and read by /metrics."""

    def __init__(self) -> None:
        self.buckets = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0
        self.groups = 0
        self.rows = 0
        self.failures = 0

    def note(self, seconds: float, rows: int) -> None:
        """Count one commit."""
        self.buckets[next((at for at, edge in enumerate(BUCKETS) if seconds <= edge), len(BUCKETS))] += 1
        self.seconds += seconds
        self.groups += 1
        self.rows += rows


class Writer:
    """The one thread of this process that writes to the intake."""

    def __init__(self, intake: Appender, *, free: Callable[[], int] | None = None) -> None:
        self.commits = Commits()
        self.waiting_bytes = 0  #: touched by the event loop's thread only
        self._intake = intake
        self._free = free
        self._looked_at = 0.0
        self._full = False
        self._started: float | None = None
        self._rows: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop  # known from `start` on
        self._thread = threading.Thread(target=self._run, name="intake-writer", daemon=True)

    def start(self) -> None:
        """Start the thread; call from the event loop that will hand in rows."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        """Commit what waits, then end the thread."""
        self._rows.put(None)
        await asyncio.to_thread(self._thread.join)

    def put(self, row: Row) -> "asyncio.Future[None]":
        """
        Queue a row and return what resolves when it is durable; it fails with Unavailable when it could not be stored.

        Raises:
            Overloaded: Too much waits already, or the store stands still.
            DiskFull: There is hardly any space left.
        """
        self._guard()
        future = self._loop.create_future()
        self.waiting_bytes += len(row[5])
        self._rows.put((row, future))
        return future

    def _guard(self) -> None:
        now = time.monotonic()
        started = self._started
        if self.waiting_bytes > MAX_WAITING or (started is not None and now - started > STALL_SECONDS):
            raise Overloaded
        if self._free is not None and now - self._looked_at > LOOK_SECONDS:
            self._looked_at = now
            self._full = self._free() < MIN_FREE
        if self._full:
            raise DiskFull

    def _run(self) -> None:
        while True:
            group, last = self._take()
            if group:
                self._commit(group)
            if last:
                return

    def _take(self) -> tuple[list[Waiting], bool]:
        """Wait for a row, then take all others that wait too; tell whether the end was asked for."""
        group: list[Waiting] = []
        size = 0
        item = self._rows.get()
        while item is not None:
            group.append(item)
            size += len(item[0][5])
            if len(group) >= GROUP_ROWS or size >= GROUP_BYTES:
                return group, False
            try:
                item = self._rows.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _commit(self, group: list[Waiting]) -> None:
        self._started = started = time.monotonic()
        try:
            self._intake.append([row for row, _ in group])
        except OnevoiceError as error:
            self._failed(group, error)
        except Exception as error:
            # Not the store but a row: each is tried alone, so that one cannot keep the others out.
            log.exception("a group of %s rows could not be stored", len(group))
            if len(group) > 1:
                for item in group:
                    self._commit([item])
            else:
                self._failed(group, Unavailable(f"The row could not be stored: {error}."))
        else:
            self.commits.note(time.monotonic() - started, len(group))
            self._tell(group, None)
        finally:
            self._started = None

    def _failed(self, group: list[Waiting], error: OnevoiceError) -> None:
        self.commits.failures += 1
        log.warning("the intake refused %s rows: %s", len(group), error)
        self._tell(group, error if isinstance(error, Unavailable) else Unavailable(str(error)))

    def _tell(self, group: list[Waiting], error: Unavailable | None) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._settle, group, error)

    def _settle(self, group: list[Waiting], error: Unavailable | None) -> None:
        for row, future in group:
            self.waiting_bytes -= len(row[5])
            if future.done():  # the client went away
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)


def free_bytes(folder: Path) -> int:
    """Return the free space of the disk that holds a folder."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize

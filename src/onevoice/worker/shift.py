"""A shift: one worker process with its role, its lock and its tasks."""

import contextlib
import logging
import threading
from enum import StrEnum

from onevoice.domain.errors import Unavailable
from onevoice.wiring.settings import Settings
from onevoice.wiring.stores import Stores
from onevoice.worker.audiences import Audiences
from onevoice.worker.collector import relax_collector
from onevoice.worker.deliveries import Deliveries
from onevoice.worker.erasing import Erasing
from onevoice.worker.exporter import Exporter
from onevoice.worker.listing import Listing
from onevoice.worker.lock import Lock, lock_of
from onevoice.worker.pipeline import Pipeline
from onevoice.worker.schedule import Schedule, Task
from onevoice.worker.upkeep import Upkeep

log = logging.getLogger("onevoice.worker")

#: Seconds between two tries to take the lock, and between two looks at whether it is still ours.
STANDBY = 1.0


class LockLost(Unavailable):
    """Another worker has taken over; this one stops."""


class Role(StrEnum):
    """What a worker process does."""

    RESOLVE = "resolve"
    CONSUME = "consume"


def resolving(stores: Stores, settings: Settings) -> list[Task]:
    """Return the tasks of the resolver."""
    return [Task(name="resolve", every=settings.poll_ms / 1000, run=Pipeline(stores, settings).step)]


def consuming(stores: Stores, settings: Settings) -> list[Task]:
    """Return the tasks that follow the log."""
    exporter, upkeep, erasing = Exporter(stores, settings), Upkeep(stores, settings), Erasing(stores)
    audiences = Audiences(stores)
    return [
        Task(name="people", every=0.1, run=Listing(stores).step),
        Task(name="deliveries", every=0.5, run=Deliveries(stores, settings).step),
        Task(name="export", every=1, run=exporter.step),
        Task(name="audiences", every=60, run=audiences.refresh),
        Task(name="snapshot", every=300, run=audiences.snapshot),
        Task(name="erasures", every=10, run=erasing.step),
        Task(name="tidy lake", every=600, run=exporter.tidy),
        Task(name="prune intake", every=300, run=upkeep.prune_intake),
        Task(name="forget rejects", every=3_600, run=upkeep.forget_rejects),
    ]


TASKS = {Role.RESOLVE: resolving, Role.CONSUME: consuming}


class Shift:
    """Waits for the lock of its role, then works until told to stop."""

    def __init__(self, stores: Stores, settings: Settings, role: Role) -> None:
        self.role = role
        self._lock = lock_of(stores.state, role.value)
        self._tasks = TASKS[role](stores, settings)

    def run(self, stop: threading.Event) -> None:
        """
        Work until *stop* is set; the batch in hand is finished.

        Raises:
            LockLost: Another worker took over while we could not reach the store.
        """
        if not self._stand_by(stop):
            return
        log.info("The worker is at work", extra={"role": self.role.value})
        watch = Watch(self._lock, stop)
        relax_collector()
        Schedule([*self._tasks, Task(name="watch lock", every=STANDBY, run=watch.look)]).run(stop)
        self._lock.release()
        if watch.lost:
            raise LockLost

    def _stand_by(self, stop: threading.Event) -> bool:
        told = False
        while not stop.is_set():
            if self._lock.take():
                return True
            if not told:
                log.info("Another worker is at work; this one stands by", extra={"role": self.role.value})
                told = True
            stop.wait(STANDBY)
        return False


class Watch:
    """Looks whether the lock is still held."""

    def __init__(self, lock: Lock, stop: threading.Event) -> None:
        self._lock = lock
        self._stop = stop
        self.lost = False

    def look(self) -> int:
        """End the shift when the lock is gone."""
        if not self._lock.take():
            self.lost = True
            self._stop.set()
        return 0


def drain(stores: Stores, settings: Settings) -> int:
    """
    Resolve all that waits and let the consumers follow, in this process, and return how many events were resolved.

    Raises:
        Unavailable: A store cannot be written.
    """
    pipeline, listing, exporter = Pipeline(stores, settings), Listing(stores), Exporter(stores, settings)
    total = 0
    relax_collector()
    with contextlib.closing(pipeline):
        while done := pipeline.step():
            total += done
    while listing.step():
        pass
    exporter.flush()
    return total

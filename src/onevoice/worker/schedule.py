"""A plain loop over timed tasks: a task with more to do runs again at once, one that fails waits longer each time."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

import msgspec

from onevoice.domain.errors import Unavailable

log = logging.getLogger("onevoice.worker")

#: The longest wait after repeated failures, seconds.
LONGEST_WAIT = 30.0


class Task(msgspec.Struct, kw_only=True):
    """One thing to do again and again; `run` returns how much it did, and 0 when there was nothing."""

    name: str
    every: float  #: seconds between looks when there is nothing to do
    run: Callable[[], int]
    due: float = 0.0
    failures: int = 0


class Schedule:
    """Runs tasks in turn until told to stop; one task's failure does not stop the others."""

    def __init__(self, tasks: Sequence[Task], clock: Callable[[], float] = time.monotonic) -> None:
        self.tasks = list(tasks)
        self._clock = clock

    def run(self, stop: threading.Event) -> None:
        """Work until *stop* is set; the task in hand is finished first."""
        while not stop.is_set():
            self.turn(stop)
            pause = min(task.due for task in self.tasks) - self._clock()
            if pause > 0:
                stop.wait(pause)

    def turn(self, stop: threading.Event | None = None) -> int:
        """Run every task that is due, once, and return how much was done."""
        done = 0
        for task in self.tasks:
            if stop is not None and stop.is_set():
                break
            if task.due <= self._clock():
                done += self._attempt(task)
        return done

    def _attempt(self, task: Task) -> int:
        try:
            done = task.run()
        except Unavailable as error:
            self._failed(task)
            log.warning("%s waits: %s", task.name, error, extra={"task": task.name, "failures": task.failures})
            return 0
        except Exception:
            self._failed(task)
            log.exception("%s failed", task.name, extra={"task": task.name, "failures": task.failures})
            return 0
        if task.failures:
            log.info("%s works again", task.name, extra={"task": task.name, "failures": task.failures})
        task.failures = 0
        task.due = self._clock() + (0 if done else task.every)
        return done

    def _failed(self, task: Task) -> None:
        task.failures += 1
        base = max(task.every, 0.1)
        task.due = self._clock() + min(LONGEST_WAIT, base * float(2 ** min(task.failures, 12)))

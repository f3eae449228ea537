"""Keeps a handful of child processes alive: starts them, restarts what dies, passes on the end."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence

import msgspec

log = logging.getLogger("onevoice.serve")

#: Seconds: first and longest wait before a restart, how long a child must live to be forgiven, the grace to stop.
FIRST_WAIT, LONGEST_WAIT, FORGIVEN, GRACE = 0.5, 30.0, 60.0, 20.0


class Child(msgspec.Struct, kw_only=True):
    """One process to keep alive."""

    name: str
    argv: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    due: float = 0.0


def command(*arguments: str) -> list[str]:
    """Return the argv of one of our own commands, run by this same interpreter."""
    return [sys.executable, "-m", "onevoice.cli", *arguments]


class Supervisor:
    """Starts children, and starts again with growing pauses those that die."""

    def __init__(self, children: Sequence[Child], clock: Callable[[], float] = time.monotonic) -> None:
        self.children = list(children)
        self._clock = clock

    def run(self, stop: threading.Event) -> None:
        """Keep every child alive until *stop* is set, then end them all."""
        try:
            while not stop.is_set():
                self.turn()
                stop.wait(0.2)
        finally:
            self.end()

    def turn(self) -> None:
        """Look at each child once: start what is due, note what died."""
        for child in self.children:
            if child.process is None:
                if child.due <= self._clock():
                    self._start(child)
            elif child.process.poll() is not None:
                self._bury(child, child.process.returncode)

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(child.argv)  # noqa: S603  # our own command line
        child.started = self._clock()
        log.info("%s started", child.name, extra={"child": child.name, "pid": child.process.pid})

    def _bury(self, child: Child, code: int) -> None:
        lived = self._clock() - child.started
        child.deaths = 0 if lived > FORGIVEN else child.deaths
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2**child.deaths)
        child.process, child.deaths, child.due = None, child.deaths + 1, self._clock() + wait
        log.error(
            "%s died and is started again in %.1f s", child.name, wait, extra={"child": child.name, "exit_code": code}
        )

    def end(self) -> None:
        """Ask every child to finish what it holds, and kill those that do not within the grace."""
        living = [child.process for child in self.children if child.process is not None]
        for process in living:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = self._clock() + GRACE
        for process in living:
            try:
                process.wait(max(0.1, deadline - self._clock()))
            except subprocess.TimeoutExpired:
                log.warning("A child did not stop and was killed", extra={"pid": process.pid})
                process.kill()
                process.wait()


def stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM, SIGINT or SIGHUP sets."""
    stop = threading.Event()
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        signal.signal(getattr(signal, name), lambda *_: stop.set())
    return stop


def follow_parent(interval: float = 1.0) -> None:
    """End this process soon after its parent ends, however that ended: no orphan keeps the port or the lock."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(interval)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="follow-parent", daemon=True).start()

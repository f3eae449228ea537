"""Keeps every audience up to date while the log moves, and writes the state to the lake for other readers."""

import logging
from collections.abc import Callable

from onevoice.adapters.analysis import Analysis
from onevoice.wiring.analysis import open_analysis
from onevoice.wiring.stores import Stores
from onevoice.wiring.workspace import now

log = logging.getLogger("onevoice.worker")


class Audiences:
    """The consumer of audiences; the engine starts with the first refresh, so that a small house never pays for it."""

    def __init__(
        self, stores: Stores, *, clock: Callable[[], int] = now, engine: Callable[[Stores], Analysis] = open_analysis
    ) -> None:
        self._stores = stores
        self._clock = clock
        self._open = engine
        self._analysis: Analysis | None = None
        self._written = -1

    def refresh(self) -> int:
        """
        Compute every audience anew; windows slide with time, so this is due even while the log stands still.

        Returns 0: the next refresh waits its turn, whatever this one found.
        """
        if not self._stores.definitions.newest("audience"):
            return 0
        done = self._engine().refresh_all(self._clock())
        moved = sum(one.entered + one.left for one in done)
        if moved:
            log.info("Audiences were refreshed", extra={"audiences": len(done), "moved": moved})
        return 0

    def snapshot(self) -> int:
        """Write persons, people and consents to the lake if the log has moved."""
        last = self._stores.log.last()
        if last and last != self._written:
            self._written = self._engine().snapshot()
        return 0

    def _engine(self) -> Analysis:
        if self._analysis is None:
            self._analysis = self._open(self._stores)
        return self._analysis

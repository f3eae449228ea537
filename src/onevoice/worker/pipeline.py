"""
From intake to profiles: read, drop duplicates, attach, fold, and commit it all with the cursor.

There is one writer per workspace, so what it holds in memory is always what the store holds; whenever that is in
doubt (an error, another writer), memory is dropped and read again.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from onevoice.adapters.database import Database
from onevoice.adapters.state.cursors import Cursor, Overtaken
from onevoice.adapters.state.intake import Intake
from onevoice.adapters.state.log import Log
from onevoice.domain.errors import Unavailable
from onevoice.domain.event import Rejected
from onevoice.domain.identifier import Trust
from onevoice.wiring.plan import PlanKeeper
from onevoice.wiring.settings import Settings
from onevoice.wiring.workspace import now
from onevoice.worker.reading import Portion, Said
from onevoice.worker.supply import Supply
from onevoice.worker.working import Fresh, Tables, Working, stretches

log = logging.getLogger("onevoice.worker")

#: Names of two rows of `cursors`: how far the intake is resolved, and how often the tables were rebuilt.
RESOLVE, GENERATION = "resolve", "generation"


class Furnished(Tables, Protocol):
    """The stores that the pipeline works on."""

    state: Database
    intake: Intake
    log: Log

    @property
    def plan(self) -> PlanKeeper:
        """How input is read."""


class Pipeline:
    """The resolver: `step` until it returns 0."""

    def __init__(self, stores: Furnished, settings: Settings, *, clock: Callable[[], int] = now) -> None:
        self._stores = stores
        self._clock = clock
        self._supply = Supply(stores, settings)
        self._working = Working(stores, settings)
        self._cursor = Cursor(stores.state, RESOLVE)
        self._generation = Cursor(stores.state, GENERATION)
        self._known = False

    def step(self) -> int:
        """
        Handle the next portion of the intake and return how much it held, 0 if there was nothing.

        Raises:
            Unavailable: The store cannot be written now; nothing was done, call again later.
        """
        if not self._known:
            self._look()
        portion = self._supply.portion(self._at)
        if portion is None:
            return 0
        try:
            self._take(portion)
        except Unavailable:
            self.forget()
            raise
        except Exception:
            log.exception("A batch failed and is searched for its cause", extra={"seq": portion.last})
            self.forget()
            self._isolate(portion)
        self._working.trim()
        return max(1, len(portion.said) + len(portion.refused))

    def forget(self) -> None:
        """Drop all that is held in memory; the store alone counts."""
        self._supply.forget()
        self._working.forget()
        self._known = False

    def close(self) -> None:
        """End what runs beside us."""
        self._supply.close()

    def _look(self) -> None:
        self._at = self._cursor.read()
        self._age = self._generation.read()
        self._seq = self._stores.log.last()
        self._known = True

    def _take(self, portion: Portion) -> None:
        """Commit a portion: in one transaction, or in several where the identity rules change within it."""
        *before, last = stretches(portion.said)
        for stretch in before:
            self._commit(stretch, (), self._at)
        self._commit(last, portion.refused, portion.last)

    def _commit(self, said: Sequence[Fresh], refused: Sequence[Rejected], upto: int) -> None:
        is_new = self._stores.log.unseen([one[1] for one in said])
        entries = self._working.take([one for one, new in zip(said, is_new, strict=True) if new])
        copies = [one for one, new in zip(said, is_new, strict=True) if not new]
        with self._stores.state.transaction():
            self._cursor.advance(self._at, upto, self._clock())
            if self._generation.read() != self._age:
                raise Overtaken("The tables were rebuilt; they are read again.")
            entries += self._working.save()
            self._stores.log.append(entries, self._seq + 1)
            self._stores.log.link([one[:2] for one in copies])
            self._stores.log.reject(refused)
        self._at = upto
        self._seq += len(entries)

    def _isolate(self, portion: Portion) -> None:
        """
        Commit what can be committed and put aside what cannot, then move on.

        The cursor moves last: after a crash in between, what was committed is met again and dropped as a copy.
        """
        self._look()
        culprits = self._sift(portion.said)
        self._commit((), [*portion.refused, *culprits], portion.last)

    def _sift(self, said: Sequence[Said]) -> list[Rejected]:
        """Commit events by halves and return those that cannot be, as rejects."""
        error = self._attempt(said)
        if error is None:
            return []
        if len(said) == 1:
            log.error("An event makes the resolver fail and is put aside: %r", error, extra={"event": said[0][0].id})
            return [internal(said[0], error)]
        half = len(said) // 2
        return self._sift(said[:half]) + self._sift(said[half:])

    def _attempt(self, said: Sequence[Said]) -> Exception | None:
        """Commit events without moving on, and return what their content made fail."""
        try:
            self._commit(said, (), self._at)
        except Unavailable:
            self.forget()
            raise
        except Exception as error:
            self._working.forget()
            log.debug("A part of a batch failed", exc_info=error)
            return error
        return None


def internal(said: Said, error: Exception) -> Rejected:
    """Return an event that code cannot handle as a reject; its replay speaks it again as it was normalised."""
    event = said[0]
    cause = f"{type(error).__name__}: {error}"[:800]
    return Rejected(
        reason="internal_error",
        detail=f"The house failed on this event ({cause}). Replay it after the next release.",
        source=event.source,
        received_at=event.received_at,
        raw=msgspec.json.encode([event]),
        name=event.name,
        meta={"trust": int(Trust.VERIFIED), "path": "emit", "meta": {}},
    )

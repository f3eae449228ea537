"""Forgetting in time: raw bodies that are resolved and old, raw bytes of old rejects."""

from collections.abc import Callable
from typing import Protocol

from onevoice.adapters.state.intake import Intake
from onevoice.adapters.state.log import Log
from onevoice.domain.moment import DAY
from onevoice.wiring.settings import Settings
from onevoice.wiring.workspace import now
from onevoice.worker.pipeline import RESOLVE


class Kept(Protocol):
    """What grows old."""

    intake: Intake
    log: Log


class Upkeep:
    """What the settings say about how long things are kept."""

    def __init__(self, stores: Kept, settings: Settings, *, clock: Callable[[], int] = now) -> None:
        self._stores = stores
        self._intake = settings.intake_days * DAY
        self._rejected = settings.rejected_days * DAY
        self._clock = clock

    def prune_intake(self) -> int:
        """Delete raw bodies that are both resolved and old; the newest row stays, so that numbers go on from it."""
        done = self._stores.log.cursor(RESOLVE)
        self._stores.intake.prune(done, self._clock() - self._intake)
        return 0

    def forget_rejects(self) -> int:
        """Forget the raw bytes of old rejects."""
        self._stores.log.forget_raw(self._clock() - self._rejected)
        return 0

"""What the resolver is given to do: read by itself as long as it keeps up, by a forerunner once it is far behind."""

from typing import Protocol

from onevoice.adapters.state.intake import Intake
from onevoice.wiring.plan import PlanKeeper
from onevoice.wiring.settings import Settings
from onevoice.worker.forerunner import Forerunner
from onevoice.worker.reading import Portion, Reader

#: A forerunner takes a second to start; it is worth it for whoever had this many events waiting without a pause.
FAR_BEHIND = 20_000

#: A portion may become this many times a micro-batch while more is waiting: what is touched often is saved once.
LARGEST = 4


class Sources(Protocol):
    """What portions are made from."""

    intake: Intake

    @property
    def plan(self) -> PlanKeeper:
        """How input is read."""


class Supply:
    """Portions of the intake, in its order; what was read ahead is dropped whenever it is not what comes next."""

    def __init__(self, stores: Sources, settings: Settings, *, far_behind: int = FAR_BEHIND) -> None:
        self._stores = stores
        self._settings = settings
        self._reader = Reader(stores.intake)
        self.forerunner: Forerunner | None = None
        self._far_behind = far_behind
        self._behind = 0  #: events handed out since there was last nothing more waiting
        self._events = settings.micro_batch

    def portion(self, after: int) -> Portion | None:
        """Return what comes after a packet, or nothing when all was read."""
        keeper = self._stores.plan
        plan = keeper.plan()
        found = self._fetched(after, keeper)
        if found is None:
            found = self._reader.portion(after, plan, self._events)
        self._pace(found)
        return found

    def _fetched(self, after: int, keeper: PlanKeeper) -> Portion | None:
        runner = self.forerunner
        return runner.answer(after, keeper.stamp) if runner is not None and runner.asked else None

    def _pace(self, found: Portion | None) -> None:
        """Take larger portions while more is waiting, and let the next be read while this one is worked on."""
        if found is None or not found.full:
            self._behind, self._events = 0, self._settings.micro_batch
            return
        self._behind += len(found.said)
        self._events = min(2 * self._events, LARGEST * self._settings.micro_batch)
        if self._behind < self._far_behind:
            return
        if self.forerunner is None or self.forerunner.lost:
            self.forerunner = Forerunner(self._settings)
        elif self.forerunner.ready():
            self.forerunner.ask(found.last, self._events)

    def forget(self) -> None:
        """Drop what was read ahead; what a forerunner has read for another place is dropped when it comes."""
        self._reader.forget()

    def close(self) -> None:
        """End the forerunner."""
        if self.forerunner is not None:
            self.forerunner.close()
            self.forerunner = None

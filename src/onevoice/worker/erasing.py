"""Carries out the erasures that are due."""

import logging
from collections.abc import Callable
from pathlib import Path

from onevoice.adapters.erasure import Erasures
from onevoice.wiring.stores import Stores
from onevoice.wiring.workspace import now

log = logging.getLogger("onevoice.worker")


class Erasing:
    """The timer of erasures; what was begun and not finished is carried on."""

    def __init__(self, stores: Stores, *, clock: Callable[[], int] = now) -> None:
        settings = stores.settings
        mailbox = [Path(settings.home) / settings.mailbox] if settings.mailbox else []
        folders = [settings.root / "print", *mailbox]
        self._erasures = Erasures(stores.state, stores.backlog, stores.lake, folders)
        self._clock = clock

    def step(self) -> int:
        """Carry out one erasure that is due and return 1, or 0 if none is."""
        at = self._clock()
        due = self._erasures.due(at)
        if not due:
            return 0
        receipt = self._erasures.carry_out(due[0], now=at)
        log.info("A person was erased", extra={"erasure": due[0], "left": sum(receipt.left.values())})
        return 1

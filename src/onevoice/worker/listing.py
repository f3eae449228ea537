"""Keeps the people list in step with the log: whoever an event touched gets a new line."""

from collections.abc import Callable
from itertools import islice
from typing import Protocol

from onevoice.adapters.database import Database
from onevoice.adapters.state.changes import Changes
from onevoice.adapters.state.cursors import Cursor
from onevoice.adapters.state.profiles import Profiles
from onevoice.wiring.workspace import now

#: Events looked at in one go, at least and at most: many events of one person then cost one refresh, so whoever has
#: much to catch up with takes a quarter of it at once.
STRETCH, LONGEST = 20_000, 1_000_000
#: People written in one transaction; few, so that the resolver never waits long for its turn.
PORTION = 100


class Listed(Protocol):
    """What the list is made from and written to."""

    state: Database
    profiles: Profiles


class Listing:
    """
    The consumer `people`.

    Who is dirty follows from the events between two cursors, so nothing is kept in memory that a crash could lose; a
    refresh that is repeated writes the same lines.
    """

    def __init__(self, stores: Listed, *, clock: Callable[[], int] = now) -> None:
        self._state = stores.state
        self._profiles = stores.profiles
        self._changes = Changes(stores.state)
        self._cursor = Cursor(stores.state, "people")
        self._clock = clock

    def step(self) -> int:
        """Refresh whom the next stretch of the log touched, and return how many people it was, at least 1 if any."""
        at = self._cursor.read()
        upto = self._changes.upto(at, min(max(STRETCH, (self._changes.last() - at) // 4), LONGEST))
        if upto == at:
            return 0
        dirty = self._profiles.persons(self._changes.nodes(at, upto)) | self._changes.persons(at, upto)
        people = iter(sorted(dirty))
        while part := list(islice(people, PORTION)):
            self._profiles.refresh(part)
        with self._state.transaction():
            self._cursor.advance(at, upto, self._clock())
        return max(1, len(dirty))

"""Erasing a person: asked for, taken back within the hour, then carried out by the worker."""

from pathlib import Path

from onevoice.adapters.erasure import Erasures
from onevoice.console import house
from onevoice.console.accounts.models import Member
from onevoice.domain.erasure import Erasure
from onevoice.domain.moment import HOUR
from onevoice.domain.profile import Profile

#: How long an erasure can be taken back.
GRACE = HOUR


def erasures() -> Erasures:
    """Return the erasures of this workspace."""
    stores, settings = house.stores(), house.settings()
    folders = [Path(settings.home) / settings.mailbox] if settings.mailbox else []
    return Erasures(stores.state, stores.backlog, stores.lake, folders)


def ask(profile: Profile, *, by: Member, now: int) -> Erasure:
    """Note that a person is to be erased when the grace is over."""
    return erasures().ask(profile.person, now=now, due_at=now + GRACE, actor=by.email)


def cancel(erasure_id: int) -> Erasure:
    """
    Take an erasure back, and return what it was.

    Raises:
        ErasureNotFound: There is none of that number.
        TooLate: It has begun.
    """
    found = erasures().get(erasure_id)
    erasures().cancel(erasure_id)
    return found


def waiting(profile: Profile) -> Erasure | None:
    """Return the erasure that a person is waiting for."""
    persons = {profile.person, *profile.absorbed}
    return next((one for one in erasures().requests() if one.state == "waiting" and one.person in persons), None)

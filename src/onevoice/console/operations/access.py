"""The ways to one rejected event, and to a group of them."""

from onevoice.adapters.state.log import Log
from onevoice.adapters.state.rejects import Group, Reject
from onevoice.console import house
from onevoice.domain.errors import NotFound


class RejectNotFound(NotFound):
    """That rejected event is no longer kept."""


class GroupNotFound(NotFound):
    """Nothing was refused for that cause."""


def log() -> Log:
    """Return the log."""
    return house.stores().log


def reject(reject_id: int) -> Reject:
    """
    Return one rejected event.

    Raises:
        RejectNotFound: There is none.
    """
    found = log().reject_of(reject_id)
    if found is None:
        raise RejectNotFound
    return found


def group(fingerprint: str, state: str) -> Group:
    """
    Return one group of rejects with a common cause.

    Raises:
        GroupNotFound: There is none in that state.
    """
    found = [one for one in log().groups(state) if one.fingerprint == fingerprint]
    if not found:
        raise GroupNotFound
    return found[0]

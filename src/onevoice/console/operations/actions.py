"""Every write to rejected events."""

from collections.abc import Sequence

import msgspec

from onevoice.console import house
from onevoice.console.operations import access
from onevoice.domain.errors import BadInput, NotAllowed

#: Rejects replayed or set aside at one press; more are done by pressing again.
AT_ONCE = 1_000


class NotJson(BadInput):
    """What you wrote is not valid JSON; the message says where."""


class NothingToReplay(NotAllowed):
    """These were replayed already, or their bytes are no longer kept."""


def replay(ids: Sequence[int]) -> int:
    """
    Send rejects through the door again, with their original time, and return how many went.

    Raises:
        NothingToReplay: None of them could go.
    """
    gone = access.log().replay(ids, house.stores().intake)
    if not gone:
        raise NothingToReplay
    return gone


def mend(reject_id: int, text: str) -> None:
    """
    Send one reject through the door again in mended form.

    Raises:
        NotJson: The text is not JSON.
        NothingToReplay: It went already.
    """
    row = access.reject(reject_id)
    try:
        edited = msgspec.json.encode(msgspec.json.decode(text.encode()))
    except msgspec.DecodeError as error:
        raise NotJson(f"This is not valid JSON: {error}.") from error
    if not access.log().replay([row.id], house.stores().intake, {row.id: edited}):
        raise NothingToReplay


def discard(ids: Sequence[int]) -> int:
    """Set rejects aside, and return how many; `reopen` takes it back."""
    return access.log().mend(ids, "discarded")


def reopen(ids: Sequence[int]) -> int:
    """Put rejects back among the open ones, and return how many."""
    return access.log().mend(ids, "open")


def open_ids(fingerprint: str, state: str = "open") -> list[int]:
    """Return the newest rejects of a group, as many as one press handles."""
    return [row.id for row in access.log().rejected(state, limit=AT_ONCE, fingerprint=fingerprint)]  # type: ignore[arg-type]

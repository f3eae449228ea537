"""Who came into an audience and who left it, as changes and as events."""

from collections.abc import Iterable, Set
from typing import Literal

import msgspec

from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier

NAMES = {"entered": "Audience Entered", "left": "Audience Left"}


class Change(msgspec.Struct, frozen=True, order=True):
    """One person's step into or out of an audience; `number` counts the person's stays in it from 1."""

    person: str
    step: Literal["entered", "left"]
    number: int
    version: int
    at: int


def diff(before: Set[str], after: Set[str]) -> tuple[list[str], list[str]]:
    """Return who entered and who left, each in order."""
    return sorted(after - before), sorted(before - after)


def event(audience: str, change: Change, identifiers: Iterable[Identifier]) -> Event:
    """Return a change as an event; the same change always makes the same event, so a repeat is dropped by the log."""
    return Event(
        id=f"audience:{audience}:{change.person}:{change.number}:{change.step}",
        name=NAMES[change.step],
        channel="server",
        occurred_at=change.at,
        received_at=change.at,
        identifiers=tuple(identifiers),
        properties={"audience": audience, "version": change.version, "stay": change.number},
        source="decide",
    )

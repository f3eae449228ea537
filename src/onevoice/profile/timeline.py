"""The timeline: everything that happened with a person, newest first, in pages that stay put while events arrive."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from onevoice.domain.errors import BadInput
from onevoice.domain.event import Event
from onevoice.profile.sentence import icon, say

Place = tuple[int, int]  #: occurred_at, seq: newest first by both


class BadCursor(BadInput):
    """The page cannot be found; start again without a cursor."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it is shown."""

    seq: int
    at: int
    event: str  #: the event's id
    name: str
    channel: str
    icon: str
    sentence: str
    source: str = ""
    derived: bool = False
    properties: dict[str, Any] = {}


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page, and the cursor of the next; "" on the last."""

    entries: tuple[Entry, ...]
    after: str = ""


def entry(seq: int, event: Event) -> Entry:
    """Return an event as an entry."""
    return Entry(
        seq=seq,
        at=event.occurred_at,
        event=event.id,
        name=event.name,
        channel=event.channel,
        icon=icon(event.name),
        sentence=say(event),
        source=event.source,
        derived=event.derived,
        properties=event.properties,
    )


def page(rows: Iterable[tuple[int, Event]], limit: int, before: Place | None = None) -> Page:
    """
    Return the newest *limit* of some log rows as a page.

    Give one row more than *limit* from each source (log, lake) and they are merged; a row that two sources hold counts
    once, and whatever is not older than *before* is left out.
    """
    unique = {seq: event for seq, event in rows if before is None or (event.occurred_at, seq) < before}
    ranked = sorted(unique.items(), key=lambda row: (row[1].occurred_at, row[0]), reverse=True)
    shown = tuple(entry(seq, event) for seq, event in ranked[:limit])
    return Page(entries=shown, after=cursor(shown) if len(ranked) > limit else "")


def cursor(entries: Sequence[Entry]) -> str:
    """Return the cursor after these entries."""
    return f"{entries[-1].at}.{entries[-1].seq}" if entries else ""


def place(written: str) -> Place | None:
    """
    Read a cursor; "" is the first page.

    Raises:
        BadCursor: It was not written by `cursor`.
    """
    if not written:
        return None
    found = re.fullmatch(r"(-?\d{1,19})\.(\d{1,19})", written)
    if not found:
        raise BadCursor
    return int(found[1]), int(found[2])

"""An event is one thing that happened in one channel; it never says who the person is, only how they were named."""

from typing import Any, Literal

import msgspec

from onevoice.domain.identifier import Identifier

Type = Literal["identify", "track", "page", "screen", "group", "alias"]
TimeQuality = Literal["exact", "corrected", "queued", "clamped", "received", "historical"]

#: Where people meet the company. Documents may add to these; reports colour them in this order.
CHANNELS = (
    "store",
    "web",
    "app",
    "email",
    "sms",
    "push",
    "social",
    "print",
    "phone",
    "exhibition",
    "sales",
    "chat",
    "review",
    "server",
)


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    One normalised event, as the log keeps it.

    `identifiers` are ordered strongest first; the first is the event's anchor. `keys` are its business keys: two
    events sharing any of them are the same fact. Moments are int64 microseconds UTC.
    """

    id: str  #: the message id, or one derived from the content
    name: str  #: "Order Completed"; for identify, page … the type in Title Case with its object ("Page Viewed")
    type: Type = "track"
    channel: str = "server"
    occurred_at: int
    received_at: int
    sent_at: int | None = None
    original_at: str = ""  #: the client's own timestamp, as it was written
    time_quality: TimeQuality = "exact"
    identifiers: tuple[Identifier, ...] = ()
    traits: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    context: dict[str, Any] = {}
    source: str = ""  #: the key, import or room it came through
    keys: tuple[str, ...] = ()
    historical: bool = False  #: imported history: fires no live trigger
    derived: bool = False  #: written by the house itself from other events; a rebuild makes it anew

    @property
    def anchor(self) -> Identifier:
        """The strongest identifier, to which the event belongs for ever."""
        return self.identifiers[0]


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of input that could not become an event, with the reason and the bytes."""

    reason: str  #: a name from `collect.REASONS`
    detail: str  #: one sentence saying what to do
    path: str = ""  #: where in the JSON, as `$.properties.total`
    source: str = ""
    library: str = ""
    received_at: int = 0
    raw: bytes = b""
    name: str = ""  #: the event's name, as far as it could be read
    meta: dict[str, Any] = {}  #: what a replay needs: trust, path, the door's meta, what the batch said for all

"""A packet is one acknowledged body, as the intake keeps it until it is resolved."""

from typing import Any, Literal

import msgspec

from onevoice.domain.identifier import Trust

Path = Literal["batch", "identify", "track", "page", "screen", "group", "alias", "pixel", "import", "emit"]


class Packet(msgspec.Struct, frozen=True, kw_only=True):
    """
    One intake row.

    `path` is the endpoint's type; the body of an `emit` packet is a JSON array of `Event`, spoken by the house itself.
    `meta` holds what the door knew: ip, user_agent, retry_count, content_type, query.
    """

    seq: int
    received_at: int
    key: str  #: id of the key that spoke, or the name of a room
    trust: Trust
    path: Path
    meta: dict[str, Any] = {}
    body: bytes

"""A delivery is one row of the ledger; a receipt is what a channel answered."""

from typing import Literal

import msgspec

from onevoice.domain.campaign import Purpose

State = Literal[
    "planned",
    "held",
    "withheld",
    "suppressed",
    "revoked",
    "expired",
    "claimed",
    "submitting",
    "accepted",
    "rejected",
    "unknown",
    "unknown_final",
    "delivered",
    "bounced",
    "complained",
    "returned",
]


class Accepted(msgspec.Struct, frozen=True, tag=True):
    """The channel took the letter; it is out of our hands."""

    provider_id: str = ""


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The channel said no for good; `suppress` when the address itself is dead."""

    reason: str
    suppress: bool = False


class Later(msgspec.Struct, frozen=True, tag=True):
    """Nothing was sent; try again."""

    reason: str


class Unknown(msgspec.Struct, frozen=True, tag=True):
    """The letter may or may not have gone; it is never simply sent again."""

    reason: str


Receipt = Accepted | Refused | Later | Unknown


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What an SMTP server is told: return path, recipient, and the bytes between DATA and the dot."""

    sender: str
    to: str
    data: bytes


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What an SMTP server said, and in which part of the talk; code 0 means silence or a broken line."""

    stage: Literal["connect", "mail", "rcpt", "data"]
    code: int
    text: str = ""


class Send(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a campaign, with every document pinned to the version it started with."""

    id: str
    campaign: str
    version: int
    occurrence: str = "1"
    title: str
    brief: str
    brief_version: int
    offer: str
    offer_version: int
    brand: str
    brand_version: int
    purpose: Purpose = "marketing"
    target: str  #: where the call to action leads
    state: Literal["running", "paused", "cancelled"] = "running"
    planned_at: int


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the ledger."""

    send_key: str
    piece: str  #: public id of the piece, part of its links
    send: str
    campaign: str
    channel: str
    person: str
    household: str = ""
    anchor_kind: str
    anchor_value: str
    address: str = ""
    guard: str  #: unique: one letter an address and occasion
    code: str = ""  #: given when the row is stored
    purpose: Purpose = "marketing"
    state: State = "planned"
    reason: str = ""
    wake_at: int = 0  #: not before
    expires_at: int  #: not after
    attempts: int = 0
    fence: int = 0
    lease_until: int = 0
    provider_id: str = ""
    planned_at: int
    updated_at: int
    accepted_at: int = 0
    resends: int = 0  #: how often it was sent again after an unknown outcome
    told: int = 0  #: 1 once the log has heard of it


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a delivery, decided and not yet written."""

    state: State
    reason: str = ""
    wake_at: int | None = None
    provider_id: str = ""
    resent: bool = False


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is not written to any more, and why."""

    channel: str
    address: str
    purpose: str = "*"  #: `*`: every purpose
    reason: str
    at: int
    event: str = ""

"""Consent belongs to an address, a channel and a purpose, and keeps the proof of where it was given."""

from typing import Literal

import msgspec

from onevoice.domain.identifier import Trust

State = Literal["granted", "withdrawn"]

#: A ledger entry for every channel, or for every purpose.
ALL = "all"


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the consent ledger."""

    node: int  #: the address (identifier) it belongs to
    channel: str
    purpose: str  #: marketing, transactional, profiling …
    state: State
    at: int
    source: str  #: form, till, import, call …
    event: str = ""  #: id of the event that is the proof
    text_version: str = ""  #: which wording was shown
    actor: str = ""
    trust: Trust = Trust.VERIFIED  #: of the one who said so; a mere claim never grants for a known person


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Whether one may write, why, and the ledger entry that decided it."""

    allowed: bool
    reason: str
    proof: Consent | None = None

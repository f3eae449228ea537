"""Consent belongs to an address, a channel and a purpose, and keeps the proof of where it was given."""

from typing import Literal

import msgspec

State = Literal["granted", "withdrawn"]


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

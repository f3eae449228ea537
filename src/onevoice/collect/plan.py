"""The tracking plan: everything about a workspace that decides how its input is read."""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType

import msgspec

from onevoice.collect.mending import Mending
from onevoice.collect.schema import Schema
from onevoice.collect.vocabulary import VOCABULARY

#: Kinds of identifiers, strongest first; an event is anchored at its strongest.
KINDS = (
    "user_id",
    "crm_id",
    "loyalty_id",
    "email",
    "phone",
    "card_alias",
    "device_id",
    "push_token",
    "anonymous_id",
    "ga_client_id",
    "ad_id",
    "social",
    "badge_id",
    "address",
)
RANKS = {kind: rank for rank, kind in enumerate(KINDS, 1)}


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How input is read; `Plan()` is the plan of a workspace that has changed nothing."""

    event_bytes: int = 32 * 1024  #: largest single event, bytes of JSON
    batch_events: int = 2_500  #: events taken from one batch
    country: str = "US"  #: ISO 3166 region of phone numbers without a country code
    currency: str = "USD"  #: ISO 4217 code of amounts without one
    time_zone: str = "UTC"  #: IANA zone of till clocks
    schemas: Mapping[str, Schema] = MappingProxyType(VOCABULARY)
    ranks: Mapping[str, int] = MappingProxyType(RANKS)  #: kind without its system -> rank, 1 strongest
    mendings: Mapping[str, tuple[Mending, ...]] = MappingProxyType({})  #: by event name; see `mending.by_event`
    blocked: frozenset[str] = frozenset()  #: event names refused as plan_blocked
    tokens: frozenset[str] = frozenset()  #: stored tokens of the workspace's keys; empty: items' keys are not checked
    secret: bytes = b""  #: signs identity claims; empty: no claim is ever verified

    def owns(self, token: str) -> bool:
        """Tell whether a key, write or secret, is one of this workspace."""
        return not self.tokens or token in self.tokens or _digest(token) in self.tokens


@lru_cache(maxsize=1_024)
def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()

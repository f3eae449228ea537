"""How the tests speak to the door: short ways to a packet and its one answer."""

from typing import Any

import msgspec

from onevoice.collect.packet import read
from onevoice.collect.plan import Plan
from onevoice.domain.event import Event, Rejected
from onevoice.domain.identifier import Trust
from onevoice.domain.packet import Packet
from tests.conftest import NOW

PLAN = Plan()


def packet(body: Any, *, path: str = "batch", trust: Trust = Trust.CLAIMED, at: int = NOW, **meta: Any) -> Packet:
    """Return a packet; anything but bytes becomes JSON."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Packet(seq=7, received_at=at, key="site", trust=trust, path=path, meta=meta, body=raw)  # type: ignore[arg-type]


def heard(item: dict[str, Any], plan: Plan = PLAN, **given: Any) -> Event:
    """Return the one event that an item becomes."""
    (event,) = read(packet(item, **{"path": "track", **given}), plan)
    assert isinstance(event, Event), event
    return event


def refused(item: Any, plan: Plan = PLAN, **given: Any) -> Rejected:
    """Return the one reject that an item becomes."""
    (reject,) = read(packet(item, **{"path": "track", **given}), plan)
    assert isinstance(reject, Rejected), reject
    return reject


def names(event: Event) -> list[tuple[str, str, str]]:
    """Return an event's identifiers as kind, value and trust."""
    return [(one.kind, one.value, one.trust.name.lower()) for one in event.identifiers]

"""Reading the intake ahead, in portions that fit one transaction: events with their keys, as the log keeps them."""

import logging
from collections import deque
from typing import NamedTuple, Protocol

import msgspec

from onevoice.collect.keys import keys_of
from onevoice.collect.packet import read
from onevoice.collect.plan import Plan
from onevoice.domain.event import Event, Rejected
from onevoice.domain.packet import Packet

log = logging.getLogger("onevoice.worker")

#: Bytes of bodies read ahead at once, and taken into one portion.
AHEAD_BYTES = 8 * 1024 * 1024

#: event, its dedupe keys, its JSON (empty if it has none: then storing it will fail, and tell why).
Said = tuple[Event, tuple[str, ...], bytes]

_encode = msgspec.json.Encoder().encode


class Source(Protocol):
    """What is needed of the intake."""

    def read(self, after: int, limit: int, max_bytes: int) -> list[Packet]:
        """Return the packets after a sequence number, oldest first."""


class Portion(NamedTuple):
    """What one transaction will take: the events of whole packets, and what they held that is no event."""

    said: list[Said]
    refused: list[Rejected]
    last: int  #: the sequence number of the last packet
    full: bool  #: more may be waiting behind it


def safely(packet: Packet, plan: Plan) -> list[Event | Rejected]:
    """Read a packet; one that makes the reader itself fail is refused whole, with its bytes."""
    try:
        return read(packet, plan)
    except Exception as error:
        log.exception("A packet makes the reader fail and is put aside", extra={"seq": packet.seq})
        meta = {"trust": int(packet.trust), "path": packet.path, "meta": packet.meta}
        detail = f"The house failed on this body ({type(error).__name__}). Replay it after the next release."
        return [
            Rejected(
                reason="internal_error",
                detail=detail,
                source=packet.key,
                received_at=packet.received_at,
                raw=packet.body,
                meta=meta,
            )
        ]


def said(event: Event) -> Said:
    """Return an event with its keys and its JSON."""
    try:
        body = _encode(event)
    except (ValueError, TypeError, OverflowError, RecursionError):
        body = b""
    return event, keys_of(event), body


class Reader:
    """The intake from wherever it is asked; packets read too many wait for the next portion."""

    def __init__(self, intake: Source) -> None:
        self._intake = intake
        self._ahead: deque[Packet] = deque()
        self._at = 0

    def forget(self) -> None:
        """Drop what was read ahead."""
        self._ahead.clear()

    def portion(self, after: int, plan: Plan, events: int) -> Portion | None:
        """Return what comes after a packet, nothing when all was read; one packet at least, even if it is large."""
        if after != self._at:
            self._ahead.clear()
        self._at, size = after, 0
        told: list[Said] = []
        refused: list[Rejected] = []
        while len(told) < events and size < AHEAD_BYTES:
            packet = self._next(events)
            if packet is None:
                break
            self._at = packet.seq
            size += len(packet.body)
            for one in safely(packet, plan):
                if isinstance(one, Event):
                    told.append(said(one))
                else:
                    refused.append(one)
        full = len(told) >= events or size >= AHEAD_BYTES
        return Portion(told, refused, self._at, full) if self._at != after else None

    def _next(self, limit: int) -> Packet | None:
        if not self._ahead:
            self._ahead.extend(self._intake.read(self._at, limit, AHEAD_BYTES))
        return self._ahead.popleft() if self._ahead else None

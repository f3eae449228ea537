"""Reading the intake ahead, in portions that fit one transaction."""

import logging
from collections import deque
from typing import Protocol

import msgspec

from onevoice.collect.packet import read
from onevoice.collect.plan import Plan
from onevoice.domain.event import Event, Rejected
from onevoice.domain.packet import Packet

log = logging.getLogger("onevoice.worker")

#: Bytes of bodies read ahead at once.
AHEAD_BYTES = 8 * 1024 * 1024


class Source(Protocol):
    """What is needed of the intake."""

    def read(self, after: int, limit: int, max_bytes: int) -> list[Packet]:
        """Return the packets after a sequence number, oldest first."""


class Said(msgspec.Struct, frozen=True):
    """One event and the packet it came in; for the house's own words the packet says so."""

    event: Event
    packet: Packet


class Portion(msgspec.Struct, frozen=True, kw_only=True):
    """What one transaction will take: whole packets, their events, and what they held that is no event."""

    packets: tuple[Packet, ...]
    said: tuple[Said, ...]
    refused: tuple[tuple[Rejected, Packet], ...]

    @property
    def last(self) -> int:
        """The sequence number of the last packet."""
        return self.packets[-1].seq


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


class Reader:
    """The intake from one cursor on; packets read too many wait for the next portion."""

    def __init__(self, intake: Source, events: int) -> None:
        self._intake = intake
        self._events = events
        self._ahead: deque[Packet] = deque()

    def forget(self) -> None:
        """Drop what was read ahead."""
        self._ahead.clear()

    def portion(self, after: int, plan: Plan) -> Portion | None:
        """Return the next portion, or nothing when all was read; one packet at least, even if it is large."""
        if not self._ahead:
            self._ahead.extend(self._intake.read(after, self._events, AHEAD_BYTES))
        packets: list[Packet] = []
        said: list[Said] = []
        refused: list[tuple[Rejected, Packet]] = []
        while self._ahead and len(said) < self._events:
            packet = self._ahead.popleft()
            packets.append(packet)
            for one in safely(packet, plan):
                if isinstance(one, Event):
                    said.append(Said(one, packet))
                else:
                    refused.append((one, packet))
        if not packets:
            return None
        return Portion(packets=tuple(packets), said=tuple(said), refused=tuple(refused))

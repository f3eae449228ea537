"""A bond is everything that speaks for or against two identifiers naming one person."""

from onevoice.domain.identifier import Trust

#: Where each basis and trust keeps its sum; stores rely on the numbers.
EVENT, ALIAS, LINKAGE, HUMAN = 0, 3, 6, 7
SURE = int(Trust.VERIFIED)


class Part:
    """One running sum of evidence; see `domain.evidence.Evidence`."""

    __slots__ = ("actor", "count", "first_at", "last_at", "probability", "verdict", "via")

    def __init__(self, count: int, first_at: int, last_at: int, via: str) -> None:
        self.count = count
        self.first_at = first_at
        self.last_at = last_at
        self.via = via
        self.probability = 1.0
        self.verdict = ""
        self.actor = ""


class Bond:
    """
    The evidence between nodes `a` and `b`.

    `live` tells whether more of it could change who belongs together: 0 no, 1 if its place in the order changes, 2
    always, as one end may become shared.
    """

    __slots__ = ("a", "b", "live", "parts")

    def __init__(self, a: int, b: int) -> None:
        self.a = a
        self.b = b
        self.live = 0
        self.parts: dict[int, Part] = {}

    def other(self, node: int) -> int:
        """Return the far end."""
        return self.b if node == self.a else self.a

    @property
    def verdict(self) -> str:
        """What a human said last: same, not_same, or nothing that holds."""
        part = self.parts.get(HUMAN)
        return part.verdict if part is not None and part.verdict != "withdrawn" else ""

    @property
    def sure(self) -> bool:
        """Whether verified evidence speaks for it."""
        return EVENT + SURE in self.parts or ALIAS + SURE in self.parts or self.verdict == "same"

    @property
    def trust(self) -> int:
        """The highest trust of any event that speaks for it; -1 if none does."""
        best = -1
        for slot in self.parts:
            if slot < LINKAGE and slot % 3 > best:
                best = slot % 3
        return best

    @property
    def probability(self) -> float:
        """What linkage thinks of it; 0 if it never looked."""
        part = self.parts.get(LINKAGE)
        return part.probability if part is not None else 0.0

    def seen(self) -> tuple[int, int, int]:
        """Return count, first and last moment of the events of the highest trust."""
        best = self.trust
        parts = [part for slot, part in self.parts.items() if slot < LINKAGE and slot % 3 == best]
        if not parts:
            return (0, 0, 0)
        return (
            sum(part.count for part in parts),
            min(part.first_at for part in parts),
            max(part.last_at for part in parts),
        )

    def say(self, slot: int, at: int, via: str) -> bool:
        """Add one sighting; tell whether this slot is new."""
        part = self.parts.get(slot)
        if part is None:
            self.parts[slot] = Part(1, at, at, via)
            return True
        part.count += 1
        if at > part.last_at:
            part.last_at = at
        if at < part.first_at or (at == part.first_at and via < part.via):
            part.first_at, part.via = at, via
        return False

    def replace(self, slot: int, new: Part) -> bool:
        """Let what linkage or a human says replace what was said before it; tell whether it did."""
        old = self.parts.get(slot)
        if old is not None and (old.last_at, old.via) >= (new.last_at, new.via):
            return False
        self.parts[slot] = new
        return True

"""Collect: bytes become events, or are refused with a reason. Nothing here touches a network or a disk."""

READS: frozenset[str] = frozenset()
WRITES = frozenset({"events", "seen", "rejected", "duplicates"})

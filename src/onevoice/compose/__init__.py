"""Compose: one brief becomes every medium, and the proof reads the output bytes again."""

READS = frozenset({"facets", "consents"})
WRITES = frozenset({"codes", "redemptions"})

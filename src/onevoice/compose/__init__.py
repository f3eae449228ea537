"""Compose: one brief becomes every medium."""

READS = frozenset({"people", "facets", "intents"})
WRITES = frozenset({"codes"})

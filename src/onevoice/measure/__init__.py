"""Measure: what worked, with intervals, or an honest refusal."""

READS = frozenset({"events", "nodes", "persons", "households", "people", "members", "intents", "codes", "deliveries"})
WRITES: frozenset[str] = frozenset()

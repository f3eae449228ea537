"""Measure: what worked, with intervals, or an honest refusal."""

READS = frozenset({"events", "nodes", "persons", "households", "people", "members", "codes", "deliveries"})
WRITES: frozenset[str] = frozenset()

"""Decide: who should hear what, when and through which medium, and why not."""

READS = frozenset({"events", "nodes", "persons", "households", "facets", "consents", "people"})
WRITES = frozenset({"members", "audience_sizes"})

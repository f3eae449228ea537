"""Resolve: identifiers and evidence become persons and households, the same whatever the order of arrival."""

READS = frozenset({"events"})
WRITES = frozenset({"nodes", "edges", "persons", "households", "identity_rules"})

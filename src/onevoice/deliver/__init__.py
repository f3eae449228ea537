"""Deliver: what a channel is, and the ledger that sends every letter once or says why not."""

READS = frozenset({"codes", "consents", "facets"})
WRITES = frozenset({"sends", "deliveries", "suppressions", "paper"})

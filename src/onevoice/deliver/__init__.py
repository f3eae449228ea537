"""Deliver: what a channel is, and the ledger that sends every letter once or says why not."""

READS = frozenset({"intents", "codes", "consents", "people"})
WRITES = frozenset({"deliveries"})

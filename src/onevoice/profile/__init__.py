"""Profile: what each identifier's own events say, merged into what we know of a person, under their consent."""

READS = frozenset({"events", "nodes", "edges", "persons", "households"})
WRITES = frozenset({"facets", "consents", "people", "people_terms", "people_grams"})

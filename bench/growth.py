"""
A workspace made many times as large: every row that the pipeline wrote, again under other names.

Resolving ten million events takes a quarter of an hour and more; reading from a store of that size can be measured
sooner if its tables are copied. The rows are those that the pipeline wrote, shifted: other node numbers, other
identifiers, other person ids, the same events again. The person with the longest history keeps their nodes, so that
the history grows as well. Indexes that would be filled at random are made anew afterwards.
"""

import sqlite3
from pathlib import Path

import numpy as np

from onevoice.adapters.state.seen import PAIR, TOGETHER

#: What a copy says in place of each column; {k} is its number, {n}, {e} the most nodes and events of the original.
SHIFTED = {
    "nodes": {
        "node": "node + {n}",
        "component": "component + {n}",
        "person": "person || '{k}'",
        "value": "CASE WHEN kind = 'phone' THEN '+4366{k}' || substr(value, 7) ELSE '{k}' || value END",
    },
    "edges": {"a": "a + {n}", "b": "b + {n}"},
    "persons": {
        "id": "id || '{k}'",
        "founder": "founder + {n}",
        "redirect": "CASE WHEN redirect = '' THEN '' ELSE redirect || '{k}' END",
    },
    "facets": {"node": "node + {n}"},
    "people": {"person": "person || '{k}'", "email": "CASE WHEN email = '' THEN '' ELSE '{k}' || email END"},
    "people_terms": {"person": "person || '{k}'"},
    "events": {
        "seq": "seq + {e}",
        "id": "id || '{k}'",
        "node": "CASE WHEN node IN (SELECT node FROM longest) THEN node ELSE node + {n} END",
    },
}
INDEXES = ("events_timeline", "nodes_component", "nodes_person", "edges_b", "persons_household", "persons_redirect",
           "people_last")  # fmt: skip
LONGEST = """
CREATE TEMP TABLE longest AS SELECT node FROM nodes WHERE person =
    (SELECT person FROM nodes JOIN (SELECT node FROM events GROUP BY node ORDER BY count(*) DESC LIMIT 1) USING (node))
"""
#: Which rows are the original's: a copied id is a digit longer.
ORIGINAL = {
    "nodes": "node <= {n}", "edges": "a <= {n}", "persons": "founder <= {n}", "facets": "node <= {n}",
    "people": "length(person) = 26", "people_terms": "length(person) = 26", "events": "seq <= {e}",
}  # fmt: skip
FAST = ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000", "locking_mode = EXCLUSIVE")
KEYS = 1.25  #: dedupe keys of an event


def grow(path: Path, times: int) -> None:
    """Make the store of a resting workspace so many times as large."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in FAST:
        connection.execute(f"PRAGMA {pragma}")
    kept = [sql for name, sql in connection.execute("SELECT name, sql FROM sqlite_master") if name in INDEXES]
    connection.execute(LONGEST)
    for name in INDEXES:
        connection.execute(f"DROP INDEX {name}")
    (nodes,) = connection.execute("SELECT max(node) FROM nodes").fetchone()
    (events,) = connection.execute("SELECT max(seq) FROM events").fetchone()
    for copy in range(1, times):
        for table in SHIFTED:
            _copy(connection, table, copy, nodes, events)
    for sql in kept:
        connection.execute(sql)
    _take_keys(connection, events, times)
    connection.execute("UPDATE cursors SET seq = (SELECT max(seq) FROM events) WHERE consumer = 'people'")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def _copy(connection: sqlite3.Connection, table: str, copy: int, nodes: int, events: int) -> None:
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    shift = {"k": copy, "n": nodes * copy, "e": events * copy}
    wanted = ", ".join(SHIFTED[table].get(name, name).format(**shift) for name in names)
    where = ORIGINAL[table].format(n=nodes, e=events)
    if table in {"nodes", "facets"}:
        where += " AND node NOT IN (SELECT node FROM longest)"
    connection.execute(f"INSERT INTO {table} SELECT {wanted} FROM {table} WHERE {where}")


def _take_keys(connection: sqlite3.Connection, events: int, times: int) -> None:
    """Take as many dedupe keys as the copies would have, at random."""
    rng = np.random.default_rng(1)
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM seen").fetchone()
    count = int(events * (times - 1) * KEYS)
    for start in range(0, count, TOGETHER):
        pairs = np.empty(min(TOGETHER, count - start), dtype=PAIR)
        pairs["hash"] = rng.integers(0, 2**64, len(pairs), dtype=np.uint64)
        pairs["seq"] = events + 1 + (start + np.arange(len(pairs))) // KEYS
        pairs.sort(order="hash")
        last += 1
        connection.execute("INSERT INTO seen VALUES (?, ?, ?)", (last, int(pairs["hash"][0] >> 1), pairs.tobytes()))

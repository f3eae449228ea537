"""The console's engine: one for the process, over the lake and what is not exported yet, read anew now and then."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import ibis
import pyarrow as pa

from onevoice.adapters import columns
from onevoice.adapters.engine import Engine, open_engine
from onevoice.adapters.state.people import People
from onevoice.console import house

STALE = 15.0  #: seconds after which the tables are mounted anew
MEMORY = "1GB"  #: memory that the dashboard's engine may use
TAIL = 200_000  #: newest events that may still be missing in the lake


class Analysis:
    """An engine with the workspace's tables mounted; one question at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.engine: Engine | None = None
        self.tables: Mapping[str, ibis.Table] = {}
        self.mounted_at = float("-inf")
        self.of: object = None

    def fresh(self) -> tuple[Engine, Mapping[str, ibis.Table]]:
        """Return the engine and its tables, mounted anew if they are stale; the caller holds the lock."""
        stores = house.stores()
        if self.engine is None or self.of is not stores:
            self.engine, self.of = open_engine("duckdb", memory=MEMORY), stores
            self.mounted_at = float("-inf")
        if time.monotonic() - self.mounted_at > STALE:
            lake = stores.lake
            tail = {"events": tail_of_log(lake.last_seq()), "nodes": owners(), "people": people()}
            self.tables = self.engine.mount_lake(lake, tail, fresh=("nodes", "people"))
            self.mounted_at = time.monotonic()
        return self.engine, self.tables


_analysis = Analysis()


@contextmanager
def session() -> Iterator[tuple[Engine, Mapping[str, ibis.Table]]]:
    """Lend the engine and its tables to one question."""
    with _analysis.lock:
        yield _analysis.fresh()


def tail_of_log(after: int) -> pa.Table:
    """Return the events that the lake does not hold yet."""
    found = house.stores().log.events(after, TAIL)
    return columns.events_table((one.seq, one.node, one.event) for one in found)


def owners() -> pa.Table:
    """Return which person each node belongs to."""
    rows = house.stores().state.query("SELECT node, person FROM nodes WHERE person <> ''")
    nodes, people = zip(*rows, strict=True) if rows else ((), ())
    empty = pa.nulls(len(nodes), pa.string())
    return pa.Table.from_arrays(
        [pa.array(nodes, pa.int64()), empty, empty, pa.array(people, pa.string()), empty], schema=columns.NODES
    )


def people() -> pa.Table:
    """Return everybody who is known; traits stay in the store, for no figure here asks for them."""
    rows = house.stores().state.query("SELECT id FROM persons WHERE redirect = ''")
    empty = pa.nulls(len(rows), pa.string())
    return pa.Table.from_arrays([pa.array([one for (one,) in rows], pa.string()), empty, empty], schema=columns.PEOPLE)


def people_count() -> int:
    """Return how many people are known."""
    return People(house.stores().state).count()

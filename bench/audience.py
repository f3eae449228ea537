"""
An audience of three conditions over ten million events and a million people, against SQL written by hand.

Both read the same parquet files of the lake with DuckDB, in the same process, alternately. The data are synthetic:
uniform people, seven kinds of events over a year.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator

import duckdb

from bench import Row
from onevoice.adapters import columns
from onevoice.adapters.engine import open_engine
from onevoice.adapters.lake import Lake
from onevoice.decide.audience import select
from onevoice.domain import audience as rules
from onevoice.domain.audience import Audience
from onevoice.domain.moment import DAY

EVENTS = 10_000_000
PEOPLE = 1_000_000
NOW = 1_767_225_600_000_000
PORTION = 1_000_000  #: rows appended at once
ROUNDS = 5
MEMORY = "4GB"

#: Loyal in the shop, silent in the mail, from one city.
WANTED = Audience(
    where=rules.All(
        of=(
            rules.Trait(name="city", op="in", value=["Graz", "Linz"]),
            rules.Happened(name="Order Completed", channel="store", value=2, within="90d"),
            rules.Happened(name="Email Opened", op="eq", value=0, within="30d"),
        )
    )
)

BY_HAND = f"""
WITH done AS (
    SELECT n.person,
           count(*) FILTER (WHERE e.name = 'Order Completed' AND e.channel = 'store'
                            AND e.occurred_at > {NOW - 90 * DAY}) AS orders,
           count(*) FILTER (WHERE e.name = 'Email Opened' AND e.occurred_at > {NOW - 30 * DAY}) AS opened
    FROM read_parquet([{{events}}]) e JOIN read_parquet([{{nodes}}]) n USING (node)
    WHERE e.occurred_at <= {NOW}
      AND ((e.name = 'Order Completed' AND e.channel = 'store' AND e.occurred_at > {NOW - 90 * DAY})
           OR (e.name = 'Email Opened' AND e.occurred_at > {NOW - 30 * DAY}))
    GROUP BY n.person
)
SELECT p.person FROM read_parquet([{{people}}]) p JOIN done d USING (person)
WHERE json_extract_string(p.traits, '$.city') IN ('Graz', 'Linz') AND d.orders >= 2 AND d.opened = 0
"""

GENERATED = """
SELECT i AS seq, 'e' || i AS id,
       ['Order Completed', 'Email Opened', 'Page Viewed', 'Page Viewed', 'Page Viewed', 'Product Viewed', 'Email Sent']
           [1 + (hash(i, 1) % 7)::BIGINT] AS name,
       ['store', 'web', 'app', 'email'][1 + (hash(i, 2) % 4)::BIGINT] AS channel,
       (hash(i, 3) % {people})::BIGINT AS node,
       ({now} - (hash(i, 4) % 31536000)::BIGINT * 1000000) AS occurred_at, {now} AS received_at,
       CASE WHEN hash(i, 1) % 7 = 0 THEN (hash(i, 5) % 90000000)::BIGINT END AS revenue,
       'EUR' AS currency, NULL::VARCHAR AS order_id, NULL::VARCHAR AS store_id, NULL::VARCHAR AS campaign,
       NULL::VARCHAR AS coupon, '{{"properties":{{"n":' || i || '}}}}' AS body
FROM range({low}, {high}) t(i)
"""
NODES = (
    "SELECT i AS node, 'email' AS kind, i || '@example.com' AS value, 'p' || i AS person, 'h' || (i // 2) AS household"
)
CITY = "['Graz', 'Linz', 'Wien', 'Salzburg', 'Innsbruck'][1 + (hash(i) % 5)::BIGINT]"
TRAITS = f"""'{{"age":' || i % 80 || ',"city":"' || {CITY} || '","name":"Person ' || i || '"}}'"""


def made(folder: str, events: int, people: int) -> Lake:
    """Write the synthetic lake."""
    connection = duckdb.connect()
    lake = Lake(folder)
    for low in range(1, events + 1, PORTION):
        high = min(low + PORTION, events + 1)
        query = GENERATED.format(low=low, high=high, people=people, now=NOW)
        lake.append("events", connection.sql(query).to_arrow_table().cast(columns.EVENTS), high - 1)
    nodes = f"{NODES} FROM range({people}) t(i)"
    lake.snapshot("nodes", connection.sql(nodes).to_arrow_table().cast(columns.NODES), events)
    persons = f"SELECT 'p' || i AS person, 'h' || (i // 2) AS household, {TRAITS} AS traits FROM range({people}) t(i)"
    lake.snapshot("people", connection.sql(persons).to_arrow_table().cast(columns.PEOPLE), events)
    return lake


def listed(paths: list[str]) -> str:
    """Return file names as SQL."""
    return ", ".join(f"'{path}'" for path in paths)


def alternately(first: Callable[[], int], second: Callable[[], int]) -> tuple[float, float]:
    """Return the median seconds of two ways, run in turns after one warm-up each."""
    taken: tuple[list[float], list[float]] = ([], [])
    for at in range(2 * (ROUNDS + 1)):
        start = time.perf_counter()
        (first, second)[at % 2]()
        taken[at % 2].append(time.perf_counter() - start)
    return statistics.median(taken[0][1:]), statistics.median(taken[1][1:])


def rows(events: int = EVENTS, people: int = PEOPLE) -> Iterator[Row]:
    """Measure, and check that both select the same people."""
    with tempfile.TemporaryDirectory(prefix="onevoice-bench-") as folder:
        lake = made(folder, events, people)
        engine = open_engine("duckdb", memory=MEMORY)
        tables = engine.mount_lake(lake)
        by_hand = duckdb.connect(config={"memory_limit": MEMORY, "preserve_insertion_order": False})
        sql = BY_HAND.format(**{name: listed(lake.files(name)) for name in ("events", "nodes", "people")})

        def ours() -> int:
            return len(engine.run(select(WANTED, tables, now=NOW)))

        def theirs() -> int:
            return len(by_hand.sql(sql).to_arrow_table())

        expected, found = theirs(), ours()
        if expected != found or not found:
            raise AssertionError(f"{found} people were selected, {expected} by hand")
        mine, hand = alternately(ours, theirs)
        note = f"{found:,} of {people:,} people selected over {events:,} events"
        yield Row("audience of three conditions", f"{mine:.2f} s", f"{hand:.2f} s by hand", f"{mine / hand:.2f}", note)
        engine.close()

"""
Files taken in: to the intake, and to resolved profiles, beside DuckDB reading the same file; and the memory it takes.

`BENCH_ROWS` rows of Parquet (simple rows: a product view each; till lines: ten lines an order); `BENCH_MEMORY_ROWS`
till lines for the memory, which is measured as the largest resident size of a process of its own.
"""

import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import duckdb
from tests import servers

from bench import Row
from onevoice.adapters.imports import Importer
from onevoice.cli.imports import mapping_of
from onevoice.cli.supervisor import command
from onevoice.wiring import settings as settings_of
from onevoice.wiring.stores import Stores
from onevoice.wiring.workspace import now

ROWS = int(os.environ.get("BENCH_ROWS", "300000"))
MEMORY_ROWS = int(os.environ.get("BENCH_MEMORY_ROWS", "1000000"))

SIMPLE = """
SELECT 'visit-' || i AS visit_id, 'browser-' || hash(i) % 40000 AS browser, (hash(i, 1) % 90000)::BIGINT AS product_id,
       'Category ' || hash(i, 2) % 300 AS category, 'https://shop.example.com/p/' || hash(i, 1) % 90000 AS url,
       TIMESTAMP '2025-01-01' + INTERVAL 1 SECOND * (hash(i, 3) % 31000000)::BIGINT AS moment
FROM range({rows}) t(i)
"""
LINES = """
SELECT i // 10 AS basket_id, (hash(i // 10) % 40000)::BIGINT AS household_id,
       (hash(i // 10, 1) % 300)::BIGINT AS store_id,
       TIMESTAMP '2025-01-01' + INTERVAL 1 SECOND * (i // 10 % 31000000)::BIGINT AS moment,
       strftime(moment, '%Y-%m-%d') AS business_date, (hash(i, 4) % 90000)::BIGINT AS product_id,
       1 + (hash(i, 5) % 3)::BIGINT AS quantity, (hash(i, 6) % 5000) / 100 AS amount,
       (hash(i, 7) % 100) / 100 AS discount,
       'Department ' || hash(i, 8) % 30 AS department, 'Category ' || hash(i, 9) % 300 AS category,
       'Product ' || hash(i, 4) % 90000 AS name, 'National' AS brand
FROM range({rows}) t(i)
"""
MADE = {"simple rows": ("visits", SIMPLE, 1), "till lines": ("till", LINES, 10)}


def written(path: Path, query: str, rows: int) -> Path:
    """Write a file of synthetic rows."""
    duckdb.sql(f"COPY ({query.format(rows=rows)}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    return path


def read_by_duckdb(path: Path) -> float:
    """Return the seconds that DuckDB needs to read every cell of a file."""
    connection = duckdb.connect(config={"threads": "1"})
    began = time.perf_counter()
    connection.execute(f"SELECT bit_xor(hash(t)) FROM '{path}' t").fetchone()
    return time.perf_counter() - began


def taken(home: Path, path: Path, mapping: str, **environment: str) -> dict[str, float]:
    """Take a file in, in a process of its own, and return its seconds and its peak of memory in bytes."""
    line = [sys.executable, "-m", "bench.imports", str(path), mapping]
    given = {**os.environ, "ONEVOICE_HOME": str(home), **environment}
    return dict(json.loads(subprocess.run(line, check=True, capture_output=True, env=given).stdout))


@contextlib.contextmanager
def house(state: str) -> Iterator[tuple[Path, dict[str, str]]]:
    """Yield an empty workspace and the environment that names its store."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"ONEVOICE_STATE": f"{state}?schema=bench_{time.monotonic_ns()}"} if state else {}
        (Path(folder) / settings_of.FILE).write_text("workspace: bench\n")
        yield Path(folder), environment


def resolved(home: Path, path: Path, mapping: str, environment: dict[str, str]) -> float:
    """Return the seconds from the first row read to the last profile written, with a resolver beside the import."""
    given = {**os.environ, "ONEVOICE_HOME": str(home), **environment}
    stores = Stores.open(settings_of.Settings(home=str(home), state=environment.get("ONEVOICE_STATE", "")))
    child = subprocess.Popen(command("worker", "--part", "resolve"), env=given, stderr=subprocess.DEVNULL)
    try:
        time.sleep(5)  # both processes have started; what is measured is the work
        began = time.perf_counter()
        ready = taken(home, path, mapping, **environment)["seconds"]
        started = time.perf_counter() - began - ready
        last = stores.intake.last()
        while stores.log.cursor("resolve") < last:
            time.sleep(0.05)
            if child.poll() is not None:
                raise SystemExit("the resolver has died")
        return time.perf_counter() - began - started
    finally:
        child.terminate()
        child.wait()
        stores.close()


def measured(store: str, state: str, folder: Path) -> Iterator[Row]:
    """Yield the rows of one store."""
    for kind, (mapping, query, lines) in MADE.items():
        path = written(folder / f"{mapping}.parquet", query, ROWS)
        events, bare = ROWS // lines, read_by_duckdb(path)
        with house(state) as (home, environment):
            spent = taken(home, path, mapping, **environment)["seconds"]
        with house(state) as (home, environment):
            whole = resolved(home, path, mapping, environment)
        for name, seconds in (("file to intake", spent), ("file to resolved profiles", whole)):
            note = f"{store}; {kind}, {ROWS:,} rows, {ROWS / seconds:,.0f} rows/s"
            baseline = f"DuckDB reads it in {bare:.2f} s"
            yield Row(f"import, {name}", f"{events / seconds:,.0f} events/s", baseline, f"{seconds / bare:.0f}", note)


def memory(folder: Path) -> Iterator[Row]:
    """Yield the peak of memory of a large import, grouped, which sorts the whole file on disk."""
    for kind, (mapping, query, _) in MADE.items():
        path = written(folder / "large.parquet", query, MEMORY_ROWS)
        with house("") as (home, _):
            found = taken(home, path, mapping)
        note = f"{MEMORY_ROWS:,} rows in {found['seconds']:.0f} s"
        yield Row(f"import, memory, {kind}", f"{found['peak'] / 2**30:.2f} GiB", note=note)


def rows() -> Iterator[Row]:
    """Yield every row."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for store in os.environ.get("BENCH_STORES", "SQLite,PostgreSQL").split(","):
            state = stack.enter_context(servers.postgres()) if store == "PostgreSQL" else ""
            yield from measured(store, state, folder)
        yield from memory(folder)


def main(path: str, mapping: str) -> None:
    """Take one file in and print what it took."""
    stores = Stores.open(settings_of.read())
    with resources.as_file(resources.files("onevoice.cli.demo") / "mappings" / f"{mapping}.yaml") as document:
        wanted = mapping_of(document)
    began = time.perf_counter()
    Importer(stores.backlog, stores.plan.plan(), wanted, Path(path), now=now()).run()
    spent = time.perf_counter() - began
    print(json.dumps({"seconds": spent, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


if __name__ == "__main__":
    main(*sys.argv[1:])

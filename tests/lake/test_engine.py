"""DuckDB and Spark read the lake and its tail alike."""

from pathlib import Path

import pyarrow as pa
import pytest

from onevoice.adapters import columns
from onevoice.adapters.engine import DuckBackend, Engine, EngineFailed, SparkBackend, open_engine
from onevoice.adapters.lake import CorruptLake, Lake
from tests.engines import ENGINES
from tests.lake.test_lake import log

NODES = columns.table(columns.NODES, [(n, "email", f"{n}@example.com", f"p{n // 2}", f"h{n // 4}") for n in range(7)])


@pytest.fixture(params=ENGINES)
def engine(request):
    """Yield an engine, once DuckDB and once Spark."""
    session = request.getfixturevalue("spark") if request.param == "spark" else None
    made = open_engine(request.param, memory="500MB", session=session)
    yield made
    made.close()


def test_lake_and_tail_are_one_log(engine, tmp_path):
    """Events in the lake and events not exported yet are one table, with person and household attached."""
    lake = Lake(str(tmp_path / "lake"))
    lake.append_events(log(1, 10))
    lake.append_events(log(11, 20))
    lake.snapshot("nodes", NODES)

    events = engine.mount_lake(lake, {"events": columns.events_table(log(21, 25))})["events"]
    found = engine.run(events.select("seq", "person", "household").order_by("seq")).to_pylist()

    expected = [{"seq": s, "person": f"p{s % 7 // 2}", "household": f"h{s % 7 // 4}"} for s in range(1, 26)]
    assert expected == found


def test_every_table_exists_in_an_empty_lake(engine, tmp_path):
    """Before anything is exported every table is there, and empty."""
    tables = engine.mount_lake(Lake(str(tmp_path / "lake")))

    assert dict.fromkeys(columns.SCHEMAS, 0) == {name: engine.count(tables[name]) for name in columns.SCHEMAS}


def test_fresh_rows_replace_a_snapshot(engine, tmp_path):
    """State that is passed in counts instead of the lake's older snapshot."""
    lake = Lake(str(tmp_path / "lake"))
    lake.append_events(log(1, 7))
    lake.snapshot("nodes", NODES)
    merged = columns.table(columns.NODES, [(n, "email", f"{n}@example.com", "one", None) for n in range(7)])

    tables = engine.mount_lake(lake, {"nodes": merged}, fresh=["nodes"])

    assert ["one"] * 7 == engine.run(tables["events"].select("person"))["person"].to_pylist()


def test_sums_are_exact(engine, tmp_path):
    """Money sums in whole micros beyond what a float could hold."""
    lake = Lake(str(tmp_path / "lake"))
    lake.append_events(log(1, 3))
    big = 2**53 + 1
    rows = columns.events_table(log(4, 4)).set_column(7, columns.EVENTS.field(7), pa.array([big], pa.int64()))
    events = engine.mount_lake(lake, {"events": rows, "nodes": NODES}, fresh=["nodes"])["events"]

    assert big + 6_000_000 == engine.run(events.aggregate(total=events.revenue.sum()))["total"][0].as_py()


def test_batches_are_bounded(engine):
    """A large answer can be read batch by batch, and is complete."""
    table = engine.mount("numbers", pa.table({"n": range(9_000)}))

    batches = list(engine.batches(table, size=100))

    assert list(range(9_000)) == sorted(n for batch in batches for n in batch["n"].to_pylist())
    assert max(batch.num_rows for batch in batches) <= 2_048, "DuckDB's smallest batch is one vector"


def test_damaged_file_is_named(engine, tmp_path):
    """A question that meets a damaged file is answered with the file's name."""
    lake = Lake(str(tmp_path / "lake"))
    lake.append_events(log(1, 10))
    lake.snapshot("nodes", NODES)
    events = engine.mount_lake(lake)["events"]
    victim = Path(lake.files("events")[0])
    data = bytearray(victim.read_bytes())
    data[4:-8] = b"x" * (len(data) - 12)
    victim.write_bytes(bytes(data))

    with pytest.raises(CorruptLake, match=victim.name):
        engine.run(events)


def test_failure_without_a_damaged_file_is_said(engine):
    """What the engine cannot do is told in one line."""
    words = engine.mount("words", pa.table({"word": ["a"]}))

    with pytest.raises(EngineFailed, match=engine.kind):
        engine.run(words.word.cast("int64"))


def test_duckdb_reads_object_storage(s3, tmp_path):
    """Object storage is read through Arrow, so DuckDB needs no extension for it."""
    lake = Lake(f"s3://lake/{tmp_path.name}", s3)
    lake.append_events(log(1, 30))
    lake.snapshot("nodes", NODES)
    engine = Engine(DuckBackend("500MB"))

    events = engine.mount_lake(lake, {"events": columns.events_table(log(31, 33))})["events"]

    assert 33 == engine.count(events)
    assert [7, 14, 21, 28] == sorted(engine.run(events.filter(events.node == 0).select("seq"))["seq"].to_pylist())


def test_object_storage_is_readable_after_an_erasure(s3, tmp_path):
    """Erasing from object storage leaves tables whose texts can still be filtered."""
    lake = Lake(f"s3://lake/{tmp_path.name}", s3)
    lake.append_events(log(1, 30))
    lake.snapshot("nodes", NODES)
    lake.snapshot("people", columns.table(columns.PEOPLE, [(f"p{n}", None, "{}") for n in range(4)]))

    proof = lake.erase([0], ["p3"])
    engine = Engine(DuckBackend("500MB"))
    tables = engine.mount_lake(lake)

    assert {"events": 4, "lines": 4, "nodes": 2, "people": 1} == proof.removed
    assert 0 == proof.remaining
    events, people = tables["events"], tables["people"]
    # Of 26 events 5 are those of p0, and 4 belong to nobody any more.
    assert 17 == engine.count(events.filter(events.name == "Order Completed", events.person != "p0"))
    assert 1 == engine.count(people.filter(people.person.isin(["p1", "p3"])))


def test_spark_maps_object_storage_to_its_connector(spark):
    """Spark is pointed at the same files under the scheme that its own connector knows."""
    asked = []

    class Listening(SparkBackend):
        def files(self, name, paths, schema):
            asked.append((name, list(paths)))

    Listening(spark).dataset("events_lake", None, ["s3://lake/events/a.parquet"], columns.EVENTS)

    assert [("events_lake", ["s3a://lake/events/a.parquet"])] == asked
